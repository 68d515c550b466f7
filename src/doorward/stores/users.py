"""The users that stand in the state, in one file."""

import base64
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

from doorward.core.errors import CertificateError, ConfigurationError, StateError, TrustError
from doorward.core.principal import User
from doorward.core.users import check_user, merge_users
from doorward.stores.atomic import remove_leftovers, write_atomically
from doorward.stores.certificate_reading import certificate_of
from doorward.stores.locks import owner_of, short_lock
from doorward.stores.owners import acting_as_owner

USERS_NAME = "users.json"

_LOCK_NAME = "users.lock"
_LOCK_SECONDS = 10.0
_FILE_BYTES = 4 * 1024 * 1024
_VERSION = 1
_MEMBERS = frozenset({"name", "roles", "password", "keys", "uid", "certificate"})


class UserFile:
    """
    The users of one state folder, in a file of mode 0600 that is replaced as a whole.

    All changes block for as long as a disk takes and are made under a lock: two at once lose nothing. Root
    may make them in the folder of a daemon that is not root; the file stays the daemon's.

    Attributes:
        path: of the file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / USERS_NAME

    def load(self) -> tuple[User, ...]:
        """
        Read the file; without one there are no users.

        Raises:
            TrustError: others could have read or written it.
            StateError: it cannot be read, or does not hold users.
            ConfigurationError: a user in it cannot be one, or two have one name, uid or certificate.
        """
        try:
            data = _read_private(self.path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from error
        users = _decoded(data, self.path)
        self._check_all(users)
        return users

    def find(self, name: str) -> User:
        """
        The user `name`.

        Raises:
            ConfigurationError: there is none.
            TrustError, StateError: as for `load`.
        """
        return self._among(self.load(), name)

    def add(self, user: User) -> None:
        """
        Add `user`.

        Raises:
            ConfigurationError: it cannot be one, or its name, uid or certificate is taken.
            TrustError, StateError: as for `load`, or the file cannot be written. Nothing has changed.
        """
        self._change(lambda users: (*users, user))

    def remove(self, name: str) -> None:
        """Remove the user `name`; raises as `change`."""

        def others(users: tuple[User, ...]) -> tuple[User, ...]:
            removed = self._among(users, name)
            return tuple(user for user in users if user is not removed)

        self._change(others)

    def change(self, name: str, edit: Callable[[User], User]) -> None:
        """
        Put what `edit` makes of the user `name` in their place.

        Raises:
            ConfigurationError: there is no such user, or it cannot be one now, as for `add`.
            TrustError, StateError: as for `add`.
        """

        def edited(users: tuple[User, ...]) -> tuple[User, ...]:
            found = self._among(users, name)
            return tuple(edit(user) if user is found else user for user in users)

        self._change(edited)

    def _among(self, users: tuple[User, ...], name: str) -> User:
        for user in users:
            if user.name == name:
                return user
        raise ConfigurationError(
            "there is no such user here", key="users", file=str(self.path), found=ascii(name[:64])
        )

    def _change(self, edit: Callable[[tuple[User, ...]], tuple[User, ...]]) -> None:
        lock = self.path.with_name(_LOCK_NAME)
        with acting_as_owner(self.path.parent), short_lock(lock, within_seconds=_LOCK_SECONDS):
            users = edit(self.load())
            self._check_all(users)
            remove_leftovers(self.path)
            write_atomically(self.path, _encoded(users), mode=0o600)

    def _check_all(self, users: tuple[User, ...]) -> None:
        for user in users:
            check_user(user, file=str(self.path))
            _check_certificate(user, file=str(self.path))
        merge_users((), users, configured_in="", stored_in=str(self.path))


def _check_certificate(user: User, *, file: str) -> None:
    if user.certificate is None:
        return
    try:
        certificate_of(user.certificate, file=file)
    except CertificateError as error:
        raise ConfigurationError(
            "this cannot be read",
            key=f"users.{user.name}.certificate",
            file=file,
            expected="one certificate of X.509",
        ) from error


def _read_private(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if facts.st_mode & 0o077:
            raise TrustError(f"{path} is open to other users; type: chmod 600 {shlex.quote(str(path))}")
        if facts.st_uid not in {os.geteuid(), owner_of(path.parent)[0]}:
            raise TrustError(f"{path} belongs to uid {facts.st_uid}, who is not the owner of its folder")
        data = file.read(_FILE_BYTES + 1)
    if len(data) > _FILE_BYTES:
        raise StateError(f"{path} has more than {_FILE_BYTES} bytes")
    return data


def _encoded(users: tuple[User, ...]) -> bytes:
    members = [_members(user) for user in users]
    return (json.dumps({"version": _VERSION, "users": members}, indent=2) + "\n").encode("ascii")


def _members(user: User) -> dict[str, object]:
    members: dict[str, object] = {
        "name": user.name,
        "roles": sorted(user.roles),
        "password": user.password_hash,
        "keys": list(user.keys),
        "uid": user.uid,
    }
    # versions that know no certificates go on reading a file that has none
    if user.certificate is not None:
        members["certificate"] = base64.b64encode(user.certificate).decode("ascii")
    return members


def _decoded(data: bytes, path: Path) -> tuple[User, ...]:
    try:
        found = json.loads(data)
    # a number of thousands of digits is a ValueError too
    except (ValueError, RecursionError) as error:
        raise StateError(
            f"{path} is no JSON; restore it from a backup, or remove it and add the users anew"
        ) from error
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        raise StateError(f"{path} is not a file of users, or was written by a later version of this program")
    members = found.get("users")
    if not isinstance(members, list) or not set(found) <= {"version", "users"}:
        raise StateError(f"{path} does not hold a list of users")
    return tuple(_user(member, f"{path}: user {number}") for number, member in enumerate(members, start=1))


def _user(member: object, place: str) -> User:
    if not isinstance(member, dict) or not member.keys() <= _MEMBERS:
        raise StateError(f"{place} is not an object with {', '.join(sorted(_MEMBERS))}")
    name, password_hash, uid = member.get("name"), member.get("password"), member.get("uid")
    if not isinstance(name, str):
        raise StateError(f"{place} has no name")
    if not isinstance(password_hash, str | None):
        raise StateError(f"{place}: the password is not a hash")
    if not isinstance(uid, int | None) or isinstance(uid, bool):
        raise StateError(f"{place}: the uid is not a number")
    return User(
        name=name,
        roles=frozenset(_texts(member.get("roles", []), f"{place}: roles")),
        password_hash=password_hash,
        keys=tuple(_texts(member.get("keys", []), f"{place}: keys")),
        uid=uid,
        certificate=_certificate(member.get("certificate"), place),
    )


def _certificate(found: object, place: str) -> bytes | None:
    if found is None:
        return None
    try:
        if isinstance(found, str):
            return base64.b64decode(found, validate=True)
    except ValueError as error:
        raise StateError(f"{place}: the certificate is no base64") from error
    raise StateError(f"{place}: the certificate is not a text")


def _texts(found: object, place: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise StateError(f"{place} is not a list of texts")
    return found
