"""One peer at a time: socket, bind, listen, accept, and nothing else until that peer has gone."""

import socket

from doorward.models._answering import Reception
from doorward.models._blocking import serve_peer
from doorward.models._model import Model

MODEL = Model(
    name="sequential",
    waits="in accept, then in recv, for the one peer that it has",
    costs="everybody waits for the slowest: a peer that says nothing shuts the door for its whole patience",
    take_when="there is one peer, as between two programs of one's own",
    most_peers=1,
    out_of_reach={2: "it has one peer; the others wait in the backlog"},
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve one peer after the other, see `Server`."""
    # [the wait]
    while True:
        connection, _ = listener.accept()
        serve_peer(connection, reception, here=lambda: 1)
    # [end]
