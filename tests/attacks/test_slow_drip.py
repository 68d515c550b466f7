"""
Peers that take for ever: they say nothing, half a line, half a handshake, or a byte now and then.

Each is closed in its time, and none holds up anybody.
"""

import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.tls_bytes import client_hello
from tests.attacks.worker import Worker, at_work
from tests.doors.daemon import Daemon
from tests.doors.peers import address_of, dial, raw_address_of, wait_until_alone

PEERS = 3
"""Of each kind."""

SLACK_SECONDS = 4.0
"""For the sweep, which comes once a second, and for a busy machine."""

CROWD = "early_refusals_from = 1000\nnot_logged_in = 1000\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is set, and how long a byte of those that drip waits for the next."""

    line_seconds: float
    handshake_seconds: float
    login_seconds: float
    drip_seconds: float
    text: str = ""


SHORT = Limits(1.0, 1.5, 3.0, 0.1, "first_line_seconds = 1.0\nhandshake_seconds = 1.5\nlogin_seconds = 3.0\n")
SHIPPED = Limits(60.0, 10.0, 20.0, 1.0)


@dataclass(slots=True)
class Slow:
    """A peer that says something, then drips, and is to be closed within a limit."""

    kind: str
    peer: socket.socket
    within_seconds: float
    drips: bytes = b""
    closed_after_seconds: float | None = None


def slow_peers(daemon: Daemon, limits: Limits, stack: ExitStack) -> list[Slow]:
    hello = client_hello()
    found: list[Slow] = []

    def add(kind: str, dial_one: Callable[[], socket.socket], within: float, *words: bytes) -> None:
        said, drips = (*words, b"", b"")[:2]
        for _ in range(PEERS):
            peer = stack.enter_context(dial_one())
            peer.sendall(said)
            found.append(Slow(kind, peer, within, drips))

    def tcp() -> socket.socket:
        return dial(raw_address_of(daemon, "tcp"))

    def tls() -> socket.socket:
        return dial(raw_address_of(daemon, "tls"))

    def shaken() -> socket.socket:
        return dial(address_of(daemon, "tls"))

    add("tcp: nothing", tcp, limits.line_seconds)
    add("tcp: half a line", tcp, limits.line_seconds, b"upti")
    add("tcp: half a frame", tcp, limits.line_seconds, b"doorward/1\nline 6\nup")
    add("tcp: a dripped line", tcp, limits.line_seconds, b"", b"x" * 1000)
    add("tls: nothing", tls, limits.handshake_seconds)
    add("tls: half a hello", tls, limits.handshake_seconds, hello[: len(hello) // 2])
    add("tls: a dripped hello", tls, limits.handshake_seconds, b"", hello[:-1])
    add("tls: a hello, and nothing more", tls, limits.handshake_seconds, hello)
    add("tls: no password", shaken, limits.login_seconds)
    add("tls: half a password", shaken, limits.login_seconds, b"sesa")
    add("tls: a dripped password", shaken, limits.login_seconds, b"", b"x" * 1000)
    add("tls: a dripped frame", shaken, limits.login_seconds, b"doorward/1\nline 1000\n", b"x" * 1000)
    return found


def drip_until_closed(slow: list[Slow], worker: Worker, *, every_seconds: float, most_seconds: float) -> None:
    """Send a byte on each that drips now and then, while `worker` works, and note when each is closed."""
    began_at = time.monotonic()
    left = {each.peer: each for each in slow}
    drips_at, sent = began_at, 0
    while left and time.monotonic() < began_at + most_seconds:
        readable, _, _ = select.select(left, [], [], max(drips_at - time.monotonic(), 0.01))
        for each in [left[peer] for peer in readable]:
            if is_over(each.peer):
                each.closed_after_seconds = time.monotonic() - began_at
                del left[each.peer]
        if time.monotonic() >= drips_at:
            drips_at, sent = drips_at + every_seconds, sent + 1
            for each in left.values():
                drip(each, sent)
            worker.work()


def is_over(peer: socket.socket) -> bool:
    try:
        return not peer.recv(4096)
    except ConnectionError:
        return True


def drip(slow: Slow, number: int) -> None:
    try:
        slow.peer.sendall(slow.drips[number - 1 : number])
    except ConnectionError:
        return  # it is closed, which the next look finds


@pytest.mark.parametrize(
    "limits", [SHORT, pytest.param(SHIPPED, marks=pytest.mark.soak)], ids=["short", "as-shipped"]
)
def test_each_is_closed_in_its_time_while_others_are_answered(attacked: Attacked, limits: Limits) -> None:
    daemon = attacked(f"[limits]\n{CROWD}{limits.text}", session="keep")
    with at_work(daemon, "tls") as worker, ExitStack() as stack:
        slow = slow_peers(daemon, limits, stack)
        longest = max(limits.line_seconds, limits.login_seconds) + SLACK_SECONDS
        drip_until_closed(slow, worker, every_seconds=limits.drip_seconds, most_seconds=longest)
        for each in slow:
            assert each.closed_after_seconds is not None, f"{each.kind}: still open"
            # they were dialled one after the other, before the clock was started
            assert each.within_seconds - 1.0 <= each.closed_after_seconds, each.kind
            assert each.closed_after_seconds <= each.within_seconds + SLACK_SECONDS, each.kind
        with at_work(daemon, "tls") as another:
            another.work()
        assert worker.slowest_seconds < 1.0
    wait_until_alone(daemon)
