"""Certificates of users, as a keeper hands them over."""

import os
import stat
import sys
from pathlib import Path

from doorward.core.certificates import CERTIFICATE_BYTES, Certificate, sole_certificate
from doorward.core.errors import CertificateError


def user_certificate(file: Path) -> Certificate:
    """
    The one certificate in `file`, in PEM; `-` is stdin.

    It is copied, so whose the file is does not matter: a person compares the fingerprint.

    Raises:
        CertificateError: the file cannot be read, or does not hold one certificate and nothing secret.
    """
    try:
        return sole_certificate(_read(file).decode("ascii", "replace"))
    except OSError as error:
        raise CertificateError(str(file), f"it cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CertificateError(str(file), str(error)) from error


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read(CERTIFICATE_BYTES)
    # a named pipe would be waited for
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise CertificateError(str(file), "it is no regular file")
        return opened.read(CERTIFICATE_BYTES)
