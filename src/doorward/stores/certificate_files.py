"""Files of certificates and keys, read once and only when nobody else could have written them."""

import os
import shlex
import stat
from collections.abc import Callable

from doorward.core.errors import CertificateError

CERTIFICATE_BYTES = 64 * 1024
"""As large as a file of certificates may be; one with a hundred names has 5 KiB."""

_ROOT = 0


def read_anybodys_file(path: str) -> bytes:
    """
    Read a file of certificates, whoever could have written it; links are followed.

    Args:
        path: of a regular file of at most `CERTIFICATE_BYTES`.

    Raises:
        CertificateError: it cannot be read.
    """
    return _read(path, lambda _: None)


def read_certificate_file(path: str, *, uid: int) -> bytes:
    """
    Read a file that holds certificates and no key; links are followed, since certbot makes them.

    Args:
        path: as for `read_anybodys_file`.
        uid: whom the daemon runs as.

    Raises:
        CertificateError: it cannot be read, or others than root and `uid` can write it.
    """
    forbidden = stat.S_IWGRP | stat.S_IWOTH
    return _read(path, lambda status: _check(path, status, uid=uid, forbidden=forbidden, is_private=False))


def read_key_file(path: str, *, uid: int) -> bytes:
    """
    Read a file that holds a private key, as `read_certificate_file` does.

    Raises:
        CertificateError: as there; or others can read it: everybody, or a group to whom it was not root who
            gave it. Debian keeps keys as root:ssl-cert, mode 0640, for daemons that are in that group.
    """
    forbidden = stat.S_IWGRP | stat.S_IRWXO
    return _read(path, lambda status: _check(path, status, uid=uid, forbidden=forbidden, is_private=True))


def _read(path: str, check: Callable[[os.stat_result], None]) -> bytes:
    try:
        # without O_NONBLOCK the opening of a named pipe waits for whoever writes into it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CertificateError(path, "it is no regular file")
            check(status)
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
