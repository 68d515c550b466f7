"""Ask many servers at once from one thread: sockets that never block, and select."""

import os
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from doorward.models.clients._question import READ_BYTES, Question


@dataclass(slots=True)
class _Asking:
    connection: socket.socket
    question: Question
    is_connected: bool = False
    unsent: bytes = b""


def ask_all(
    address: tuple[str, int], lines: Sequence[str], *, timeout_seconds: float = 10.0
) -> list[bytes | Exception]:
    """
    The answers of the server at `address` to `lines`, asked at once; an error stands in an answer's place.

    Args:
        address: the server.
        lines: at most some hundreds: select has no bit for a descriptor above 1,023.
        timeout_seconds: of all of them together.
    """
    asked = [_Asking(socket.socket(), Question(line)) for line in lines]
    answers: dict[int, bytes | Exception] = {}
    by = time.monotonic() + timeout_seconds
    for asking in asked:
        asking.connection.setblocking(False)
        asking.connection.connect_ex(address)  # it goes on by itself; select tells when it is done
    while waiting := [number for number in range(len(asked)) if number not in answers]:
        ready = _ready([asked[number] for number in waiting], by - time.monotonic())
        if not ready:
            answers |= dict.fromkeys(waiting, TimeoutError("no answer in time"))
        for number in waiting:
            if asked[number].connection in ready:
                _step(asked[number], number, answers)
    for asking in asked:
        asking.connection.close()
    return [answers[number] for number in range(len(asked))]


# [the wait]
def _ready(asked: Sequence[_Asking], seconds: float) -> set[socket.socket]:
    """Those sockets on which something can be done now; none when the time is up."""
    reads = [asking.connection for asking in asked if asking.is_connected and not asking.unsent]
    writes = [asking.connection for asking in asked if not asking.is_connected or asking.unsent]
    readable, writable, _ = select.select(reads, writes, [], max(seconds, 0.0))
    return {*readable, *writable}


# [end]


def _step(asking: _Asking, number: int, answers: dict[int, bytes | Exception]) -> None:
    """Do what can be done at once."""
    try:
        if not asking.is_connected:
            error = asking.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            asking.is_connected = True
        elif asking.unsent:
            asking.unsent = asking.unsent[asking.connection.send(asking.unsent) :]
        else:
            asking.question.receive_data(asking.connection.recv(READ_BYTES))
            asking.unsent = asking.question.bytes_to_send()
    except (OSError, ValueError) as error:
        answers[number] = error
    else:
        if asking.question.is_over:
            answers[number] = asking.question.answer
