"""A server of FTP that keeps files in memory, and goes wrong in whatever way a test wants."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from doorward.clients.ftp.settings import Deadlines, FtpServer, Security
from tests.clients.serving import serving

PATIENT = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=30, data_seconds=30, total_seconds=60)

Handler = Callable[["Login", str], Awaitable[None]]
"""What takes the place of a command's usual handling; it is given the argument."""


@dataclass(slots=True)
class FaultyServer:
    """
    The server.

    Attributes:
        files: content by name.
        instead: what is done in place of the usual, by the command's name.
        greeting: what it says first.
        tls: for the control connections, once AUTH asks for it; None for none.
        data_tls: for the others; those resume nothing.
        heard: the lines of all control connections, in order.
        logins: how many control connections there were.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    instead: dict[str, Handler] = field(default_factory=dict)
    greeting: bytes = b"220 here\r\n"
    tls: ssl.SSLContext | None = None
    data_tls: ssl.SSLContext | None = None
    heard: list[str] = field(default_factory=list)
    logins: int = 0
    host: str = "127.0.0.1"
    port: int = 0

    def server(self, deadlines: Deadlines = PATIENT) -> FtpServer:
        return FtpServer(host=self.host, port=self.port, security=Security.NONE, deadlines=deadlines)

    def says(self, verb: str, *lines: str) -> None:
        """Have `verb` answered with these lines, whatever it wants."""

        async def answer(login: "Login", _argument: str) -> None:
            for line in lines:
                await login.say(line)

        self.instead[verb] = answer

    def verbs(self) -> list[str]:
        return [line.split(" ")[0] for line in self.heard]


class Login:
    """One control connection, with what belongs to it."""

    def __init__(
        self, server: FaultyServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.offset = 0
        self.renamed = ""
        self._listener: asyncio.Server | None = None
        self._data: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._opened: list[asyncio.StreamWriter] = []
        self._is_closed = False

    async def say(self, line: str) -> None:
        await self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def hang_up(self) -> None:
        """Cut the control connection with a reset."""
        self.writer.transport.abort()

    async def listen(self) -> int:
        """Take a connection for data; gives its port."""
        await self._stop_listening()
        self._listener = await asyncio.start_server(
            self._connected, self.server.host, 0, ssl=self.server.data_tls
        )
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def data(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await self._data.get()

    async def serve(self) -> None:
        await self.send(self.server.greeting)
        while line := await self.reader.readline():
            text = line.decode("utf-8", "surrogateescape").removesuffix("\r\n")
            self.server.heard.append(text)
            verb, _, argument = text.partition(" ")
            handler = self.server.instead.get(verb) or _USUAL.get(verb)
            if handler is None:
                await self.say("502 not known here")
            else:
                await handler(self, argument)
            if verb == "QUIT":
                return

    async def close(self) -> None:
        self._is_closed = True
        opened = (self.writer, *self._opened)
        for writer in opened:
            # whoever does not read would hold it open
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()
        await self._stop_listening()
        for writer in opened:
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed:  # it was on its way when that was
            writer.transport.abort()
            return
        self._opened.append(writer)
        self._data.put_nowait((reader, writer))


@contextlib.asynccontextmanager
async def faulty_server(host: str = "127.0.0.1") -> AsyncIterator[FaultyServer]:
    server = FaultyServer(host=host)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        login = Login(server, reader, writer)
        server.logins += 1
        try:
            with contextlib.suppress(OSError):
                await login.serve()
        finally:
            await login.close()

    async with serving(connected, host) as server.port:
        yield server


# What it does when nothing is wrong


def _answer(line: str) -> Handler:
    async def answer(login: Login, _argument: str) -> None:
        await login.say(line)

    return answer


async def _auth(login: Login, _argument: str) -> None:
    if login.server.tls is None:
        await login.say("502 not known here")
        return
    await login.say("234 go on")
    await login.writer.start_tls(login.server.tls)


async def _epsv(login: Login, _argument: str) -> None:
    await login.say(f"229 Entering Extended Passive Mode (|||{await login.listen()}|)")


async def passive(login: Login, _argument: str) -> None:
    high, low = divmod(await login.listen(), 256)
    await login.say(f"227 Entering Passive Mode (127,0,0,1,{high},{low}).")


async def _size(login: Login, name: str) -> None:
    content = login.server.files.get(name)
    await login.say("550 not there" if content is None else f"213 {len(content)}")


async def _rest(login: Login, argument: str) -> None:
    login.offset = int(argument)
    await login.say("350 from there")


async def send_file(login: Login, name: str) -> None:
    content = login.server.files.get(name)
    if content is None:
        await login.say("550 not there")
        return
    await send_data(login, content[login.offset :])
    await login.say("226 sent")


async def send_data(login: Login, content: bytes) -> None:
    """Begin, send this over a connection for data, and end that."""
    await login.say("150 here it comes")
    _, writer = await login.data()
    writer.write(content)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    login.offset = 0


def end_below_tls(writer: asyncio.StreamWriter) -> None:
    """End what goes to the peer as anybody on the way could: the connection alone, without a word in TLS."""
    with socket.socket(fileno=writer.get_extra_info("socket").fileno()) as below:
        below.shutdown(socket.SHUT_WR)
        below.detach()


async def take_file(login: Login, name: str) -> None:
    await take_data(login, name)
    await login.say("226 taken")


async def take_data(login: Login, name: str, *, most_bytes: int = -1) -> None:
    """Begin, and keep what comes over a connection for data, to its end or so many bytes of it."""
    await login.say("150 give it")
    reader, writer = await login.data()
    content = await (reader.read() if most_bytes < 0 else reader.readexactly(most_bytes))
    login.server.files[name] = login.server.files.get(name, b"")[: login.offset] + content
    writer.transport.abort() if most_bytes >= 0 else writer.close()
    login.offset = 0


async def _names(login: Login, _argument: str) -> None:
    names = "".join(f"{name}\r\n" for name in login.server.files)
    await send_data(login, names.encode("utf-8", "surrogateescape"))
    await login.say("226 these")


async def _delete(login: Login, name: str) -> None:
    gone = login.server.files.pop(name, None) is not None
    await login.say("250 gone" if gone else "550 not there")


async def append_file(login: Login, name: str) -> None:
    login.offset = len(login.server.files.get(name, b""))
    await take_file(login, name)


async def list_facts(login: Login, _argument: str) -> None:
    """What MLSD is answered by a server that has it; `FEAT` is to say so."""
    lines = "".join(f"type=file;size={len(data)}; {name}\r\n" for name, data in login.server.files.items())
    await send_data(login, f"type=cdir; .\r\ntype=dir; folder\r\n{lines}".encode("utf-8", "surrogateescape"))
    await login.say("226 these")


async def _rename_from(login: Login, name: str) -> None:
    login.renamed = name
    await login.say("350 to what" if name in login.server.files else "550 not there")


async def _rename_to(login: Login, name: str) -> None:
    login.server.files[name] = login.server.files.pop(login.renamed)
    await login.say("250 renamed")


_USUAL: dict[str, Handler] = {
    "AUTH": _auth,
    "PBSZ": _answer("200 so be it"),
    "PROT": _answer("200 so be it"),
    "USER": _answer("331 the password?"),
    "PASS": _answer("230 welcome"),
    "TYPE": _answer("200 binary"),
    "PWD": _answer('257 "/folder" is current'),
    "CWD": _answer("250 there"),
    "NOOP": _answer("200 well"),
    "MDTM": _answer("213 20300615120000"),
    "QUIT": _answer("221 bye"),
    "EPSV": _epsv,
    "PASV": passive,
    "SIZE": _size,
    "REST": _rest,
    "RETR": send_file,
    "STOR": take_file,
    "APPE": append_file,
    "DELE": _delete,
    "NLST": _names,
    "RNFR": _rename_from,
    "RNTO": _rename_to,
}


def usual() -> dict[str, Handler]:
    """What is done by each command's name when nothing is wrong."""
    return dict(_USUAL)
