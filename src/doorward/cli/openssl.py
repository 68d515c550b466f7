"""What OpenSSL is told before it is loaded, for a daemon that is started plainly."""

from collections.abc import MutableMapping
from pathlib import Path

import doorward

VARIABLE = "OPENSSL_CONF"


def openssl_configuration() -> Path:
    """The file that comes with the program; nothing is imported to find it, since that could load OpenSSL."""
    return Path(doorward.__file__).with_name("compose") / "openssl.cnf"


def use_own_openssl_configuration(environment: MutableMapping[str, str]) -> None:
    """
    Have OpenSSL read our configuration, unless somebody named another one.

    It counts only while neither `ssl` nor `hashlib` was imported. Python 3.11 has no other way to choose the
    groups of a key exchange; `set_groups` of Python 3.15 will do.
    """
    environment.setdefault(VARIABLE, str(openssl_configuration()))
