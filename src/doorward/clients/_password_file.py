"""A password that stands in a file, for what nobody is asked by: the daemon."""

import os
import stat

from doorward.core.errors import ConnectError
from doorward.core.secret import Secret

_PASSWORD_BYTES = 4096


def read_password(path: str, *, where: str) -> Secret:
    """
    The first line of the file.

    Its group may read it, as it can with credentials of systemd.

    Args:
        path: absolute.
        where: one logs in with it, for the error.

    Raises:
        ConnectError: it cannot be read, everybody else can, or there is nothing in it.
    """
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.readline(_PASSWORD_BYTES + 1)
    except OSError as error:
        raise ConnectError(where, "login", f"{path} cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and mode & 0o027:
        problem = f"{path} holds a password and others may read it"
        raise ConnectError(where, "login", problem, f"Type: chmod 600 {path}")
    try:
        password = line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError:
        # the error would show what stands there
        password = ""
    if not password or len(line) > _PASSWORD_BYTES:
        raise ConnectError(where, "login", f"the first line of {path} is no password")
    return Secret(password)
