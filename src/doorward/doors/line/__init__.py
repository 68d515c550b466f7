"""The line doors: tcp, tls and unix, one session object a connection, driven by asyncio's transports."""

import asyncio

from doorward.doors._encrypted import TlsTransport
from doorward.doors.line.connection import LineConnection
from doorward.doors.line.door import LineDoor

__all__ = ["LineDoor", "meet"]


def meet(door: LineDoor) -> asyncio.Protocol:
    """What meets one connection that comes by `door`."""
    connection = LineConnection(door)
    return connection if door.context is None else TlsTransport(connection, door.context, door.limits)
