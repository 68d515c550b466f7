"""One thread and select(2): a list of all descriptors goes to the kernel and back at every turn."""

import select
import socket
import time

from doorward.models._answering import Reception
from doorward.models._child import Child
from doorward.models._deadlines import Deadlines
from doorward.models._model import Model
from doorward.models._nonblocking import READ, WRITE, LoopPeer

HIGHEST_DESCRIPTOR = 1023
"""FD_SETSIZE of the C library less one: an fd_set has no bit for more, see select(2)."""

MODEL = Model(
    name="select",
    waits="in select, for all sockets and all children at once",
    costs="at every turn the whole list is built, copied and searched, and it ends at descriptor 1,023",
    take_when="a hundred peers on a system that has nothing better: it is there everywhere",
    most_peers=1_010,
    out_of_reach={1_011: "select has no bit for a descriptor above 1,023, and children want some of them"},
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in this thread, see `Server`."""
    loop = _Loop(listener, reception)
    try:
        while True:
            loop.turn()
    finally:
        loop.send_home()


class _Loop:
    """The peers, and whose a descriptor is."""

    def __init__(self, listener: socket.socket, reception: Reception) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._reception = reception
        self._peers: set[LoopPeer] = set()
        self._deadlines: Deadlines[LoopPeer] = Deadlines()

    # [the wait]
    def turn(self) -> None:
        """Wait until something is ready or due, and act on all of it."""
        reads, writes, owners = self._wanted()
        seconds = self._deadlines.wait_seconds(time.monotonic())
        readable, writable, _ = select.select(reads, writes, [], seconds)
        for descriptor in writable:
            self._tell(owners[descriptor], descriptor, WRITE)
        for descriptor in readable:
            if descriptor in owners:
                self._tell(owners[descriptor], descriptor, READ)
            else:
                self._accept()
        for peer in list(self._deadlines.take_due(time.monotonic())):
            peer.time_is_up()
            self._look_after(peer)

    def _wanted(self) -> tuple[list[int], list[int], dict[int, LoopPeer]]:
        """The lists for the kernel, made anew each time, and whose each descriptor is."""
        owners: dict[int, LoopPeer] = {}
        reads, writes = [], []
        if len(self._peers) < self._reception.most_peers:
            reads.append(self._listener.fileno())
        for peer in self._peers:
            for descriptor, interest in peer.interests().items():
                owners[descriptor] = peer
                if interest.what & READ:
                    reads.append(descriptor)
                if interest.what & WRITE:
                    writes.append(descriptor)
        return reads, writes, owners

    # [end]

    def send_home(self) -> None:
        """Close every peer."""
        for peer in self._peers:
            peer.close()

    def _tell(self, peer: LoopPeer, descriptor: int, what: int) -> None:
        peer.ready(descriptor, what)
        self._look_after(peer)

    def _look_after(self, peer: LoopPeer) -> None:
        if peer.interests():
            self._deadlines.watch(peer)
        else:
            self._peers.discard(peer)
            self._deadlines.forget(peer)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        if connection.fileno() > HIGHEST_DESCRIPTOR:
            connection.close()
            return
        peer = LoopPeer(connection, self._reception, here=lambda: len(self._peers), may_start=_has_bits)
        self._peers.add(peer)
        self._look_after(peer)


def _has_bits(child: Child) -> bool:
    return max(child.output, child.end) <= HIGHEST_DESCRIPTOR
