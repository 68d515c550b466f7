"""Twisted's reactor: a Protocol for the peer, a ProcessProtocol for its child, and both are called."""

import signal
import socket

from doorward.models._answering import Reception
from doorward.models._model import Model, ModelMissing
from doorward.models._stopping import Stopped, hold_signals, let_signals_in, stop_ticking

try:
    from doorward.models._twisted_peer import Crowd, reactor
except ImportError as error:
    raise ModelMissing("twisted", "Twisted", "pip install 'doorward[models]'") from error

MODEL = Model(
    name="twisted",
    waits="in the reactor's epoll_wait; it calls connectionMade, dataReceived, outReceived, processEnded",
    costs="a loop of its own beside asyncio's; of a child's own children it knows nothing",
    take_when="a protocol is there already in Twisted, or the program is",
    most_peers=12_000,
    package="doorward[models]",
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in Twisted's reactor, which runs once in a process, see `Server`."""
    crowd = Crowd(reception)
    listener.setblocking(False)
    stop_ticking()
    # a reactor that is starting swallows what a signal raises
    hold_signals()
    reactor.callWhenRunning(let_signals_in)
    # the reactor takes Ctrl-C only from whoever has it as Python does
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # [the wait]
    crowd.port = reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, crowd)
    reactor.addSystemEventTrigger("before", "shutdown", crowd.send_home)
    reactor.run()
    # [end]
    raise Stopped
