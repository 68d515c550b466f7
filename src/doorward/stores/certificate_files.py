"""Files of certificates and keys, read once and only when nobody else could have written them."""

import os
import shlex
import stat

from doorward.core.certificates import CERTIFICATE_BYTES
from doorward.core.errors import CertificateError

_ROOT = 0


def read_certificate_file(path: str, *, uid: int) -> bytes:
    """
    Read a file that holds certificates and no key; links are followed, since certbot makes them.

    Args:
        path: of a regular file of at most `CERTIFICATE_BYTES`.
        uid: whom the daemon runs as.

    Raises:
        CertificateError: it cannot be read, or others than root and `uid` can write it.
    """
    return _read(path, uid=uid, forbidden=stat.S_IWGRP | stat.S_IWOTH)


def read_key_file(path: str, *, uid: int) -> bytes:
    """
    Read a file that holds a private key, as `read_certificate_file` does.

    Raises:
        CertificateError: as there; or others can read it: everybody, or a group to whom it was not root who
            gave it. Debian keeps keys as root:ssl-cert, mode 0640, for daemons that are in that group.
    """
    return _read(path, uid=uid, forbidden=stat.S_IWGRP | stat.S_IRWXO, is_private=True)


def _read(path: str, *, uid: int, forbidden: int, is_private: bool = False) -> bytes:
    try:
        # without O_NONBLOCK the opening of a named pipe waits for whoever writes into it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as file:
            _check(path, os.fstat(descriptor), uid=uid, forbidden=forbidden, is_private=is_private)
            data = file.read(CERTIFICATE_BYTES + 1)
    except ValueError as error:
        raise CertificateError(path, "this cannot be a path") from error
    except OSError as error:
        raise CertificateError(path, f"it cannot be read: {error.strerror}") from error
    if len(data) > CERTIFICATE_BYTES:
        raise CertificateError(path, f"it has more than {CERTIFICATE_BYTES} bytes")
    return data


def _check(path: str, status: os.stat_result, *, uid: int, forbidden: int, is_private: bool) -> None:
    quoted = shlex.quote(path)
    if not stat.S_ISREG(status.st_mode):
        raise CertificateError(path, "it is no regular file")
    if status.st_uid not in {_ROOT, uid}:
        raise CertificateError(
            path,
            f"it belongs to uid {status.st_uid}, who could put another in its place",
            f"give it to root or to the daemon's user: chown {uid} {quoted}",
        )
    if is_private and status.st_uid != _ROOT:
        forbidden |= stat.S_IRGRP
    if status.st_mode & forbidden:
        mode = f"mode {stat.S_IMODE(status.st_mode):04o}"
        if is_private:
            problem, remedy = "others can get at the private key in it", "chmod 600"
        else:
            problem, remedy = "others can write it", "chmod go-w"
        raise CertificateError(path, f"{problem} ({mode})", f"type: {remedy} {quoted}")
