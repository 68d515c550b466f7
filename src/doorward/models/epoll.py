"""One thread and epoll(7): the kernel keeps the list, and gives what is ready alone."""

import contextlib
import select
import socket
import time

from doorward.models._answering import Reception
from doorward.models._deadlines import Deadlines
from doorward.models._model import Model
from doorward.models._nonblocking import FAILED, READ, WRITE, Interest, LoopPeer

MODEL = Model(
    name="epoll",
    waits="in epoll_wait, which costs as much as is ready and not as much as is there",
    costs="a call for every change of what is waited for, and a loop of one's own to keep right; Linux alone",
    take_when="to see what is below every event loop; otherwise take one that others keep",
    most_peers=12_000,
)

_EVENTS = 256
_ACCEPTED_AT_ONCE = 64


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in this thread, see `Server`."""
    loop = _Loop(listener, reception)
    try:
        while True:
            loop.turn()
    finally:
        loop.send_home()


class _Loop:
    """The peers, whose a descriptor is, and what the kernel was told to wait for."""

    def __init__(self, listener: socket.socket, reception: Reception) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._reception = reception
        self._epoll = select.epoll()
        self._waits_for: dict[LoopPeer, dict[int, Interest]] = {}
        self._owners: dict[int, LoopPeer] = {}
        self._deadlines: Deadlines[LoopPeer] = Deadlines()
        self._listens = False
        self._listen_while_there_is_room()

    # [the wait]
    def turn(self) -> None:
        """Wait until something is ready or due, and act on all of it."""
        seconds = self._deadlines.wait_seconds(time.monotonic())
        for descriptor, events in self._epoll.poll(seconds, _EVENTS):
            if descriptor == self._listener.fileno():
                self._accept()
            elif (peer := self._owners.get(descriptor)) is not None:
                peer.ready(descriptor, _what(events))
                self._wait_for(peer)
        for peer in list(self._deadlines.take_due(time.monotonic())):
            peer.time_is_up()
            self._wait_for(peer)

    def _wait_for(self, peer: LoopPeer) -> None:
        """Tell the kernel what changed, and no more."""
        before, after = self._waits_for.get(peer, {}), peer.interests()
        for descriptor in before.keys() - after.keys():
            del self._owners[descriptor]
            # what was closed meanwhile, the kernel has forgotten
            with contextlib.suppress(OSError):
                self._epoll.unregister(descriptor)
        for descriptor, interest in after.items():
            known = before.get(descriptor)
            if known == interest:
                continue
            self._owners[descriptor] = peer
            is_same = known is not None and known.opening == interest.opening
            change = self._epoll.modify if is_same else self._epoll.register
            change(descriptor, _events(interest.what))
        self._remember(peer, after)

    # [end]

    def send_home(self) -> None:
        """Close every peer."""
        for peer in self._waits_for:
            peer.close()
        self._epoll.close()

    def _remember(self, peer: LoopPeer, waits_for: dict[int, Interest]) -> None:
        if waits_for:
            self._waits_for[peer] = waits_for
            self._deadlines.watch(peer)
        else:
            self._waits_for.pop(peer, None)
            self._deadlines.forget(peer)
            self._listen_while_there_is_room()

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if not self._listen_while_there_is_room():
                return
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            self._wait_for(LoopPeer(connection, self._reception, here=lambda: len(self._waits_for)))

    def _listen_while_there_is_room(self) -> bool:
        has_room = len(self._waits_for) < self._reception.most_peers
        if has_room is not self._listens:
            self._listens = has_room
            if has_room:
                self._epoll.register(self._listener, select.EPOLLIN)
            else:
                self._epoll.unregister(self._listener)
        return has_room


def _events(what: int) -> int:
    """Our bits as epoll's; a failure is told however little is asked for."""
    return (select.EPOLLIN if what & READ else 0) | (select.EPOLLOUT if what & WRITE else 0)


def _what(events: int) -> int:
    """Epoll's bits as ours; the end of a pipe is a reason to read."""
    return (
        (READ if events & (select.EPOLLIN | select.EPOLLHUP) else 0)
        | (WRITE if events & select.EPOLLOUT else 0)
        | (FAILED if events & select.EPOLLERR else 0)
    )
