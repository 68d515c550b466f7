"""One peer as a protocol of asyncio: the loop calls, the peer answers at once, and nothing waits here."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, cast

from doorward.core.launch import Launch
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS
from doorward.models._answering import Conversation, Reception


class Crowd:
    """The peers of one loop, and what it still has to wait for at the end."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.peers: set[PeerProtocol] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._children: set[ChildProtocol] = set()
        self._changed = asyncio.Event()

    async def serve(self, listener: socket.socket) -> NoReturn:
        """Let peers in until this is cancelled; then end all of them, and their children."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        try:
            while True:
                connection, _ = await loop.sock_accept(listener)
                # a cancelled one would be closed by uvloop without a word to its protocol
                await asyncio.shield(self._begin(self._let_in(connection)))
                await self._wait_while(lambda: len(self.peers) >= self.reception.most_peers)
        finally:
            # one who was let in just before arrives only now
            await self._wait_while(self._send_home)

    def start(self, peer: "PeerProtocol", launch: Launch) -> None:
        """Start a child for `peer`, which hears of it."""
        _ = self._begin(self._start(peer, launch))

    def know(self, peer: "PeerProtocol") -> None:
        """Hear that a peer is there."""
        self.peers.add(peer)
        self._changed.set()

    def forget(self, one: "PeerProtocol | ChildProtocol") -> None:
        """Hear that a peer or a child is gone."""
        self.peers.discard(cast(PeerProtocol, one))
        self._children.discard(cast(ChildProtocol, one))
        self._changed.set()

    def _send_home(self) -> bool:
        for peer in list(self.peers):
            peer.abort()
        return bool(self.peers or self._starting or self._children)

    def _begin(self, coming: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coming)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        task.add_done_callback(lambda _task: self._changed.set())
        return task

    async def _let_in(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: PeerProtocol(self), connection)

    async def _start(self, peer: "PeerProtocol", launch: Launch) -> None:
        child = ChildProtocol(self, peer)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: child,
                *launch.argv,
                env=dict(launch.environment),
                cwd=launch.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            peer.child_not_started(error)
            return
        if not child.is_gone:
            self._children.add(child)

    async def _wait_while(self, holds: Callable[[], bool]) -> None:
        while holds():
            self._changed.clear()
            await self._changed.wait()


class PeerProtocol(asyncio.Protocol):
    """One connection, as the loop sees it."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._limits = crowd.reception.limits
        self._loop = asyncio.get_running_loop()
        self._child: ChildProtocol | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled_by: float | None = None
        self._parting_by: float | None = None
        self._lingered_bytes = 0
        self._has_ended = False
        self._is_lost = False

    # [the wait]
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, and do all that these do
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(self._limits.write_buffer_bytes)
        self._crowd.know(self)
        host, port = transport.get_extra_info("peername") or ("unknown", 0)
        self._conversation = Conversation(
            self._crowd.reception,
            address=f"{host}:{port}",
            here=lambda: len(self._crowd.peers),
            clock=self._loop.time,
        )
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._parting_by is None:
            self._conversation.receive_data(data)
            self._go_on()
        else:
            self._linger(len(data))

    def eof_received(self) -> bool:
        if self._parting_by is not None:
            return False
        self._has_ended = True
        self._conversation.receive_eof()
        self._go_on()
        return True  # our half stays open for what is still to be said

    def pause_writing(self) -> None:
        self._stalled_by = self._loop.time() + self._limits.stalled_write_seconds
        if self._child is not None:
            self._child.pause()
        self._watch_the_clock()

    def resume_writing(self) -> None:
        self._stalled_by = None
        if self._child is not None:
            self._child.resume()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._conversation.left()
        if self._child is not None:
            self._child.kill()
        if self._timer is not None:
            self._timer.cancel()
        self._crowd.forget(self)

    # [end]

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # What a child tells

    def child_started(self, child: "ChildProtocol") -> None:
        self._child = child
        if self._is_lost:
            child.kill()
        elif self._stalled_by is not None:
            child.pause()
        self._go_on()

    def child_not_started(self, error: OSError) -> None:
        self._conversation.not_started(error)
        self._go_on()

    def child_wrote(self, data: bytes) -> None:
        self._conversation.output(data)
        self._send()

    def child_ended(self, status: int) -> None:
        self._child = None
        self._conversation.ended(status)
        self._go_on()

    # What follows

    def _go_on(self) -> None:
        """Answer what can be answered, begin what must be waited for, and hand over what is to be sent."""
        if self._parting_by is not None or self._is_lost:
            return
        while self._stalled_by is None and (launch := self._conversation.next_launch()) is not None:
            self._crowd.start(self, launch)
        if self._child is not None and self._conversation.stops_child:
            self._child.kill()
        self._send()
        if self._conversation.is_over and not self._conversation.is_running:
            self._part()
        elif not self._transport.is_closing() and not self._has_ended:
            (self._transport.resume_reading if self._reads else self._transport.pause_reading)()
        self._watch_the_clock()

    @property
    def _reads(self) -> bool:
        return self._conversation.wants_data and self._stalled_by is None

    def _send(self) -> None:
        if (data := self._conversation.bytes_to_send()) and not self._transport.is_closing():
            self._transport.write(data)

    def _part(self) -> None:
        """Close once all is sent; a peer that sent too much may read its answer first."""
        if self._transport.is_closing():
            return
        if self._conversation.is_overfed:
            # to close over unread bytes resets, and a reset takes the answer along
            self._transport.write_eof()
            self._transport.resume_reading()
            self._parting_by = self._loop.time() + LINGERING_SECONDS
        else:
            self._transport.close()
            self._parting_by = self._loop.time() + self._limits.stalled_write_seconds

    def _linger(self, size_bytes: int) -> None:
        self._lingered_bytes += size_bytes
        if self._lingered_bytes > LINGERING_BYTES:
            self._transport.abort()

    def _watch_the_clock(self) -> None:
        """Be woken at the deadline; one that moved away is looked at when the old one has come."""
        due_at = self._deadline_at()
        if self._timer is not None:
            if self._timer.when() <= due_at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due_at, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        self._timer = None
        now = self._loop.time()
        if now >= self._deadline_at():
            if self._parting_by is not None or (self._stalled_by is not None and now >= self._stalled_by):
                self._transport.abort()
                return
            self._conversation.time_is_up()
            self._go_on()
        else:
            self._watch_the_clock()

    def _deadline_at(self) -> float:
        if self._parting_by is not None:
            return self._parting_by
        run_by = self._conversation.deadline_at
        if self._stalled_by is None:
            return run_by
        is_running = self._child is not None and self._conversation.is_running
        return min(run_by, self._stalled_by) if is_running else self._stalled_by


class ChildProtocol(asyncio.SubprocessProtocol):
    """
    A child, as the loop sees it.

    Attributes:
        is_gone: it has ended, and was waited for.
    """

    def __init__(self, crowd: Crowd, peer: PeerProtocol) -> None:
        self._crowd = crowd
        self._peer = peer
        self._has_output = True
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._peer.child_started(self)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._peer.child_wrote(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._has_output = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        # no shell and no thread was between: uvloop gives a signal as a minus too
        self._peer.child_ended(self._transport.get_returncode() or 0)
        self._crowd.forget(self)

    def kill(self) -> None:
        """Kill it and what it started in its session."""
        if self._transport.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)
        # its end is told behind the end of its output, and that is found by reading
        self.resume()

    def pause(self) -> None:
        """Read no more of what it writes; it waits then, by itself."""
        if self._has_output:
            self._pipe().pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._has_output:
            self._pipe().resume_reading()

    def _pipe(self) -> asyncio.ReadTransport:
        return cast(asyncio.ReadTransport, self._transport.get_pipe_transport(1))
