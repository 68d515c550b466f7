"""One peer on a socket that blocks: for models that give it a thread or a process, or have one peer."""

import logging
import select
import socket
import time
from collections.abc import Callable

from doorward.core.launch import Launch
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS
from doorward.models._answering import Conversation, Reception
from doorward.models._child import READ_BYTES, Child

_log = logging.getLogger("doorward.models")


def serve_peer(connection: socket.socket, reception: Reception, *, here: Callable[[], int]) -> None:
    """Serve one peer from the greeting to the end; `connection` is closed then, and no child is left."""
    with connection:
        try:
            host, port = connection.getpeername()[:2]
            conversation = Conversation(reception, address=f"{host}:{port}", here=here, clock=time.monotonic)
            peer = _BlockingPeer(connection, conversation, reception)
            try:
                peer.serve()
            finally:
                peer.end_child()
        except OSError as error:
            # a peer that has left, or that does not read, is its own business
            _log.debug("a peer was lost: %s", error)


class _BlockingPeer:
    __slots__ = ("_child", "_connection", "_conversation", "_reception")

    def __init__(self, connection: socket.socket, conversation: Conversation, reception: Reception) -> None:
        self._connection = connection
        self._conversation = conversation
        self._reception = reception
        self._child: Child | None = None

    # [the wait]
    def serve(self) -> None:
        while True:
            while (launch := self._conversation.next_launch()) is not None:
                self._run(launch)
            self._send()
            if self._conversation.is_over:
                break
            self._receive()
        if self._conversation.is_overfed:
            self._linger()

    def _receive(self) -> None:
        seconds = self._conversation.deadline_at - time.monotonic()
        self._connection.settimeout(max(seconds, 0.001))
        try:
            data = self._connection.recv(READ_BYTES)
        except TimeoutError:
            self._conversation.time_is_up()
            return
        if data:
            self._conversation.receive_data(data)
        else:
            self._conversation.receive_eof()

    def _send(self) -> None:
        self._connection.settimeout(self._reception.limits.stalled_write_seconds)
        self._connection.sendall(self._conversation.bytes_to_send())

    # [end]

    def _run(self, launch: Launch) -> None:
        try:
            with self._reception.stopping.held_back():
                child = self._child = Child(launch)
        except OSError as error:
            self._conversation.not_started(error)
            return
        self._pass_on(child)
        self.end_child()

    def end_child(self) -> None:
        """End the child if there is one, and wait for it."""
        if self._child is not None:
            with self._reception.stopping.held_back():
                child, self._child = self._child, None
                self._conversation.ended(child.finish())

    def _pass_on(self, child: Child) -> None:
        waits = select.poll()
        waits.register(self._connection, 0)  # its failure alone, which is always told: the peer has left
        waits.register(child.output, select.POLLIN)
        waits.register(child.end, select.POLLIN)
        while not self._conversation.stops_child:
            seconds = max(self._conversation.deadline_at - time.monotonic(), 0.0)
            ready = {descriptor for descriptor, _ in waits.poll(seconds * 1000)}
            if self._connection.fileno() in ready:
                self._conversation.left()
            elif child.end in ready:
                child.kill()  # nothing that it started holds the pipe open any more
                while self._take_output(child):
                    pass
                return
            elif not ready:
                self._conversation.time_is_up()
            elif not self._take_output(child):
                waits.unregister(child.output)

    def _take_output(self, child: Child) -> bool:
        """Pass on a piece of output; whether there may be more."""
        data = child.read()
        if data:
            self._conversation.output(data)
            self._send()
        return bool(data)

    def _linger(self) -> None:
        """Read on for a moment: to close over unread bytes resets, and a reset takes the answer along."""
        self._connection.shutdown(socket.SHUT_WR)
        by, lingered_bytes = time.monotonic() + LINGERING_SECONDS, 0
        while lingered_bytes <= LINGERING_BYTES and (seconds := by - time.monotonic()) > 0:
            self._connection.settimeout(seconds)
            data = self._connection.recv(READ_BYTES)
            if not data:
                return
            lingered_bytes += len(data)
