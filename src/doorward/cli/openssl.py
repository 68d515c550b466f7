"""What OpenSSL is told before it is loaded, for a daemon that is started plainly."""

import os
import sys
from collections.abc import Callable, Collection, MutableMapping
from pathlib import Path

import doorward

VARIABLE = "OPENSSL_CONF"

_LOADS_IT = frozenset({"_hashlib", "_ssl"})

Restart = Callable[[], object]


def openssl_configuration() -> Path:
    """The file that comes with the program; nothing is imported to find it, since that could load OpenSSL."""
    return Path(doorward.__file__).with_name("compose") / "openssl.cnf"


def restart_process() -> None:
    """Begin this process anew, with the environment as it is now; its descriptors and its number stay."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted


def use_own_openssl_configuration(
    environment: MutableMapping[str, str], *, loaded: Collection[str], restart: Restart = restart_process
) -> None:
    """
    Have OpenSSL read our configuration, unless somebody named another one.

    It is read once, when the library is loaded. Python 3.11 has no other way to choose the groups of a key
    exchange; `set_groups` of Python 3.15 will do.

    Args:
        environment: of the process.
        loaded: the modules that were imported so far: a tool that measures, or a file of site-packages, may
            have loaded OpenSSL before us.
        restart: called when it has.
    """
    if VARIABLE in environment:
        return
    environment[VARIABLE] = str(openssl_configuration())
    if not _LOADS_IT.isdisjoint(loaded):
        restart()
