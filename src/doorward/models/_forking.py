"""Forked children that end as they should: never into their parent's code, and never unreaped."""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection

from doorward.models._stopping import Stopped, tick


def fork_child(act: Callable[[], object], born: Callable[[int], object]) -> None:
    """
    Fork; the child calls `act` and exits, whatever comes of it.

    Args:
        act: what the child does; it never returns from here.
        born: called in the parent with the child's number, before a signal can come between the two: who is
            ended then has to know all of its children.

    Raises:
        OSError: there is no child.
    """
    # no signal may come between the two processes: the child would take it for its parent's
    handled = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = -1  # what stays, if there is no child
    try:
        if pid := os.fork():
            born(pid)
    finally:
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    if pid:
        return
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        tick()  # a timer is not inherited
        act()
        status = 0
    except Stopped:
        status = 0
    except BaseException:  # noqa: BLE001 - the last frame of this process, and it tells
        traceback.print_exc()
    finally:
        os._exit(status)


def end_all(pids: Collection[int]) -> None:
    """Have these children end, and wait for them; those that were waited for already count as ended."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
