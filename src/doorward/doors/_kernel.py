"""What only the kernel knows of a connection."""

import asyncio
import fcntl
import select
import socket
import struct
import sys
import termios

_RESET = struct.pack("ii", 1, 0)
_UCRED = struct.Struct("3i")


def peer_uid(transport: asyncio.Transport) -> int:
    """Who connected to a unix socket."""
    credentials = transport.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size
    )
    return int(_UCRED.unpack(credentials)[1])


def peer_host(transport: asyncio.Transport) -> str:
    """The address of a peer of a TCP socket; `gone` for one that was reset meanwhile."""
    return str((transport.get_extra_info("peername") or ("gone",))[0])


def has_left(transport: asyncio.Transport) -> bool:
    """Whether the peer of a unix socket closed it whole, and not only its sending half; never waits."""
    waiter = select.poll()
    waiter.register(transport.get_extra_info("socket").fileno(), 0)
    return any(events & select.POLLHUP for _, events in waiter.poll(0))


def untaken_bytes(transport: asyncio.Transport) -> int:
    """How many bytes the peer has not taken yet, of what waits here and in the kernel."""
    queued = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    return transport.get_write_buffer_size() + int.from_bytes(queued, sys.byteorder)


def reset_at_close(transport: asyncio.Transport) -> None:
    """Have the kernel drop what the peer did not take, and not keep it for as long as the peer is there."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
