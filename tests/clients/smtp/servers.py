"""A mail server that does what a test tells it to: answers, hangs, hangs up, or lies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from doorward.core.mail_settings import MailSettings

HANG = "hang"
DROP = "drop"

_MESSAGE_BYTES = 4 * 1024 * 1024

_USUAL = {
    "CONNECT": "220 fault.example ESMTP",
    "EHLO": "250-fault.example\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "DATA": "354 go on",
    "END": "250 taken",
    "QUIT": "221 bye",
}


@dataclass(slots=True)
class FaultServer:
    """
    Answers each command by its first word, or by all of it where that stands in `answers`.

    Attributes:
        answers: what is said in place of the usual; `HANG` says nothing, `DROP` closes the connection. `END`
            is what follows the message.
        heard: every line that came, in order.
        messages: what came between DATA and its end, as it stood on the wire, whether it was taken or not.
        connections: how many there were.
    """

    answers: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def settings(self, *, timeout_seconds: float = 20.0, **others: object) -> MailSettings:
        """How to reach it."""
        return MailSettings(port=self.port, timeout_seconds=timeout_seconds, **others)  # type: ignore[arg-type]

    async def start(self) -> None:
        """Listen, on the port that it had before if there was one."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True, limit=_MESSAGE_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone: whoever connects is refused."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await self._server.wait_closed()
            self._server = None

    def say(self, answer: str) -> None:
        """Say what was not said before, on every connection."""
        for writer in self._writers:
            writer.write(answer.encode() + b"\r\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, _Dropped):
            await self._converse(reader, writer)
        self._writers.discard(writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "CONNECT")
        while line := await reader.readline():
            words = line.decode().rstrip("\r\n")
            self.heard.append(words)
            await self._say(writer, words)
            if words == "DATA" and self._answer(words).startswith("354"):
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                await self._say(writer, "END")
            if words == "QUIT":
                return

    def _answer(self, words: str) -> str:
        first = words.partition(" ")[0].upper()
        return self.answers.get(words, self.answers.get(first, _USUAL.get(first, "250 fine")))

    async def _say(self, writer: asyncio.StreamWriter, words: str) -> None:
        answer = self._answer(words)
        if answer == DROP:
            raise _Dropped
        if answer != HANG:
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()


class _Dropped(Exception):
    """The connection is to be closed without a word."""


@contextlib.asynccontextmanager
async def fault_server(answers: Mapping[str, str] | None = None) -> AsyncIterator[FaultServer]:
    """A server that listens on a free port, gone at the end."""
    server = FaultServer(dict(answers or {}))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
