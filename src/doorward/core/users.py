"""Who can be a user, wherever they stand, and how users of several places come together."""

import base64
import binascii
import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from doorward.core.errors import ConfigurationError
from doorward.core.hashes import COST_EXPECTED, HASH_EXPECTED, cost_of, is_checkable, is_hash
from doorward.core.parameter import shown
from doorward.core.principal import ADMIN, GUEST, User
from doorward.core.settings import Comers, DoorSettings

UID_MOST = 2**32 - 2
NAME_EXPECTED = "a-z or _, then a-z, 0-9, _, . and -, at most 32 characters"

_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_KEY_EXPECTED = 'one line of OpenSSH, "ssh-ed25519 AAAA... comment", without options'
_KEY_CHARACTERS_MOST = 16 * 1024
_KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)


def doors_for(user: User, doors: Iterable[DoorSettings]) -> tuple[str, ...]:
    """The names of those of `doors` that this user can log in at, with what they have."""
    return tuple(door.name for door in doors if _lets_in(door, user))


def _lets_in(door: DoorSettings, user: User) -> bool:
    match door.kind.comers:
        case Comers.GUESTS:
            return False
        case Comers.USERS_BY_UID:
            return user.uid is not None
        case Comers.USERS_WITH_PASSWORD:
            is_asked_for = door.user in {"", user.name} and user.password_hash is not None
            return is_asked_for or user.certificate is not None
        case Comers.USERS_WITH_PASSWORD_OR_KEY:
            has_password = door.ssh.passwords and user.password_hash is not None
            return has_password or bool(user.keys or user.authorized_keys or door.ssh.authorities)
        case unknown:
            assert_never(unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserProblem:
    """
    What keeps somebody from being a user.

    Attributes:
        key: below the user: `roles`, `uid`, `keys`, `password`; empty for the user as a whole.
        element: which of the roles or keys; None for anything else.
        problem, expected, found: as in `ConfigurationError`; no secret is among them.
    """

    problem: str
    expected: str = ""
    found: str = ""
    key: str = ""
    element: str | None = None


def user_problems(user: User) -> Iterator[UserProblem]:
    """
    Yield all that keeps `user` from being one, but for a certificate that is none: its reader says so.

    Nobody is called `guest`. Whoever is called `admin` has the role `admin`: runs belong to names, and root
    at the unix door is `admin` too.
    """
    yield from _name_problems(user)
    yield from (problem for role in sorted(user.roles) for problem in role_problems(role))
    if user.uid is not None and not 0 <= user.uid <= UID_MOST:
        yield UserProblem(
            key="uid", problem="this is no uid", expected=f"0 to {UID_MOST}", found=_number(user.uid)
        )
    yield from (problem for line in user.keys for problem in key_problems(line))
    if user.password_hash is not None:
        yield from _hash_problems(user.password_hash)


def is_user_name(name: str) -> bool:
    """Whether a user can be called `name`."""
    return name != GUEST and _NAME.fullmatch(name) is not None


def role_problems(role: str) -> Iterator[UserProblem]:
    """Yield why no role can be called `role`; the same for users and for the commands that name it."""
    if not _NAME.fullmatch(role):
        yield UserProblem(
            key="roles",
            element=role,
            problem="a role cannot be called this",
            expected=NAME_EXPECTED,
            found=shown(role),
        )


def key_problems(line: str) -> Iterator[UserProblem]:
    """Yield why `line` is no public key; the same for users and for authorities."""
    if not is_public_key(line):
        yield UserProblem(
            key="keys",
            element=line,
            problem="this is no public key",
            expected=_KEY_EXPECTED,
            # it may be the private one
            found="something else" if "PRIVATE" in line else shown(line),
        )


def check_user(user: User, *, file: str) -> None:
    """
    Make sure that `user` can be one.

    Raises:
        ConfigurationError: the first of `user_problems`; `file` is where the user stands.
    """
    place = f"users.{user.name}" if _NAME.fullmatch(user.name) else "users"
    for each in user_problems(user):
        key = f"{place}.{each.key}" if each.key else place
        raise ConfigurationError(each.problem, key=key, file=file, expected=each.expected, found=each.found)


def is_public_key(line: str) -> bool:
    """
    Whether `line` is a public key in OpenSSH's one-line format, of a type that is still trusted.

    Source: RFC 4253 section 6.6: the key's bytes begin with the length and the name of its type.
    """
    words = line.split(None, 2)
    if len(line) > _KEY_CHARACTERS_MOST or not line.isprintable():
        return False
    if len(words) < 2 or words[0] not in _KEY_TYPES:
        return False
    try:
        content = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return False
    name = words[0].encode()
    return content.startswith(len(name).to_bytes(4, "big") + name) and len(content) > 4 + len(name) + 32


class Shared(enum.Enum):
    """What no two users may have."""

    NAME = "name"
    UID = "uid"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """
    Two users who cannot both be.

    Attributes:
        user: the later one.
        place: where they stand.
        other: the one before.
        other_place: where that one stands.
        shared: what they both have.
    """

    user: User
    place: str
    other: User
    other_place: str
    shared: Shared


def clashes(users: Iterable[tuple[User, str]]) -> Iterator[Clash]:
    """Yield whoever has the name, uid or certificate of a user before them; each comes with their place."""
    before: dict[tuple[Shared, str | int | bytes], tuple[User, str]] = {}
    for user, place in users:
        owned = ((Shared.NAME, user.name), (Shared.UID, user.uid), (Shared.CERTIFICATE, user.certificate))
        for shared, value in owned:
            if value is None:
                continue
            if (shared, value) in before:
                other, other_place = before[shared, value]
                yield Clash(user=user, place=place, other=other, other_place=other_place, shared=shared)
            else:
                before[shared, value] = (user, place)


def merge_users(
    configured: Iterable[User], stored: Iterable[User], *, configured_in: str, stored_in: str
) -> tuple[User, ...]:
    """
    All users, those of the configuration first.

    Raises:
        ConfigurationError: two have the same name, uid or certificate; both places are named.
    """
    placed = [(user, configured_in) for user in configured] + [(user, stored_in) for user in stored]
    for clash in clashes(placed):
        raise ConfigurationError(
            f"{_told(clash)} stands in {clash.other_place} already",
            key=f"users.{clash.user.name}",
            file=clash.place,
        )
    return tuple(user for user, _ in placed)


def _told(clash: Clash) -> str:
    match clash.shared:
        case Shared.NAME:
            return "this user"
        case Shared.UID:
            return f"uid {clash.user.uid}"
        case Shared.CERTIFICATE:
            return f"this certificate is {clash.other.name}'s, who"
        case unknown:
            assert_never(unknown)


def _name_problems(user: User) -> Iterator[UserProblem]:
    if user.name == GUEST:
        yield UserProblem(problem="guest is whoever did not log in, and cannot be declared")
    elif not is_user_name(user.name):
        yield UserProblem(
            problem="a user cannot be called this", expected=NAME_EXPECTED, found=shown(user.name)
        )
    if user.name == ADMIN and ADMIN not in user.roles:
        yield UserProblem(problem="a user called admin needs the role admin", expected=f'roles = ["{ADMIN}"]')


def _hash_problems(text: str) -> Iterator[UserProblem]:
    # what stands there is never shown: it may be the password itself
    if not is_hash(text):
        yield UserProblem(
            key="password",
            problem="this is no hash of a password",
            expected=HASH_EXPECTED,
            found="something else" if text else "an empty text",
        )
    elif not is_checkable(text):
        yield UserProblem(
            key="password",
            problem="to check this hash would cost too much, or nothing",
            expected=COST_EXPECTED,
            found=cost_of(text),
        )


def _number(value: int) -> str:
    return str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
