"""Asyncio's protocols: the loop calls a method for what happened, and no task waits for anything."""

import asyncio
import socket

from doorward.models._answering import Reception
from doorward.models._callback_peer import Crowd
from doorward.models._event_loop import serve_loop
from doorward.models._model import Model

MODEL = Model(
    name="protocols",
    waits="in the loop's epoll_wait; then connection_made, data_received, eof_received and connection_lost",
    costs="a dialogue is spread over methods, its place kept in fields; a call that blocks holds up all",
    take_when="there are thousands of peers with little to say each: no task a peer, and every event at once",
    most_peers=12_000,
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve all peers in one loop of asyncio, see `Server`."""
    serve_loop(lambda: Crowd(reception).serve(listener), asyncio.new_event_loop)
