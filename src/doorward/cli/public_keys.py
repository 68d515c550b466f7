"""Public keys of SSH, as a keeper hands them over."""

import sys
from pathlib import Path

from doorward.core.errors import ConfigurationError
from doorward.stores.certificate_files import CERTIFICATE_BYTES, read_anybodys_file


def public_keys(file: Path) -> tuple[str, ...]:
    """
    The lines of `file` that are not empty and no comment; `-` is stdin.

    Whether they are keys is judged where the user is. They are copied, so whose the file is does not matter:
    a person compares the fingerprints.

    Raises:
        CertificateError: the file cannot be read.
        ConfigurationError: there is no such line, or it is no text.
    """
    is_stdin = str(file) == "-"
    data = sys.stdin.buffer.read(CERTIFICATE_BYTES) if is_stdin else read_anybodys_file(str(file))
    try:
        lines = [line.strip() for line in data.decode().splitlines()]
    except UnicodeDecodeError as error:
        raise ConfigurationError("this is no text", file=str(file)) from error
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise ConfigurationError(
            "there is no key", file=str(file), expected="ssh-ed25519 AAAA... and the like"
        )
    return keys
