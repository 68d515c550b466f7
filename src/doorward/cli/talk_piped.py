"""A conversation that is piped in: it goes to the peer as it comes."""

import os
import re

from doorward.cli.beside import beside
from doorward.clients._ready import until_readable
from doorward.clients.talk.session import TalkSession
from doorward.core.talking import PeerEnded

_READ_BYTES = 64 * 1024
_STDIN = 0
_LONE_LF = re.compile(rb"(?<!\r)\n")


async def pump(session: TalkSession, *, line_end: str, half_closes: bool) -> None:
    """Send stdin, and go on until the peer has ended."""
    async with beside(_feed(session, line_end=line_end, half_closes=half_closes)):
        while await session.read():
            pass


async def _feed(session: TalkSession, *, line_end: str, half_closes: bool) -> None:
    ends = _LineEnds()
    try:
        while True:
            await until_readable(_STDIN)
            data = os.read(_STDIN, _READ_BYTES)
            if not data:
                return await session.end() if half_closes else None
            await session.send(ends.translated(data) if line_end else data)
    except PeerEnded:
        return None  # whoever reads says so


class _LineEnds:
    """LF to CR LF, but where it is that already."""

    def __init__(self) -> None:
        self._is_after_cr = False

    def translated(self, data: bytes) -> bytes:
        """What `data` becomes."""
        found = _LONE_LF.sub(b"\r\n", data)
        if self._is_after_cr and data.startswith(b"\n"):
            found = found[1:]
        self._is_after_cr = data.endswith(b"\r")
        return found
