"""A coroutine a peer on asyncio's streams: it reads like one that blocks, and holds up nobody."""

import asyncio
import contextlib
import socket
from typing import NoReturn

from doorward.models._answering import Conversation, Reception
from doorward.models._event_loop import serve_loop
from doorward.models._model import Model
from doorward.models._stream_peer import READ_BYTES, StreamPeer

MODEL = Model(
    name="streams",
    waits="each peer's task in await reader.read, all of them in one epoll_wait below",
    costs="a task, a reader and a writer a peer; a call that blocks holds up everybody",
    take_when="a protocol is a dialogue: code that reads from top to bottom is worth some speed",
    most_peers=12_000,
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in one loop of asyncio, see `Server`."""
    crowd = _Crowd(reception)
    serve_loop(lambda: crowd.serve(listener), asyncio.new_event_loop)


class _Crowd:
    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()

    async def serve(self, listener: socket.socket) -> NoReturn:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            while True:
                connection, _ = await loop.sock_accept(listener)
                reader, writer = await asyncio.open_connection(sock=connection, limit=READ_BYTES)
                task = loop.create_task(self._serve_peer(reader, writer))
                self._tasks.add(task)
                task.add_done_callback(self._forget)
                while len(self._tasks) >= self._reception.most_peers:
                    self._left.clear()
                    await self._left.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._left.set()

    async def _serve_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername") or ("unknown", 0)
        conversation = Conversation(
            self._reception,
            address=f"{host}:{port}",
            here=lambda: len(self._tasks),
            clock=asyncio.get_running_loop().time,
        )
        peer = StreamPeer(reader, writer, conversation, self._reception)
        try:
            # that it has left, or does not read, is its own business
            with contextlib.suppress(OSError, TimeoutError):
                await peer.serve()
        finally:
            await peer.leave()
