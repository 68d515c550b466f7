"""A stdin, sent as it comes and as the server takes it."""

import os

import asyncssh

from doorward.clients._ready import until_readable
from doorward.clients.ssh.session import Session

_READ_BYTES = 64 * 1024


async def send_input(
    descriptor: int | None, session: Session, channel: asyncssh.SSHClientChannel[bytes]
) -> None:
    """Send all of `descriptor`, once it is wanted, and its end; None is an empty one."""
    await session.wants_input.wait()
    while not channel.is_closing():
        data = await _read(descriptor) if descriptor is not None else b""
        if channel.is_closing():
            return
        if not data:
            channel.write_eof()
            return
        channel.write(data)
        await session.may_send.wait()


async def _read(descriptor: int) -> bytes:
    """The next piece; empty at the end, which a closed or lost stdin is at too."""
    while True:
        try:
            await until_readable(descriptor)
            return os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            continue  # somebody else, who shares it, was quicker
        except OSError:
            return b""
