"""When the system has no thread and no process left: one peer less, and the others stay."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import cast

import pytest

from doorward.core.limits import Limits
from doorward.core.settings import LineSessionKind
from doorward.models import fork, threads
from doorward.models._answering import Reception
from doorward.models._forking import fork_child
from doorward.models._serving import reception_of
from doorward.models._stream_peer import _finish

HANDLED = {signal.SIGTERM, signal.SIGINT}


def blocked() -> set[signal.Signals]:
    return {signal.Signals(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, [])} & HANDLED


def no_child() -> int:
    raise BlockingIOError(11, "Resource temporarily unavailable")


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.fixture
def reception() -> Reception:
    return reception_of(threads.MODEL, kind=LineSessionKind.ONCE, limits=Limits())


def test_a_peer_that_gets_no_thread_is_sent_away_and_its_room_is_free(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = threads._Crowd(reception)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    for _ in range(reception.most_peers + 1):
        ours, theirs = socket.socketpair()
        with theirs:
            crowd.wait_for_room()
            crowd.welcome(ours)
            assert theirs.recv(1) == b""
    crowd.send_home()


def test_a_peer_that_gets_no_process_is_sent_away(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGCHLD)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nursery = fork._Nursery(listener, reception)
        try:
            monkeypatch.setattr(os, "fork", no_child)
            ours, theirs = socket.socketpair()
            with theirs:
                nursery.welcome(ours)
                assert theirs.recv(1) == b""
        finally:
            nursery.send_home()
            signal.signal(signal.SIGCHLD, before)
    assert blocked() == set()


def test_a_child_is_known_before_a_signal_can_end_its_parent() -> None:
    code = """
import os, signal
from doorward.models._forking import fork_child
from doorward.models._stopping import Stopping, Stopped
known = []
def born(pid):
    os.kill(os.getpid(), signal.SIGTERM)  # it comes at the worst moment
    known.append(pid)
with Stopping().by_signals():
    fork_child(lambda: None, born)
    print("not ended")
os.waitpid(known[0], 0)
print(len(known))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (run.stdout, run.stderr) == ("1\n", "")


@pytest.fixture
def gone() -> int:
    """The number of a process that was waited for."""
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    return ended.pid


async def test_a_child_that_was_waited_for_already_is_not_killed_again(gone: int) -> None:
    class Ended:
        returncode = None
        pid = gone
        stdout = None

        async def wait(self) -> int:
            return 3

    assert await _finish(cast(asyncio.subprocess.Process, Ended())) == 3


def test_what_is_forked_runs_with_the_signals_as_they_were() -> None:
    known: list[int] = []
    fork_child(lambda: os._exit(len(blocked())), known.append)
    _, status = os.waitpid(known[0], 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert blocked() == set()
