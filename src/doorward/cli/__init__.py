"""
The command line.

One file a subcommand, imported when it is asked for: `doorward --help` imports neither an event loop nor what
reads configurations.
"""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run what `sys.argv` says, and exit with its status."""
    open_standard_streams()
    from doorward.cli.root import run

    sys.exit(run(sys.argv[1:]))


def open_standard_streams() -> None:
    """
    Make stdin, stdout and stderr something, where the caller closed them.

    Otherwise the next socket gets such a descriptor, and is written to or read in its place.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, "r" if name == "stdin" else "w", encoding="utf-8"))
