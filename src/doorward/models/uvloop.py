"""The same protocols on uvloop: not a line of the peer changes, the loop below is libuv's in C."""

import socket

import uvloop

from doorward.models._answering import Reception
from doorward.models._callback_peer import Crowd
from doorward.models._event_loop import serve_loop
from doorward.models._model import Model

MODEL = Model(
    name="uvloop",
    waits="in libuv's epoll_wait; sockets and timers are C's, the protocol's methods are ours",
    costs="a compiled package, and a loop that no debugger of Python looks into",
    take_when="a program on asyncio is to be quicker for one line: the daemon itself runs on it",
    most_peers=12_000,
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in one loop of uvloop, see `Server`."""
    # [the wait]
    serve_loop(lambda: Crowd(reception).serve(listener), uvloop.new_event_loop)
    # [end]
