"""
A test that does not end fails, wherever it waits.

pytest-timeout raises its failure in a signal's handler. uvloop calls handlers inside a callback and takes
what they raise for that callback's fault: it is logged, and the test waits on. So on a loop everything is
cancelled instead. A test that holds on even then, in its teardown for instance, takes its process with it,
after all stacks have been printed; pytest-xdist starts another one.
"""

import asyncio
import faulthandler
import os
import signal
from types import FrameType

import pytest
import pytest_timeout

GRACE_SECONDS = 60.0
"""How much longer than its timeout a test may take to its very end."""

_stderr = pytest.StashKey[int]()
_hard_seconds = pytest.StashKey[float]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep a way to the terminal that pytest does not capture."""
    config.stash[_stderr] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close it."""
    os.close(config.stash[_stderr])


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> bool:
    """Begin to measure a test, in place of pytest-timeout."""
    if pytest_timeout.is_debugging():
        return True
    seconds = settings.timeout

    def end(_signal: int, _frame: FrameType | None) -> None:
        _fail(f"no end within {seconds:g} s")

    item.stash[_hard_seconds] = seconds + GRACE_SECONDS
    _be_gone_in_time(item)
    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool:
    """End the measurement."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    faulthandler.cancel_dump_traceback_later()
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Bound the teardown too: pytest's own plugin takes the bound away when a test fails."""
    if _hard_seconds in item.stash:
        _be_gone_in_time(item)


def _fail(why: str) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        pytest.fail(why)

    def cancel_all() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel(why)

    loop.call_soon_threadsafe(cancel_all)  # which wakes the loop, too


def _be_gone_in_time(item: pytest.Item) -> None:
    faulthandler.dump_traceback_later(item.stash[_hard_seconds], exit=True, file=item.config.stash[_stderr])
