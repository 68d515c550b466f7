"""Connections on the loop: to the first of a host's addresses that takes one, or to one that is known."""

import asyncio
import socket
from typing import Any

from doorward.clients._connecting import tune
from doorward.clients._streams import Stream

ADDRESSES = 4
"""How many of a host's are tried."""

Address = tuple[Any, ...]
"""An address with a port, as a socket has it."""

Peer = tuple[socket.AddressFamily, Address]
"""A family and an address in it, as `connect` of a socket wants it."""


async def reach_host(host: str, port: int, *, within_seconds: float) -> tuple[Stream, Peer]:
    """
    Connect to the first of the host's addresses that takes a connection; each gets its share of the time.

    Raises:
        OSError: none does; a TimeoutError where the last one did not answer.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("this cannot be the name of a host") from error
    peers: list[Peer] = [(each[0], each[4]) for each in found[:ADDRESSES]]
    problem = OSError("it has no address")
    for number, peer in enumerate(peers):
        try:
            async with asyncio.timeout(within_seconds / (len(peers) - number)):
                return await connect(peer), peer
        except OSError as error:  # a TimeoutError is one
            problem = error
    raise problem


async def connect(peer: Peer) -> Stream:
    """
    Connect to one address.

    Raises:
        OSError: it takes no connection.
    """
    family, address = peer
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connected, address)
    except BaseException:
        connected.close()
        raise
    return await stream_over(connected)


async def stream_over(connected: socket.socket) -> Stream:
    """What reads and writes a connection, which is its own from now on; raises OSError."""
    try:
        tune(connected)
        _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=connected)
    except BaseException:
        connected.close()
        raise
    return stream
