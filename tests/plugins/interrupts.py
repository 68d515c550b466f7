"""Ctrl-C for the programs that tests start, also when the suite itself runs in the background of a shell."""

import signal


def pytest_configure() -> None:
    """Handle SIGINT: a shell has its background jobs ignore it, and they would have their children do so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
