"""
Peers that ask for much and read nothing of it: more than all buffers on the way hold.

The suite of models has one too, whose answers the kernel takes whole; here the child itself is held up.
"""

import select
import time
from contextlib import ExitStack

import pytest

from doorward.core.units import MIB
from doorward.lines.session import LINGERING_SECONDS
from doorward.models import NAMES
from doorward.testing.model_contract import (
    GREETING,
    LIMITS,
    PATIENCE_SECONDS,
    Here,
    Served,
    arrive,
    describe_served,
    expect,
)
from tests.models.servers import started

ENDLESS = b"count 100000000\n"
CONNECTED = [name for name in NAMES if name != "udp"]
HELD_UP_BY = {"sequential": 1, "processes": 8}


def hears(served: Served, line: bytes) -> bytes:
    with arrive(served) as peer:
        peer.say(line)
        peer.end()
        return peer.hears_all()


@pytest.mark.parametrize("name", CONNECTED)
def test_the_child_of_a_peer_that_reads_nothing_goes_with_it_and_so_does_its_place(name: str) -> None:
    with started(name, "once", output_bytes=64 * MIB) as (pid, address):
        served = describe_served(pid, address)
        with ExitStack() as stack:
            # as many as there are places for children, so that one that is lost shows
            for _ in range(HELD_UP_BY.get(name, LIMITS.runs)):
                peer = stack.enter_context(arrive(served, receive_buffer_bytes=4096))
                peer.say(ENDLESS)
            # the peers are still there: it is the server that leaves
            served.comes_to_rest()
        expect(hears(served, b"count 1\n"), GREETING + b"1\n")


@pytest.mark.parametrize("name", CONNECTED)
def test_who_sends_too_much_in_drops_is_let_go(name: str) -> None:
    with started(name, "once") as (pid, address), ExitStack() as stack:
        served = describe_served(pid, address)
        dripping = stack.enter_context(arrive(served))
        dripping.say(b"count 1\n" + b"x" * 100_000)
        dripping.hears(GREETING + b"1\n")
        began = time.monotonic()
        while not is_reset(dripping) and time.monotonic() < began + PATIENCE_SECONDS:
            pass
        assert time.monotonic() - began < LINGERING_SECONDS + 2.0
        served.comes_to_rest()


def is_reset(peer: Here) -> bool:
    """Send one more byte, and look for what the server says to it, for a moment."""
    try:
        peer.say(b"x")
        readable, _, _ = select.select([], [], [peer.connection], 0.7)
    except OSError:
        return True
    return bool(readable)
