"""One datagram, one answer: no connection, no order, no end, and nobody who says that it arrived."""

import contextlib
import select
import socket
import time
from dataclasses import replace

from doorward.core.launch import Launch
from doorward.core.settings import LineSessionKind
from doorward.models._answering import Conversation, Reception
from doorward.models._child import Child
from doorward.models._model import Model

ANSWER_BYTES = 8 * 1024
"""Of output in one answer; what is more is cut, and the answer says so. UDP itself ends at 65,507 bytes."""

QUEUED = 190
"""Short questions that fit into net.core.rmem_default, 212,992 bytes: measured, on Linux 6.18."""

_DATAGRAM_BYTES = 64 * 1024

MODEL = Model(
    name="udp",
    waits="in recvfrom; the address of a datagram is all that is known of a peer",
    costs="answers that are lost, doubled or out of order, cut at 8 KiB; and whoever forges an address has "
    "somebody else answered, so that it stays on loopback",
    take_when="a question and its answer are small, and who got none asks again: as names are looked up",
    most_peers=1,
    out_of_reach={QUEUED + 1: f"its one buffer holds some {QUEUED} questions, and what comes then is lost"},
    transport="udp",
)


def serve(listener: socket.socket, reception: Reception) -> None:
    """Answer one datagram after the other, see `Server`."""
    limits = replace(reception.limits, output_bytes=min(reception.limits.output_bytes, ANSWER_BYTES))
    short = replace(reception, limits=limits, kind=LineSessionKind.ONCE)
    # [the wait]
    while True:
        datagram, address = listener.recvfrom(_DATAGRAM_BYTES)
        answer = _answer(datagram, f"{address[0]}:{address[1]}", short)
        if answer:
            _send(listener, answer, address)
    # [end]


def _answer(datagram: bytes, address: str, reception: Reception) -> bytes:
    conversation = Conversation(reception, address=address, here=lambda: 1, clock=time.monotonic)
    conversation.bytes_to_send()  # a greeting has no place here: nobody came, there is a question already
    conversation.receive_data(datagram if datagram.endswith(b"\n") else datagram + b"\n")
    conversation.receive_eof()
    while (launch := conversation.next_launch()) is not None:
        # a signal waits: there is nobody else to serve, and the time of a child is limited
        with reception.stopping.held_back():
            _run(launch, conversation)
    return conversation.bytes_to_send()


def _run(launch: Launch, conversation: Conversation) -> None:
    try:
        child = Child(launch)
    except OSError as error:
        conversation.not_started(error)
        return
    try:
        _listen_to(child, conversation)
    finally:
        conversation.ended(child.finish())


def _listen_to(child: Child, conversation: Conversation) -> None:
    waits = select.poll()
    waits.register(child.output, select.POLLIN)
    waits.register(child.end, select.POLLIN)
    while not conversation.stops_child:
        seconds = max(conversation.deadline_at - time.monotonic(), 0.0)
        ready = {descriptor for descriptor, _ in waits.poll(seconds * 1000)}
        if not ready:
            conversation.time_is_up()
        elif child.end in ready:
            child.kill()
            while data := child.read():
                conversation.output(data)
            return
        elif data := child.read():
            conversation.output(data)
        else:
            waits.unregister(child.output)


def _send(listener: socket.socket, answer: bytes, address: tuple[str, int]) -> None:
    # that nobody is there any more, UDP may tell or not
    with contextlib.suppress(OSError):
        listener.sendto(answer, address)
