"""A child a peer: fork after accept, and reap every child that ends."""

import logging
import mmap
import os
import selectors
import signal
import socket
import struct

from doorward.models._answering import Reception
from doorward.models._blocking import serve_peer
from doorward.models._forking import end_all, fork_child
from doorward.models._model import Model

MODEL = Model(
    name="fork",
    waits="the parent for the next peer or the end of a child, each child in its peer's recv",
    costs="a process a peer: milliseconds to make and end it, megabytes that it no longer shares, reaping",
    take_when="peers are few and must not touch each other: a crash, a leak, another user id stay with one",
    most_peers=500,
    out_of_reach={501: "it stops at 500 processes, a few megabytes each"},
)

_log = logging.getLogger("doorward.models")

_COUNT = struct.Struct("=I")


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve each peer in a process of its own, see `Server`."""
    nursery = _Nursery(listener, reception)
    try:
        # [the wait]
        while True:
            if nursery.wait_for_peer_or_end():
                connection, _ = listener.accept()
                nursery.welcome(connection)
            nursery.reap()
        # [end]
    finally:
        nursery.send_home()


class _Nursery:
    """The children, and their number in memory that they share and the parent alone writes."""

    def __init__(self, listener: socket.socket, reception: Reception) -> None:
        self._listener = listener
        self._reception = reception
        self._children: set[int] = set()
        self._count = mmap.mmap(-1, _COUNT.size)
        # SIGCHLD as a byte to wait for: a child that ends between a look and a wait is not missed
        self._ends, self._bell = socket.socketpair()
        self._ends.setblocking(False)
        self._bell.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        self._waits = selectors.DefaultSelector()
        self._waits.register(self._ends, selectors.EVENT_READ)

    def wait_for_peer_or_end(self) -> bool:
        """Whether a peer is there; none is looked for while there is no room."""
        has_room = len(self._children) < self._reception.most_peers
        if has_room:
            self._waits.register(self._listener, selectors.EVENT_READ)
        ready = self._waits.select()
        if has_room:
            self._waits.unregister(self._listener)
        return any(key.fileobj is self._listener for key, _ in ready)

    def welcome(self, connection: socket.socket) -> None:
        with connection:
            try:
                fork_child(lambda: self._serve(connection), self._children.add)
            except OSError as error:
                # the system's processes or memory are used up: one peer less, and the others stay
                _log.warning("a peer was sent away, there can be no process for it: %s", error)
        self._tell_count()

    def reap(self) -> None:
        try:
            self._ends.recv(4096)
        except BlockingIOError:
            return
        while self._children:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            self._children.discard(pid)
        self._tell_count()

    def send_home(self) -> None:
        signal.set_wakeup_fd(-1)
        end_all(self._children)
        for each in (self._waits, self._ends, self._bell, self._count):
            each.close()

    def _serve(self, connection: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._listener.close()
        serve_peer(connection, self._reception, here=lambda: _COUNT.unpack_from(self._count)[0])

    def _tell_count(self) -> None:
        _COUNT.pack_into(self._count, 0, len(self._children))
