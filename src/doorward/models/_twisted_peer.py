"""One peer as a protocol of Twisted, and its child as another: the reactor calls, and nothing waits here."""

import contextlib
from typing import TYPE_CHECKING, Any

from twisted.internet import reactor as _chosen_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol
from zope.interface import implementer

from doorward.core.launch import Launch
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS
from doorward.models._answering import Conversation, Reception

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress
    from twisted.python.failure import Failure


# the module stands in for the reactor that its import chose: nothing says of which interfaces it is
reactor: Any = _chosen_reactor


class Crowd(Factory):
    """The peers of the reactor, and what it still has to wait for at the end."""

    noisy = False
    port: Any = None

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.peers: set[PeerProtocol] = set()
        self.children: set[ChildProtocol] = set()
        self._gone: Deferred[None] | None = None

    def buildProtocol(self, _address: "IAddress | None") -> Protocol:
        return PeerProtocol(self)

    def send_home(self) -> "Deferred[None]":
        """End all of them; what this gives fires when they are gone."""
        self._gone = gone = Deferred[None]()
        for peer in list(self.peers):
            peer.abort()
        self.count()
        return gone

    def count(self) -> None:
        """Act on how many there are now."""
        if self._gone is not None:
            if not self.peers and not self.children and not self._gone.called:
                self._gone.callback(None)
        elif len(self.peers) < self.reception.most_peers:
            self.port.startReading()
        else:
            self.port.stopReading()


@implementer(IHalfCloseableProtocol)
class PeerProtocol(Protocol):
    """One connection, as the reactor sees it."""

    transport: Any

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._limits = crowd.reception.limits
        self._child: ChildProtocol | None = None
        self._timer: Any = None
        self._stalled_by: float | None = None
        self._parting_by: float | None = None
        self._lingered_bytes = 0
        self._has_ended = False
        self._is_lost = False

    def connectionMade(self) -> None:
        self.transport.bufferSize = self._limits.write_buffer_bytes
        self.transport.registerProducer(self, True)
        self._crowd.peers.add(self)
        self._crowd.count()
        address = self.transport.getPeer()
        self._conversation = Conversation(
            self._crowd.reception,
            address=f"{address.host}:{address.port}",
            here=lambda: len(self._crowd.peers),
            clock=reactor.seconds,
        )
        self._go_on()

    def dataReceived(self, data: bytes) -> None:
        if self._parting_by is None:
            self._conversation.receive_data(data)
            self._go_on()
        else:
            self._lingered_bytes += len(data)
            if self._lingered_bytes > LINGERING_BYTES:
                self.abort()

    def readConnectionLost(self) -> None:
        """Hear that the peer says nothing more, and may still listen."""
        if self._parting_by is not None:
            self.abort()
            return
        self._has_ended = True
        self._conversation.receive_eof()
        self._go_on()

    def writeConnectionLost(self) -> None:
        """Hear that our half is closed, which we did ourselves."""

    def connectionLost(self, reason: "Failure | None" = None) -> None:
        self._is_lost = True
        self._conversation.left()
        if self._child is not None:
            self._child.kill()
        if self._timer is not None:
            self._timer.cancel()
        self._crowd.peers.discard(self)
        self._crowd.count()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abortConnection()

    # The transport asks its producer, which is the child, to wait while the peer does not read

    def pauseProducing(self) -> None:
        """Hear that the peer has much to read still."""
        self._stalled_by = reactor.seconds() + self._limits.stalled_write_seconds
        if self._child is not None:
            self._child.transport.pauseProducing()
        self._watch_the_clock()

    def resumeProducing(self) -> None:
        """Hear that the peer has read it."""
        self._stalled_by = None
        if self._child is not None:
            self._child.transport.resumeProducing()
        self._go_on()

    def stopProducing(self) -> None:
        """Hear that the connection is lost, of which `connectionLost` tells too."""

    # What a child tells

    def child_wrote(self, data: bytes) -> None:
        self._conversation.output(data)
        self._send()

    def child_ended(self, status: int) -> None:
        self._child = None
        self._conversation.ended(status)
        self._go_on()

    # What follows

    def _go_on(self) -> None:
        if self._parting_by is not None or self._is_lost:
            return
        while self._stalled_by is None and (launch := self._conversation.next_launch()) is not None:
            try:
                self._child = self._started(launch)
            except OSError as error:
                self._conversation.not_started(error)
        if self._child is not None and self._conversation.stops_child:
            self._child.kill()
        self._send()
        if self._conversation.is_over and not self._conversation.is_running:
            self._part()
        elif not self._has_ended:
            wants_data = self._conversation.wants_data and self._stalled_by is None
            (self.transport.startReading if wants_data else self.transport.stopReading)()
        self._watch_the_clock()

    def _started(self, launch: Launch) -> "ChildProtocol":
        child = ChildProtocol(self, self._crowd)
        reactor.spawnProcess(
            child,
            launch.argv[0],
            launch.argv,
            dict(launch.environment),
            launch.folder,
            childFDs={0: "w", 1: "r", 2: "r"},
        )
        return child

    def _send(self) -> None:
        if data := self._conversation.bytes_to_send():
            self.transport.write(data)

    def _part(self) -> None:
        self.transport.unregisterProducer()
        if self._conversation.is_overfed:
            # to close over unread bytes resets, and a reset takes the answer along
            self.transport.loseWriteConnection()
            self.transport.startReading()
            self._parting_by = reactor.seconds() + LINGERING_SECONDS
        else:
            self.transport.loseConnection()
            self._parting_by = reactor.seconds() + self._limits.stalled_write_seconds

    def _watch_the_clock(self) -> None:
        seconds = max(self._deadline_at() - reactor.seconds(), 0.0)
        if self._timer is None:
            self._timer = reactor.callLater(seconds, self._look_at_the_clock)
        else:
            self._timer.reset(seconds)

    def _look_at_the_clock(self) -> None:
        self._timer = None
        now = reactor.seconds()
        if now < self._deadline_at():
            self._watch_the_clock()
        elif self._parting_by is not None or (self._stalled_by is not None and now >= self._stalled_by):
            self.abort()
        else:
            self._conversation.time_is_up()
            self._go_on()

    def _deadline_at(self) -> float:
        if self._parting_by is not None:
            return self._parting_by
        run_by = self._conversation.deadline_at
        if self._stalled_by is None:
            return run_by
        return min(run_by, self._stalled_by) if self._child is not None else self._stalled_by


class ChildProtocol(ProcessProtocol):
    """A child, as the reactor sees it."""

    transport: Any

    def __init__(self, peer: PeerProtocol, crowd: Crowd) -> None:
        self._peer = peer
        self._crowd = crowd

    def connectionMade(self) -> None:
        self._crowd.children.add(self)
        self.transport.closeStdin()

    def childDataReceived(self, _descriptor: int, data: bytes) -> None:
        self._peer.child_wrote(data)

    def processEnded(self, reason: "Failure") -> None:
        ended: Any = reason.value
        self._peer.child_ended(-ended.signal if ended.signal else ended.exitCode or 0)
        self._crowd.children.discard(self)
        self._crowd.count()

    def kill(self) -> None:
        """Kill it; what it started in its turn is not known to Twisted."""
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")
        # its end is told behind the end of its output, and that is found by reading
        self.transport.resumeProducing()
