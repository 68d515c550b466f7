"""A whole file, sent within one call: for a request that is known to ask for all of it."""

import asyncio

from doorward.doors.web.files.direct import COPIED_BYTES, has_nothing_to_write, is_bare, send_now
from doorward.doors.web.files.ranges import Part
from doorward.doors.web.files.resource import Representation
from doorward.doors.web.files.way import Way
from doorward.doors.web.heads import ended


def sent_at_once(chosen: Representation, way: Way, transport: asyncio.Transport) -> bytes | None:
    """
    Send `chosen` on a connection that goes on, as far as the kernel takes it now.

    Returns:
        What is left to be written, head and body where nothing was sent; None when nothing was, since sending
        it takes more than a moment.
    """
    head = ended(chosen.whole_head, keeps_alive=True, is_http_1_0=False)
    if not chosen.whole:
        return head
    part, file = chosen.whole[0], chosen.file
    if part.size_bytes <= COPIED_BYTES:
        body = way.read_now(file, part)
        return None if body is None else b"".join((head, body))
    if not (is_bare(transport) and has_nothing_to_write(transport) and way.has_in_memory(file)):
        return None
    try:
        sent_bytes = send_now(transport, head, file.descriptor, part)
    except OSError:
        return _cut(transport)
    of_part = max(sent_bytes - len(head), 0)
    if of_part == part.size_bytes:
        return b""
    rest = way.read_now(file, Part(part.first + of_part, part.last))
    # what has begun cannot be left to somebody else
    return _cut(transport) if rest is None else b"".join((head[sent_bytes:], rest))


def _cut(transport: asyncio.Transport) -> bytes:
    """The peer is gone, or the file is: it has to see that the answer is not whole."""
    transport.abort()
    return b""
