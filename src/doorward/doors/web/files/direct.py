"""Writing to a connection's socket past the loop's transport, which copies and waits for the turn's end."""

import asyncio
import os
import socket

from doorward.doors.web.files.ranges import Part

_BARE = frozenset({"TCPTransport", "UnixTransport", "_SelectorSocketTransport"})
"""
The transports of uvloop and asyncio that write to their socket what they are given.

By name, since uvloop does not show its classes, and of those that are known to be so: to take one that
encrypts for one of them would send the file in the clear.
"""

COPIED_BYTES = 16 * 1024
"""Up to so many, one copy costs less than the pages of the file that the kernel would send in its place."""


def is_bare(transport: asyncio.Transport) -> bool:
    """Whether what is written to `transport` goes to its socket as it is."""
    return type(transport).__name__ in _BARE


def has_nothing_to_write(transport: asyncio.Transport) -> bool:
    """Whether all that was written before has gone to the kernel, so that more may follow it there."""
    return not transport.get_write_buffer_size() and not transport.is_closing()


def write_now(transport: asyncio.Transport, head: bytes, body: memoryview) -> int:
    """
    Send as much of a head and a body as the kernel takes now.

    Args:
        transport: a bare one that has nothing to write.
        head: what goes first.
        body: what goes then.

    Returns:
        How many bytes that were, 0 when it takes none.

    Raises:
        OSError: the peer is gone.
    """
    try:
        return os.writev(transport.get_extra_info("socket").fileno(), (head, body))
    except BlockingIOError:
        return 0


def send_now(transport: asyncio.Transport, head: bytes, descriptor: int, part: Part) -> int:
    """
    Send as much of a head and a part of a file as the kernel takes now, from its memory to the socket.

    Args:
        transport: a bare one that has nothing to write.
        head: what goes first.
        descriptor: of a file that is in memory: nothing is waited for then.
        part: of it.

    Returns, raises: as `write_now`.
    """
    seen = transport.get_extra_info("socket")
    # uvloop's socket cannot send; the number stays the transport's, so this one lets go of it again
    borrowed = socket.socket(
        seen.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, seen.proto, fileno=seen.fileno()
    )
    sent_bytes = 0
    try:
        sent_bytes = borrowed.send(head, socket.MSG_MORE)
        if sent_bytes == len(head):
            sent_bytes += os.sendfile(borrowed.fileno(), descriptor, part.first, part.size_bytes)
    except BlockingIOError:
        pass  # it takes no more
    finally:
        borrowed.detach()
    return sent_bytes
