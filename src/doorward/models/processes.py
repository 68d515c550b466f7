"""A pool of processes, made beforehand: each takes one peer at a time off the same listening socket."""

import mmap
import os
import socket
from functools import partial

from doorward.models._answering import Reception
from doorward.models._blocking import serve_peer
from doorward.models._forking import end_all, fork_child
from doorward.models._model import Model

WORKERS = 8

MODEL = Model(
    name="processes",
    waits="eight processes in accept on one socket; the kernel gives each peer to one of them",
    costs="a peer that says nothing holds a whole process, and eight of them hold the door",
    take_when="peers come and go quickly and make the processor work: no interpreter lock between them",
    most_peers=WORKERS,
    out_of_reach={WORKERS + 1: "its eight processes have one peer each; the others wait in the backlog"},
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Serve with `WORKERS` processes, a new one for each that died, see `Server`."""
    # one byte a worker, each written by its worker alone: no lock
    busy = mmap.mmap(-1, WORKERS)
    places: dict[int, int] = {}

    def begin(place: int) -> None:
        fork_child(
            partial(_work, listener, reception, busy, place), lambda pid: places.__setitem__(pid, place)
        )

    try:
        for place in range(WORKERS):
            begin(place)
        while True:
            pid, _ = os.waitpid(-1, 0)
            place = places.pop(pid)
            busy[place] = 0
            begin(place)
    finally:
        end_all(places)


def _work(listener: socket.socket, reception: Reception, busy: mmap.mmap, place: int) -> None:
    # [the wait]
    while True:
        connection, _ = listener.accept()
        busy[place] = 1
        serve_peer(connection, reception, here=lambda: sum(busy[:]))
        busy[place] = 0
    # [end]
