"""Clients of SSH that do what no client should, made of AsyncSSH's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh

from tests.doors.daemon import Daemon
from tests.doors.ssh_peers import PASSWORD, port_of

MIB = 1024 * 1024
MSG_IGNORE = 2
MSG_USERAUTH_REQUEST = 50
MSG_GLOBAL_REQUEST = 80
MSG_CHANNEL_OPEN = 90
MSG_CHANNEL_CLOSE = 97
MSG_CHANNEL_REQUEST = 98

UNPUNISHED = '[limits.penalties]\nexempt = ["127.0.0.0/8"]\n'


def string(data: bytes) -> bytes:
    """Source: RFC 4251 section 5."""
    return len(data).to_bytes(4, "big") + data


@asynccontextmanager
async def connected(
    daemon: Daemon, *, key: Path | None = None, user: str = "alice", peer: socket.socket | None = None
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """A client that has logged in."""
    async with asyncssh.connect(
        *(("127.0.0.1", port_of(daemon)) if peer is None else ()),
        sock=peer,
        username=user,
        password=None if key is not None else PASSWORD,
        client_keys=[str(key)] if key is not None else None,
        known_hosts=None,
        config=None,
        agent_path=None,
        preferred_auth="publickey" if key is not None else "password",
        # its own first choice takes it half a millisecond a packet
        encryption_algs=["aes128-gcm@openssh.com"],
    ) as connection:
        yield connection


def dial(daemon: Daemon, *, source: str = "127.0.0.1") -> socket.socket:
    """A socket that says nothing yet."""
    return socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=20, source_address=(source, 0))


def hears_the_end(peer: socket.socket) -> bool:
    """Whether the server closes, whatever it says before."""
    try:
        while peer.recv(64 * 1024):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def pause(connection: asyncssh.SSHClientConnection) -> None:
    """Take nothing from the server any more."""
    connection._transport.pause_reading()  # type: ignore[union-attr]


async def is_closed(connection: asyncssh.SSHClientConnection, *, seconds: float = 20) -> bool:
    """Whether the server ends it."""
    try:
        await asyncio.wait_for(connection.wait_closed(), seconds)
    except TimeoutError:
        return False
    return True


async def until_true(claim: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Wait for what no event tells."""
    end_at = asyncio.get_running_loop().time() + seconds
    while not claim():
        if asyncio.get_running_loop().time() > end_at:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.01)
