import pytest

from doorward.core.principal import ADMIN, GUEST, Login, User, guest, principal_of, system_administrator

ALICE = User(name="alice", roles=frozenset({"operator"}), password_hash="$argon2id$canary", uid=1000)


def test_whoever_did_not_log_in_is_a_guest_with_that_role_alone() -> None:
    assert (guest().name, guest().roles, guest().login) == (GUEST, frozenset({GUEST}), Login.NONE)
    assert guest().is_guest
    assert not guest().is_admin


@pytest.mark.parametrize("login", [Login.UID, Login.PASSWORD, Login.CERTIFICATE])
def test_a_user_keeps_their_roles_and_may_do_what_guests_may(login: Login) -> None:
    alice = principal_of(ALICE, login)
    assert (alice.name, alice.roles, alice.login) == ("alice", frozenset({"operator", GUEST}), login)
    assert not alice.is_guest
    assert not alice.is_admin


def test_admin_is_a_role_and_not_a_name() -> None:
    assert principal_of(User(name="bob", roles=frozenset({ADMIN})), Login.PASSWORD).is_admin
    assert not principal_of(User(name=ADMIN), Login.PASSWORD).is_admin


def test_a_user_called_guest_who_logged_in_is_no_guest() -> None:
    assert not principal_of(User(name=GUEST), Login.PASSWORD).is_guest


def test_root_on_the_unix_door_is_admin() -> None:
    assert system_administrator().is_admin
    assert system_administrator().login is Login.UID


def test_a_user_is_shown_without_the_hash() -> None:
    assert "canary" not in f"{ALICE} {ALICE!r} {principal_of(ALICE, Login.PASSWORD)!r}"
