"""The `authorized_keys` files of the users, read with the configuration where nobody else can write them."""

import os
import stat
from collections.abc import Iterable
from dataclasses import replace

from doorward.core.authorized_keys import read_authorized_key
from doorward.core.errors import ConfigurationError
from doorward.core.keys import AuthorizedKey
from doorward.core.principal import User

FILE_BYTES = 256 * 1024
KEYS = 256


def with_authorized_keys(
    users: Iterable[User], pattern: str, notices: list[str], *, uid: int
) -> tuple[User, ...]:
    """
    Each of `users` with the keys of their file. Blocks, so never on a loop.

    A file that is not there holds no keys. A line that cannot be honoured lets nobody in, and neither does a
    file that others could have written: that is told, and all else goes on.

    Args:
        users: all of them.
        pattern: the absolute path, in which `{user}` stands for the name.
        notices: gets what is passed over.
        uid: whom the daemon runs as.
    """
    return tuple(
        replace(user, authorized_keys=_keys_in(pattern.replace("{user}", user.name), user, notices, uid=uid))
        for user in users
    )


def _keys_in(path: str, user: User, notices: list[str], *, uid: int) -> tuple[AuthorizedKey, ...]:
    try:
        text = _read(path, {0, uid} if user.uid is None else {0, uid, user.uid})
    except FileNotFoundError:
        return ()
    except OSError as error:
        notices.append(f"{path}: no key in it lets {user.name} in: {error.strerror or error}")
        return ()
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            key = read_authorized_key(line)
        except ConfigurationError as error:
            notices.append(f"{path}:{number}: this key lets nobody in: {error}")
            continue
        if key is not None:
            keys.append(key)
    if len(keys) > KEYS:
        notices.append(f"{path}: only the first {KEYS} keys let {user.name} in")
    return tuple(keys[:KEYS])


def _read(path: str, owners: set[int]) -> str:
    """
    Read it.

    Raises:
        OSError: it cannot be read, or should not be: see `StrictModes` of sshd_config(5).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no regular file")
        if status.st_uid not in owners:
            raise OSError(f"it belongs to uid {status.st_uid}")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise OSError("others can write it; type: chmod go-w")
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise OSError(f"it has more than {FILE_BYTES} bytes")
    return data.decode("utf-8", "replace")
