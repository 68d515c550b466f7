"""
The command line.

One file a subcommand, imported when it is asked for: `doorward --help` imports neither an event loop nor what
reads configurations.
"""

import atexit
import os
import signal
import sys
from typing import NoReturn

_STATUS_INTERRUPTED = 130
"""That of `cli.screen`, which is not imported for this."""


def main() -> NoReturn:
    """Run what `sys.argv` says, and exit with its status."""
    open_standard_streams()
    # the last that is called: from then on one more Ctrl-C would be a death by signal
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    from doorward.cli.root import run

    try:
        status = run(sys.argv[1:])
        # a thread may keep the interpreter from its end
        signal.signal(signal.SIGINT, lambda *_: os._exit(status))
    except KeyboardInterrupt:
        # one more while the first was still being told
        os._exit(_STATUS_INTERRUPTED)
    sys.exit(status)


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
