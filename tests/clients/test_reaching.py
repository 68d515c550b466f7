"""The first of several addresses that takes a connection, where some refuse it and some never answer."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from doorward.clients._reaching import Peer, connect, give_up, in_turn, reach_first, reach_host

PATIENT = 30.0

SIX, FOUR = socket.AF_INET6, socket.AF_INET


@contextlib.contextmanager
def listening(family: socket.AddressFamily, host: str) -> Iterator[Peer]:
    """One that takes connections, which nobody accepts."""
    with socket.create_server((host, 0), family=family) as listener:
        yield family, listener.getsockname()


@contextlib.contextmanager
def never_answering(family: socket.AddressFamily, host: str) -> Iterator[Peer]:
    """One whose queue is full: what else comes is dropped without a word."""
    with (
        socket.create_server((host, 0), family=family, backlog=0) as listener,
        contextlib.ExitStack() as held,
    ):
        peer = listener.getsockname()
        for _ in range(3):
            waiting = held.enter_context(socket.socket(family))
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(peer)
        yield family, peer


def refusing() -> Peer:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return FOUR, listener.getsockname()


async def test_a_family_that_never_answers_is_passed_by() -> None:
    with never_answering(SIX, "::1") as dead, listening(FOUR, "127.0.0.1") as alive:
        async with asyncio.timeout(PATIENT):
            stream, reached = await reach_first([dead, dead, dead, dead, alive])
            assert reached == alive
            await stream.close()
    # and no attempt is left behind
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_next_one_is_tried_when_one_refuses() -> None:
    with listening(SIX, "::1") as alive:
        stream, reached = await reach_first([refusing(), alive])
        assert reached == alive
        await stream.close()


async def test_what_took_a_connection_beside_the_first_one_is_let_go() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, never_answering(FOUR, "127.0.0.1") as dead:
        attempts = [loop.create_task(connect(each)) for each in ((FOUR, listener.getsockname()), dead)]
        await attempts[0]
        give_up(attempts)
        listener.setblocking(False)
        accepted, _ = await loop.sock_accept(listener)
        with accepted, contextlib.suppress(ConnectionResetError):
            async with asyncio.timeout(PATIENT):
                assert await loop.sock_recv(accepted, 1) == b""
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_where_none_takes_one_it_is_told_why() -> None:
    with pytest.raises(ConnectionRefusedError):
        await reach_first([refusing(), refusing()])
    with pytest.raises(OSError, match="no address"):
        await reach_first([])
    with pytest.raises(OSError, match="cannot be the name of a host"):
        await reach_host("a" * 70 + ".example", 1, within_seconds=PATIENT)


async def test_all_that_never_answer_are_left_when_the_time_is_over() -> None:
    with never_answering(FOUR, "127.0.0.1") as (_, address), pytest.raises(TimeoutError):
        await reach_host("127.0.0.1", address[1], within_seconds=0.5)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_families_are_tried_in_turn_beginning_with_the_first() -> None:
    six, four = [(SIX, (str(number),)) for number in range(3)], [(FOUR, ("x",))]
    assert in_turn([*six, *four]) == [six[0], four[0], six[1], six[2]]
    assert in_turn([*four, *six]) == [four[0], six[0], six[1], six[2]]
    assert in_turn([]) == []


NETWORK = """
ip link set lo up
for link in one two; do
  ip link add $link type veth peer name $link-end
  ip link set $link up
  ip link set $link-end up
  ip address add fe80::7/64 dev $link scope link nodad
done
exec "$@" fe80::7%two
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network")
def test_an_address_is_reached_on_the_link_that_was_named() -> None:
    words = ["unshare", "--net", "sh", "-ec", NETWORK, "sh", sys.executable, "-m", "tests.clients.link_local"]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=2 * PATIENT, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "True True\n" * 2
