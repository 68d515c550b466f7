"""Users and doors that do not go together."""

import pytest

from doorward.cli.second_looks import empty_roles, logins_of_nobody, users_without_door
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Program
from doorward.core.principal import User
from doorward.core.settings import DoorSettings, Settings, SshSettings

TCP = DoorSettings(name="tcp", listen=())
TLS = DoorSettings(name="tls", listen=())
UNIX = DoorSettings(name="unix", listen=())
SSH = DoorSettings(name="ssh", listen=())


def told(user: User, *doors: DoorSettings) -> tuple[str, ...]:
    return users_without_door((user,), {door.name: door for door in doors})


@pytest.mark.parametrize(
    "user",
    [
        User(name="bob", uid=7),
        User(name="bob", password_hash="$"),
        User(name="bob", certificate=b"x"),
    ],
)
def test_whoever_has_what_an_open_door_takes_is_not_told_of(user: User) -> None:
    assert told(user, TCP, TLS, UNIX) == ()


def test_a_user_whose_credentials_fit_no_open_door_is_told_with_what_the_open_ones_take() -> None:
    assert told(User(name="bob", password_hash="$"), TCP, UNIX) == (
        "users.bob: this user can come in by no open door; open are tcp, unix; give a uid",
    )
    assert told(User(name="bob", uid=7), TLS) == (
        "users.bob: this user can come in by no open door; open are tls; give a password or a certificate",
    )
    (line,) = told(User(name="bob", keys=("k",)), TLS, UNIX)
    assert line.endswith("; open are tls, unix; give a password or a certificate or a uid")
    assert told(User(name="bob", uid=7), TCP) == (
        "users.bob: this user can come in by no open door; open are tcp",
    )


def test_at_a_door_that_asks_for_one_user_s_password_the_others_need_a_certificate() -> None:
    door = DoorSettings(name="tls", listen=(), user="alice")
    alice, bob = (User(name=name, password_hash="$") for name in ("alice", "bob"))
    (line,) = users_without_door((alice, bob), {"tls": door})
    assert line.startswith(
        "users.bob: this user can come in by no open door; open are tls; give a certificate "
    )
    assert line.endswith("(doors.tls.user has it ask for the password of alice alone)")


def test_a_role_that_nobody_has_leaves_a_command_to_the_others_or_to_admin() -> None:
    def why(*roles: str) -> list[str]:
        command = Command(
            name="pick", summary="Pick", action=Program("/bin/true", ()), roles=frozenset(roles)
        )
        settings = Settings(file="", catalogue=Catalogue([command]))
        return [caution.why for caution in empty_roles(settings, [User(name="bob", roles=frozenset({"a"}))])]

    assert why("a") == []
    assert why("admins") == ["only admin gets in"]
    assert why("a", "admins") == ["it lets nobody in"]


def of_nobody(door: DoorSettings, *users: User, file: str = "/etc/x.toml") -> tuple[str, ...]:
    return logins_of_nobody(Settings(file=file, doors={door.name: door}), users)


def test_a_door_that_asks_for_nobody_s_password_is_told() -> None:
    door = DoorSettings(name="tls", listen=(), user="alice")
    with_password = User(name="alice", password_hash="$")
    assert of_nobody(door, with_password) == ()
    (unknown,) = of_nobody(door, User(name="bob", password_hash="$"))
    assert unknown.startswith("doors.tls.user: no user alice is known here, so nobody can log in")
    (without,) = of_nobody(door, User(name="alice", certificate=b"x"))
    assert without.startswith("doors.tls.user: alice has no password, so nobody can log in with one")


def test_a_tls_door_at_which_nobody_can_log_in_is_told() -> None:
    assert of_nobody(TLS, User(name="bob", certificate=b"x")) == ()
    assert of_nobody(UNIX) == ()
    (told_of,) = of_nobody(TLS, User(name="bob", uid=7))
    assert told_of == "doors.tls: no user has a password or a certificate; type: doorward user add NAME"
    # the first start makes somebody where there is no configuration
    assert of_nobody(TLS, file="") == ()


def test_at_the_ssh_door_a_password_or_a_key_lets_in_and_a_certificate_of_x_509_does_not() -> None:
    assert told(User(name="bob", password_hash="$"), SSH) == ()
    assert told(User(name="bob", keys=("k",)), SSH) == ()
    (line,) = told(User(name="bob", certificate=b"x"), SSH)
    assert line.endswith("; open are ssh; give a password or a key of SSH")
    keys_alone = DoorSettings(name="ssh", listen=(), ssh=SshSettings(passwords=False))
    assert told(User(name="bob", password_hash="$"), keys_alone) != ()
    signed = DoorSettings(name="ssh", listen=(), ssh=SshSettings(authorities=("k",)))
    assert told(User(name="bob"), signed) == ()


def test_an_ssh_door_at_which_nobody_can_log_in_is_told() -> None:
    settings = Settings(file="/etc/x.toml", doors={"ssh": SSH})
    assert logins_of_nobody(settings, [User(name="bob", uid=7)]) == (
        "doors.ssh: no user has a password or a key of SSH; type: doorward user add NAME",
    )
    assert logins_of_nobody(settings, [User(name="bob", keys=("k",))]) == ()
