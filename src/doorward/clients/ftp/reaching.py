"""Connections to a server: the first by its name, those for files to where the first one ended up."""

import asyncio
import socket
from typing import Any

from doorward.clients._connecting import tune
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.streams import Stream
from doorward.clients.ftp.telling import Teller

ADDRESSES = 4
"""How many of a host's are tried."""

Address = tuple[Any, ...]
"""An address with a port, as a socket has it."""

Peer = tuple[socket.AddressFamily, Address]
"""A family and an address in it, as `connect` of a socket wants it."""


async def reach(server: FtpServer, teller: Teller) -> tuple[Stream, Peer]:
    """
    Connect to the first of the host's addresses that takes a connection; each gets its share of the time.

    Raises:
        ConnectError: none does.
    """
    endpoint, within_seconds = server.endpoint, server.deadlines.connect_seconds
    problem = OSError("it has no address")
    async with teller.phase("connect", within_seconds):
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                endpoint.host, endpoint.port, type=socket.SOCK_STREAM
            )
        except UnicodeError as error:
            raise OSError("this cannot be the name of a host") from error
        peers: list[Peer] = [(each[0], each[4]) for each in found[:ADDRESSES]]
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
