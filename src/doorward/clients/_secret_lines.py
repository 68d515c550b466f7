"""A secret that stands in a file, on its first line."""

import os
import stat

from doorward.core.errors import SourceError
from doorward.core.secret import Secret

_LINE_BYTES = 4096


def secret_line(path: str, *, kind: str) -> Secret:
    """
    The first line of the file at `path`, which holds a `kind`: a `password`. It is read, so on no loop.

    Its group may read it, as it can with credentials of systemd.

    Raises:
        SourceError: it cannot be read, everybody else can, or there is nothing in it.
    """
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.readline(_LINE_BYTES + 1)
    except OSError as error:
        raise SourceError(path, f"it cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and mode & 0o027:
        raise SourceError(path, f"it holds a {kind} and others may read it", f"Type: chmod 600 {path}")
    try:
        secret = line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError:
        # the error would show what stands there
        secret = ""
    if not secret or len(line) > _LINE_BYTES:
        raise SourceError(path, f"its first line is no {kind}")
    return Secret(secret)
