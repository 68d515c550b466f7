"""One set of rules for users, wherever they stand."""

from pathlib import Path
from ssl import DER_cert_to_PEM_cert

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.config import examine
from doorward.core.errors import ConfigurationError
from doorward.core.hashes import is_checkable
from doorward.core.principal import User
from doorward.core.users import check_user, merge_users, role_problems, user_problems
from tests.certificates import make_certificate

HASH = "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1"
CERTIFICATE = make_certificate("alice").der
ALICE = User(
    name="alice",
    roles=frozenset({"operator"}),
    password_hash=HASH,
    keys=(KEY,),
    uid=1000,
    certificate=CERTIFICATE,
)
BOB = User(name="bob")


@pytest.mark.parametrize("name", ["a", "_", "alice.b-c_9", "a" * 32])
def test_names_as_systems_have_them_will_do_for_users_and_for_roles(name: str) -> None:
    check_user(User(name=name, roles=frozenset({name})), file="")
    assert list(role_problems(name)) == []


@pytest.mark.parametrize("name", ["", "Alice", "1st", "a b", "a" * 33, "alice\n", "\x1b[2J", "\u0430lice"])
def test_names_that_nobody_has(name: str) -> None:
    assert [each.key for each in user_problems(User(name=name))] == [""]
    assert [each.element for each in user_problems(User(name="a", roles=frozenset({name})))] == [name]


def test_nobody_is_called_guest() -> None:
    with pytest.raises(ConfigurationError, match=r"users\.guest: guest is whoever did not log in"):
        check_user(User(name="guest", roles=frozenset({"admin"})), file="")


def test_a_user_called_admin_has_the_role_admin() -> None:
    check_user(User(name="admin", roles=frozenset({"admin", "x"})), file="")
    for roles in (frozenset[str](), frozenset({"operator"})):
        with pytest.raises(ConfigurationError, match="a user called admin needs the role admin"):
            check_user(User(name="admin", roles=roles, uid=1000), file="")


@pytest.mark.parametrize("uid", [-1, 2**32 - 1, 10**4000], ids=["below", "above", "far above"])
def test_what_is_no_uid_is_told_in_short(uid: int) -> None:
    with pytest.raises(ConfigurationError, match=r"users\.bob\.uid: this is no uid") as caught:
        check_user(User(name="bob", uid=uid), file="")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "line", ["", "x", "two\nlines", "ssh-ed25519 AAAA", f"{KEY}\n", f"{KEY} " + "x" * 20_000]
)
def test_what_is_no_public_key(line: str) -> None:
    assert [each.element for each in user_problems(User(name="bob", keys=(KEY, line)))] == [line]


def test_neither_a_password_nor_a_private_key_is_shown() -> None:
    user = User(name="bob", password_hash="hunter2", keys=("-----BEGIN PRIVATE KEY----- hunter2",))
    problems = list(user_problems(user))
    assert [each.key for each in problems] == ["keys", "password"]
    assert not any("hunter2" in each.found for each in problems)


_COSTS = st.builds(
    "m={},t={},p={}".format,
    st.sampled_from([0, 7, 8, 31, 32, 65536, 262144, 262145, 524288]),
    st.sampled_from([0, 1, 3, 16, 17, 64]),
    st.sampled_from([0, 1, 4, 5, 64]),
)
_USERS = st.builds(
    User,
    name=st.sampled_from(["a", "_", "admin", "guest", "a.b", "x" * 32, "x" * 33]),
    roles=st.frozensets(st.sampled_from(["admin", "a.b", "_x", "9", "x" * 33]), max_size=2),
    password_hash=st.none()
    | st.builds(
        "$argon2id$v=19${}${}${}".format, _COSTS, st.sampled_from(["A" * 22, "AAAA"]), st.just("A" * 43)
    ),
    keys=st.lists(st.sampled_from([KEY, "ssh-dss AAAA"]), max_size=1).map(tuple),
    uid=st.none() | st.sampled_from([0, 1000, 2**32 - 2, 2**32 - 1]),
    certificate=st.sampled_from([None, CERTIFICATE]),
)


@given(user=_USERS)
def test_the_configuration_takes_exactly_whom_the_rules_take(
    tmp_path_factory: pytest.TempPathFactory, user: User
) -> None:
    file = tmp_path_factory.mktemp("configuration") / "doorward.toml"
    _write(file, user)
    assert bool(examine(file).problems) == bool(list(user_problems(user)))
    assert user.password_hash is None or is_checkable(user.password_hash) == (
        "password" not in {each.key for each in user_problems(user)}
    )


def _write(file: Path, user: User) -> None:
    lines = [f'[users."{user.name}"]', f"roles = {sorted(user.roles)}", f"keys = {list(user.keys)}"]
    lines += [f'password = "{user.password_hash}"'] if user.password_hash is not None else []
    lines += (
        [f'certificate = """{DER_cert_to_PEM_cert(user.certificate)}"""']
        if user.certificate is not None
        else []
    )
    lines += [f"uid = {user.uid}"] if user.uid is not None else []
    # a role that a user can have can be named by a command
    lines += ["[commands.ls]", 'run = ["ls"]', f"roles = {sorted(user.roles)}"]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")


def test_users_of_both_places_come_together() -> None:
    assert merge_users([ALICE], [BOB], configured_in="a.toml", stored_in="users.json") == (ALICE, BOB)


@pytest.mark.parametrize(
    ("configured", "stored", "text"),
    [
        ([ALICE], [User(name="alice")], "users.json: users.alice: this user stands in a.toml already"),
        ([ALICE], [User(name="bob", uid=1000)], "users.json: users.bob: uid 1000 stands in a.toml already"),
        ([ALICE, User(name="bob", uid=1000)], [], "a.toml: users.bob: uid 1000 stands in a.toml already"),
        (
            [ALICE],
            [User(name="bob", certificate=CERTIFICATE)],
            "users.json: users.bob: this certificate is alice's, who stands in a.toml already",
        ),
        ([ALICE, ALICE], [], "a.toml: users.alice: this user stands in a.toml already"),
    ],
)
def test_one_name_uid_or_certificate_in_two_places_is_an_error_that_names_both(
    configured: list[User], stored: list[User], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        merge_users(configured, stored, configured_in="a.toml", stored_in="users.json")
    assert str(caught.value) == text
