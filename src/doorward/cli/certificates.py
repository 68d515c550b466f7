"""Certificates of users, as a keeper hands them over."""

import sys
from pathlib import Path

from doorward.core.certificates import Certificate
from doorward.stores.certificate_files import CERTIFICATE_BYTES, read_anybodys_file
from doorward.stores.certificate_reading import sole_certificate


def user_certificate(file: Path) -> Certificate:
    """
    The one certificate in `file`, in PEM; `-` is stdin.

    It is copied, so whose the file is does not matter: a person compares the fingerprint.

    Raises:
        CertificateError: the file cannot be read, or does not hold one certificate and nothing secret.
    """
    is_stdin = str(file) == "-"
    pem = sys.stdin.buffer.read(CERTIFICATE_BYTES) if is_stdin else read_anybodys_file(str(file))
    return sole_certificate(pem, file=str(file))
