"""Who asks: users as declared, peers as they connect, and the principal that a login makes of them."""

import enum
from dataclasses import dataclass, field

from doorward.core.keys import AuthorizedKey

GUEST = "guest"
"""The role of whoever did not log in; everybody else has it too."""

ADMIN = "admin"
"""The role that may do everything a door lets through."""


class Login(enum.Enum):
    """How somebody proved who they are."""

    NONE = "none"
    UID = "uid"
    PASSWORD = "password"  # noqa: S105 - the name of a method
    CERTIFICATE = "certificate"
    TOKEN = "token"  # noqa: S105 - the name of a method
    KEY = "key"
    SCHEDULE = "schedule"
    """Not at all: the keeper's own configuration has it ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """
    A person or program with a name.

    Attributes:
        name: one word of `[a-z_][a-z0-9_.-]*`, at most 32 bytes.
        roles: the names of the user's roles.
        password_hash: argon2id in the PHC string format; None for no password.
        keys: public keys in OpenSSH's one-line format.
        authorized_keys: those that stand in an `authorized_keys` file, with what limits them.
        uid: whose connections to the unix door are this user's; None for nobody's.
        certificate: in DER; whoever proves to have its key is this user. None for no certificate.
    """

    name: str
    roles: frozenset[str] = frozenset()
    password_hash: str | None = field(default=None, repr=False)
    keys: tuple[str, ...] = ()
    uid: int | None = None
    certificate: bytes | None = field(default=None, repr=False)
    authorized_keys: tuple[AuthorizedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """
    The other end of a connection.

    Attributes:
        door: the name of the door that it came by.
        address: for people: an IP address, or `uid 1000` on the unix door.
        uid: what the kernel said on the unix door; None elsewhere.
        visitor: the number of the connection, counted over all doors since the start.
    """

    door: str
    address: str
    uid: int | None = None
    visitor: int = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """
    Somebody, as the desk knows them.

    Attributes:
        name: the user's name, or `guest`.
        roles: with `guest` always among them.
        login: how they proved it; `NONE` only for guests.
        only: the one command that a schedule may run; empty for everybody else.
        is_guest, is_admin: follow from the others.
    """

    name: str
    roles: frozenset[str]
    login: Login
    only: str = ""
    is_guest: bool = field(init=False, repr=False, compare=False)
    is_admin: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # both are asked for with every line
        object.__setattr__(self, "is_guest", self.login is Login.NONE)
        object.__setattr__(self, "is_admin", ADMIN in self.roles)


def guest() -> Principal:
    """Whoever comes by a door that asks for no login."""
    return Principal(GUEST, frozenset({GUEST}), Login.NONE)


def principal_of(user: User, login: Login) -> Principal:
    """The principal that `user` becomes by this login."""
    return Principal(user.name, user.roles | {GUEST}, login)


def system_administrator() -> Principal:
    """Root, or the daemon's own user, on the unix door: no user need be declared for them."""
    return Principal(ADMIN, frozenset({ADMIN, GUEST}), Login.UID)


def schedule_principal(name: str, command: str) -> Principal:
    """Who the schedule `name` is at the desk: one that may run `command`, and nothing else."""
    return Principal(f"schedule:{name}", frozenset({GUEST}), Login.SCHEDULE, only=command)
