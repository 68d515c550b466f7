"""No descriptor is left: load is shed, the log stays short, who is in works on, and soon all is well."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.passwords import PROMPT
from tests.attacks.worker import at_work
from tests.doors.daemon import BOUND_SECONDS, Daemon, until
from tests.doors.peers import GREETING, address_of, ask, dial, raw_address_of
from tests.doors.tls_peers import LOGIN

PEERS = 60
FEW = 40
WHILE_SECONDS = 1.5
RECOVERS_SECONDS = 1.0
SLACK_SECONDS = 1.0
"""For a busy machine."""

on_both_loops_at_both_doors = pytest.mark.parametrize(
    ("loop", "door"),
    [
        ("uvloop", "tls"),
        ("asyncio", "tcp"),
        pytest.param("uvloop", "tcp", marks=pytest.mark.soak),
        pytest.param("asyncio", "tls", marks=pytest.mark.soak),
    ],
)


@contextmanager
def crowd(daemon: Daemon, door: str) -> Iterator[list[socket.socket]]:
    """Many who connect and say nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(dial(raw_address_of(daemon, door))) for _ in range(PEERS)]


def is_served(daemon: Daemon, door: str) -> bool:
    with suppress(ConnectionError):
        login = LOGIN if door == "tls" else b""
        return b"load average" in ask(address_of(daemon, door), login + b"uptime\nquit\n")
    return False


def recovers(daemon: Daemon) -> None:
    """A new peer is served at each door as soon as was promised."""
    bound_seconds = RECOVERS_SECONDS + SLACK_SECONDS
    for door in ("tcp", "tls"):
        until(partial(is_served, daemon, door), f"a new peer at {door}", seconds=bound_seconds)


def lines_told(daemon: Daemon) -> list[str]:
    """What was logged of it, and nothing else was logged."""
    lines = daemon.log.splitlines()
    assert all("turned away" in line or "could not be accepted" in line for line in lines), lines[:5]
    return lines


@pytest.mark.needs_program("prlimit", package="util-linux")
@on_both_loops_at_both_doors
def test_a_daemon_that_may_have_forty_turns_the_others_away(attacked: Attacked, loop: str, door: str) -> None:
    limits = '[limits]\nearly_refusals_from = 100\n[limits.penalties]\nexempt = ["127.0.0.1"]\n'
    daemon = attacked(limits, session="keep", loop=loop, below=("prlimit", f"--nofile={FEW}"))
    with at_work(daemon, door) as worker:
        with crowd(daemon, door):
            end_at = time.monotonic() + WHILE_SECONDS
            until(lambda: "no descriptors left" in daemon.log, "the turning away")
            while time.monotonic() < end_at:
                worker.work()
            assert daemon.descriptors() < FEW
            # runs find descriptors too
            assert b"load average" in worker.work("uptime")
        recovers(daemon)
        assert worker.slowest_seconds < 1.0
    assert 1 <= len(lines_told(daemon)) <= WHILE_SECONDS + 2


def set_limit(daemon: Daemon, descriptors: int) -> None:
    words = ["prlimit", f"--pid={daemon.pid}", f"--nofile={descriptors}:"]
    subprocess.run(words, check=True, timeout=BOUND_SECONDS)


@pytest.mark.needs_program("prlimit", package="util-linux")
@on_both_loops_at_both_doors
def test_a_limit_put_on_a_daemon_that_runs_is_borne(attacked: Attacked, loop: str, door: str) -> None:
    limits = '[limits.penalties]\nexempt = ["127.0.0.1"]\n'
    daemon = attacked(limits, session="keep", loop=loop)
    with at_work(daemon, door) as worker:
        set_limit(daemon, daemon.descriptors() + 5)
        began_at = time.monotonic()
        with crowd(daemon, door):
            while time.monotonic() < began_at + WHILE_SECONDS:
                worker.work()
        recovers(daemon)
        assert worker.slowest_seconds < 1.0
    assert len(lines_told(daemon)) <= time.monotonic() - began_at + 1


@contextmanager
def failing_accepts(daemon: Daemon, times: int) -> Iterator[None]:
    """The kernel says to each of the next accepts that there is no descriptor."""
    words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=accept4"]
    words += ["-e", f"inject=accept4:error=EMFILE:when=1..{times}", "-p", str(daemon.pid)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as strace:
        try:
            until(lambda: is_traced(daemon), "strace")
            yield
        finally:
            strace.terminate()
            strace.communicate(timeout=BOUND_SECONDS)


def is_traced(daemon: Daemon) -> bool:
    with open(f"/proc/{daemon.pid}/status") as file:
        return "TracerPid:\t0\n" not in file.read()


@pytest.mark.needs_program("strace", package="strace")
@pytest.mark.parametrize("door", ["tcp", "tls"])
@pytest.mark.parametrize(("loop", "times"), [("uvloop", 500), ("asyncio", 2)])
def test_accepts_that_fail_are_survived(attacked: Attacked, loop: str, times: int, door: str) -> None:
    daemon = attacked(session="keep", loop=loop)
    with at_work(daemon, "tls") as worker:
        with failing_accepts(daemon, times), dial(address_of(daemon, door)) as peer:
            worker.work()
            # uvloop's loop closes who waits, asyncio's lets them in after a second each time
            assert peer.recv(1) in {b"", GREETING[:1], PROMPT[:1]}
            worker.work()
        recovers(daemon)
    assert len(lines_told(daemon)) <= times
