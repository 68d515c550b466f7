"""One peer of a loop of our own: what can be done at once when one of its descriptors is ready."""

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from doorward.core.launch import Launch
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS
from doorward.models._answering import Conversation, Reception
from doorward.models._child import READ_BYTES, Child

READ, WRITE, FAILED = 1, 2, 4
"""What a descriptor is ready for, as bits; a loop may tell of failures or not."""


class Interest(NamedTuple):
    """
    What to wait for at a descriptor.

    Attributes:
        what: `READ`, `WRITE`, both or neither.
        opening: another number when the descriptor was closed and opened again meanwhile: a kernel that kept
            it forgot it then.
    """

    what: int
    opening: int


class LoopPeer:
    """
    A peer whose socket never blocks, and the child that answers it.

    A loop waits for what `interests` says, tells `ready`, and asks for `interests` again: it may be other
    descriptors then, or none once the peer is gone and everything of it is closed.

    Attributes:
        deadline_at: when `time_is_up` is to be called, on the monotonic clock.
    """

    __slots__ = (
        "_child",
        "_connection",
        "_conversation",
        "_has_ended",
        "_is_open",
        "_limits",
        "_lingered_bytes",
        "_may_start",
        "_openings",
        "_output_is_open",
        "_parting_by",
        "_stalled_at",
        "_stopping",
        "_unsent",
        "deadline_at",
    )

    def __init__(
        self,
        connection: socket.socket,
        reception: Reception,
        *,
        here: Callable[[], int],
        may_start: Callable[[Child], bool] = lambda _child: True,
    ) -> None:
        """
        Greet a peer.

        Args:
            connection: belongs to the peer now.
            reception: what it has in common with the others.
            here: how many peers there are.
            may_start: whether the loop can wait for the descriptors of a child.
        """
        connection.setblocking(False)
        host, port = _address_of(connection)
        self._connection = connection
        self._conversation = Conversation(
            reception, address=f"{host}:{port}", here=here, clock=time.monotonic
        )
        self._limits = reception.limits
        self._stopping = reception.stopping
        self._may_start = may_start
        self._child: Child | None = None
        self._openings = 0
        self._output_is_open = False
        self._unsent = bytearray()
        self._stalled_at = 0.0
        self._has_ended = False
        self._parting_by: float | None = None
        self._lingered_bytes = 0
        self._is_open = True
        self.deadline_at = 0.0
        self._go_on_or_close()

    def interests(self) -> dict[int, Interest]:
        """Each of its descriptors, and what to wait for there; nothing at all once it is gone."""
        if not self._is_open:
            return {}
        reads = not self._has_ended and (
            self._is_parting or (self._has_room and self._conversation.wants_data)
        )
        what = (READ if reads else 0) | (WRITE if self._unsent else 0)
        found = {self._connection.fileno(): Interest(what, 0)}
        # what a peer does not read is not read from its child either, which then waits by itself
        if self._child is not None and self._has_room:
            found[self._child.end] = Interest(READ, self._openings)
            if self._output_is_open:
                found[self._child.output] = Interest(READ, self._openings)
        return found

    def ready(self, descriptor: int, what: int) -> None:
        """Do what can be done, now that `descriptor` is ready for `what`."""
        if not self._is_open:
            return
        try:
            if self._child is not None and descriptor == self._child.end:
                # the news may be of another child, whose descriptor had this number a moment ago
                if self._child.has_ended():
                    self._end_child()
            elif self._child is not None and descriptor == self._child.output:
                self._take_output(self._child)
            elif descriptor == self._connection.fileno():
                self._use_connection(what)
            self._go_on()
        except OSError:
            self.close()

    def time_is_up(self) -> None:
        """Act on the deadline."""
        if self._is_parting or (self._unsent and time.monotonic() >= self._stalled_by):
            self.close()
            return
        self._conversation.time_is_up()
        self._go_on_or_close()

    def close(self) -> None:
        """Close the connection, and end the child, at once."""
        if self._is_open:
            self._is_open = False
            self._conversation.left()
            if self._child is not None:
                self._end_child()
            self._connection.close()

    # What it is at

    @property
    def _is_parting(self) -> bool:
        return self._parting_by is not None

    @property
    def _has_room(self) -> bool:
        return len(self._unsent) < self._limits.write_buffer_bytes

    @property
    def _stalled_by(self) -> float:
        return self._stalled_at + self._limits.stalled_write_seconds

    # What it does

    def _go_on_or_close(self) -> None:
        try:
            self._go_on()
        except OSError:
            self.close()

    def _use_connection(self, what: int) -> None:
        if what & WRITE:
            self._send()
        if what & (READ | FAILED):
            self._receive()

    def _receive(self) -> None:
        try:
            data = self._connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._has_ended = True
            self._conversation.receive_eof()
        elif not self._is_parting:
            self._conversation.receive_data(data)
        else:
            self._lingered_bytes += len(data)
        if self._is_parting and (not data or self._lingered_bytes > LINGERING_BYTES):
            self.close()

    def _go_on(self) -> None:
        """Answer what can be answered, begin what must be waited for, and send as much as goes."""
        while (
            self._child is None
            and self._has_room
            and (launch := self._conversation.next_launch()) is not None
        ):
            self._start(launch)
            self._queue_bytes()
        if self._child is not None:
            # a program may cancel what it asked for
            self._conversation.next_launch()
        if self._child is not None and self._conversation.stops_child:
            self._end_child()
        self._queue_bytes()
        if self._unsent:
            self._send()
        if self._conversation.is_over and self._child is None and not self._unsent:
            self._part()
        self.deadline_at = self._next_deadline()

    def _start(self, launch: Launch) -> None:
        try:
            with self._stopping.held_back():
                child = self._child = Child(launch)
        except OSError as error:
            self._conversation.not_started(error)
            return
        self._output_is_open = True
        self._openings += 1
        if not self._may_start(child):
            with self._stopping.held_back():
                self._child = None
                child.finish()
            self._conversation.not_started(OSError(0, "no descriptor is left that this model can wait for"))

    def _take_output(self, child: Child) -> None:
        data = child.read()
        if data:
            self._conversation.output(data)
        elif data is not None:
            self._output_is_open = False

    def _end_child(self) -> None:
        if self._child is None:
            return
        with self._stopping.held_back():
            child, self._child = self._child, None
            child.kill()
            # what is left in the pipe, which nobody writes to any more
            while data := child.read():
                self._conversation.output(data)
            self._conversation.ended(child.finish())

    def _queue_bytes(self) -> None:
        if data := self._conversation.bytes_to_send():
            if not self._unsent:
                self._stalled_at = time.monotonic()
            self._unsent += data

    def _send(self) -> None:
        try:
            sent_bytes = self._connection.send(self._unsent)
        except BlockingIOError:
            return
        del self._unsent[:sent_bytes]
        self._stalled_at = time.monotonic()

    def _part(self) -> None:
        if self._is_parting or not self._is_open:
            return
        if self._conversation.is_overfed and not self._has_ended:
            # to close over unread bytes resets, and a reset takes the answer along
            self._connection.shutdown(socket.SHUT_WR)
            self._parting_by = time.monotonic() + LINGERING_SECONDS
        else:
            self.close()

    def _next_deadline(self) -> float:
        if self._parting_by is not None:
            return self._parting_by
        if not self._unsent:
            return self._conversation.deadline_at
        if self._child is None:
            return self._stalled_by
        return min(self._stalled_by, self._conversation.deadline_at)


def _address_of(connection: socket.socket) -> tuple[str, int]:
    try:
        host, port = connection.getpeername()[:2]
    except OSError:
        return "unknown", 0  # it has left already, which the first read will tell
    return str(host), int(port)
