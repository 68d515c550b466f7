"""The users that stand in the state, in one file."""

import base64
from collections.abc import Callable
from pathlib import Path

from doorward.core.errors import CertificateError, ConfigurationError, StateError
from doorward.core.principal import User
from doorward.core.users import check_user, merge_users
from doorward.stores.certificate_reading import certificate_of
from doorward.stores.private_lists import PrivateList, texts

USERS_NAME = "users.json"

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
        self._list = PrivateList(self.path, noun="users")

    def load(self) -> tuple[User, ...]:
        """
        Read the file; without one there are no users.

        Raises:
            TrustError: others could have read or written it.
            StateError: it cannot be read, or does not hold users.
            ConfigurationError: a user in it cannot be one, or two have one name, uid or certificate.
        """
        users = tuple(
            _user(member, f"{self.path}: user {number}")
            for number, member in enumerate(self._list.read(), start=1)
        )
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
        with self._list.changing():
            users = edit(self.load())
            self._check_all(users)
            self._list.replace([_members(user) for user in users])

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
        roles=frozenset(texts(member.get("roles", []), f"{place}: roles")),
        password_hash=password_hash,
        keys=tuple(texts(member.get("keys", []), f"{place}: keys")),
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
