"""Connections on the loop: to the first of a host's addresses that takes one, or to one that is known."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any

from doorward.clients._connecting import tune
from doorward.clients._streams import Stream

ADDRESSES = 4
"""How many of a host's are tried."""

NEXT_AFTER_SECONDS = 0.25
"""How long one may take before the next is tried beside it; what RFC 8305 section 8 recommends."""

Address = tuple[Any, ...]
"""An address with a port, as a socket has it."""

Peer = tuple[socket.AddressFamily, Address]
"""A family and an address in it, as `connect` of a socket wants it."""


async def reach_host(host: str, port: int, *, within_seconds: float) -> tuple[Stream, Peer]:
    """
    Connect to the first of the host's addresses that takes a connection, as `reach_first`.

    Raises:
        OSError: none does; a TimeoutError where one did not answer.
    """
    try:
        async with asyncio.timeout(within_seconds):
            # in a thread of ours: uvloop's forgets the link of an address
            found = await asyncio.to_thread(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            return await reach_first([(each[0], each[4]) for each in found])
    except UnicodeError as error:
        raise OSError("this cannot be the name of a host") from error


async def reach_first(peers: Sequence[Peer]) -> tuple[Stream, Peer]:
    """
    Connect to the first of `peers` that takes a connection, both families in turn.

    The next one is tried as soon as one has failed, or a quarter of a second after it, and then beside it: a
    family that leads nowhere costs no more than that. Source: RFC 8305 sections 4 and 5.

    Raises:
        OSError: none does.
    """
    waiting = deque(in_turn(peers)[:ADDRESSES])
    attempts: dict[asyncio.Task[Stream], Peer] = {}
    problem = OSError("it has no address")
    try:
        while waiting or attempts:
            if waiting:
                peer = waiting.popleft()
                attempts[asyncio.get_running_loop().create_task(connect(peer))] = peer
            patience = NEXT_AFTER_SECONDS if waiting else None
            done, _ = await asyncio.wait(attempts, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                match attempt.exception():
                    case None:
                        return attempt.result(), attempts.pop(attempt)
                    case OSError() as problem:
                        del attempts[attempt]
                    case error:
                        raise error
        raise problem
    finally:
        give_up(attempts)


def give_up(attempts: Iterable[asyncio.Task[Stream]]) -> None:
    """End them at the next turn of the loop, and the connections of those that have one."""
    for attempt in attempts:
        attempt.cancel()
        attempt.add_done_callback(_let_go)


def _let_go(attempt: asyncio.Task[Stream]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()


def in_turn(peers: Sequence[Peer]) -> list[Peer]:
    """The peers, one of the first one's family and one of another in turn, as long as there are both."""
    first = [peer for peer in peers if peer[0] == peers[0][0]]
    other = [peer for peer in peers if peer[0] != peers[0][0]]
    return [peer for pair in zip_longest(first, other) for peer in pair if peer is not None]


async def connect(peer: Peer) -> Stream:
    """
    Connect to one address.

    Raises:
        OSError: it takes no connection.
    """
    return await stream_over(await connected_socket(peer))


async def connected_socket(peer: Peer) -> socket.socket:
    """
    As `connect`, for who wants the socket; it does not block.

    Raises:
        OSError: likewise.
    """
    family, address = peer
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        tune(connected)
        await _connect(connected, address)
    except BaseException:
        connected.close()
        raise
    return connected


async def _connect(connected: socket.socket, address: Address) -> None:
    """As the loop's own would, but for that of uvloop, which forgets the link of an address."""
    loop = asyncio.get_running_loop()
    with suppress(BlockingIOError):
        connected.connect(address)
    is_decided = asyncio.Event()
    loop.add_writer(connected, is_decided.set)
    try:
        await is_decided.wait()
    finally:
        loop.remove_writer(connected)
    if error := connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))


async def stream_over(connected: socket.socket) -> Stream:
    """What reads and writes a connection, tuned already, which is its own from now on; raises OSError."""
    try:
        _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=connected)
    except BaseException:
        connected.close()
        raise
    return stream
