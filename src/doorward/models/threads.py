"""A thread a peer: each waits in its own recv, and the interpreter's lock lets one at a time compute."""

import contextlib
import logging
import socket
import threading

from doorward.models._answering import Reception
from doorward.models._blocking import serve_peer
from doorward.models._model import Model

_log = logging.getLogger("doorward.models")

MODEL = Model(
    name="threads",
    waits="each peer's thread in its own recv; the kernel wakes the right one",
    costs="a stack and a switch a peer, and a lock around whatever two of them share",
    take_when="there are tens of peers, and libraries that block",
    most_peers=2_000,
    out_of_reach={
        2_001: "it stops at 2,000 threads: each wants a stack, and all of them one interpreter lock"
    },
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve each peer in a thread of its own, see `Server`."""
    crowd = _Crowd(reception)
    try:
        # [the wait]
        while True:
            crowd.wait_for_room()
            connection, _ = listener.accept()
            crowd.welcome(connection)
        # [end]
    finally:
        crowd.send_home()


class _Crowd:
    """The peers that are here, each with its thread."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._room = threading.BoundedSemaphore(reception.most_peers)
        self._lock = threading.Lock()
        self._threads: dict[socket.socket, threading.Thread] = {}

    def wait_for_room(self) -> None:
        self._room.acquire()
        self._room.release()

    def welcome(self, connection: socket.socket) -> None:
        # only this thread takes room, so what was there a moment ago is there still
        self._room.acquire()
        thread = threading.Thread(target=self._serve, args=(connection,), name="peer")
        # the end waits for every thread it knows of, and only one that was started can be waited for
        with self._reception.stopping.held_back():
            with self._lock:
                self._threads[connection] = thread
            try:
                thread.start()
            except RuntimeError as error:
                # the system's threads or memory are used up: one peer less, and the others stay
                _log.warning("a peer was sent away, there can be no thread for it: %s", error)
                connection.close()
                self._forget(connection)

    def send_home(self) -> None:
        """End every conversation, and wait for the threads."""
        with self._lock:
            here = dict(self._threads)
            for connection in here:
                _shut(connection)
        for thread in here.values():
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        try:
            serve_peer(connection, self._reception, here=lambda: len(self._threads))
        finally:
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            del self._threads[connection]
        self._room.release()


def _shut(connection: socket.socket) -> None:
    # whoever waits for this peer hears its end; it may have gone by itself
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
