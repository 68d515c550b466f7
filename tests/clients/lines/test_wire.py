import os
import pty
import socket
import time
from collections.abc import Iterator

import pytest

from doorward.clients.lines.wire import HELD_BYTES, Wire


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """A wire, and the socket at its other end."""
    near, far = socket.socketpair()
    near.setblocking(False)
    wire = Wire(near)
    yield wire, far
    wire.close()
    far.close()


def test_input_is_read_no_faster_than_the_peer_takes_it(ends: tuple[Wire, socket.socket]) -> None:
    wire, _far = ends
    with open("/dev/zero", "rb") as endless:
        taken = 0

        def count(data: bytes) -> None:
            nonlocal taken
            taken += len(data)
            wire.send(data)

        def stop() -> None:
            raise TimeoutError

        wire.feed_from(endless.fileno(), count)
        wire.deadline_at, wire.on_deadline = time.monotonic() + 0.3, stop
        with pytest.raises(TimeoutError):
            wire.receive()
    assert HELD_BYTES <= taken < 4 * HELD_BYTES + 2**20


def test_what_the_peer_said_before_it_closed_is_read_though_nothing_can_be_sent(
    ends: tuple[Wire, socket.socket],
) -> None:
    wire, far = ends
    far.sendall(b"goodbye")
    far.close()
    wire.send(b"x" * 1_000_000)
    assert wire.receive() == b"goodbye"
    assert wire.receive() == b""
    wire.send(b"more")
    assert wire.send_error is not None


def test_output_that_does_not_block_is_waited_for(ends: tuple[Wire, socket.socket]) -> None:
    wire, _ = ends
    reader, writer = os.pipe2(os.O_NONBLOCK)
    try:
        fill(writer)
        wire.deadline_at, wire.on_deadline = time.monotonic() + 0.05, lambda: drain(reader)
        wire.write(writer, b"end")
        assert drain(reader) == b"end"
    finally:
        os.close(reader)
        os.close(writer)


def fill(descriptor: int) -> None:
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except BlockingIOError:
        pass


def drain(descriptor: int) -> bytes:
    found = b""
    try:
        while data := os.read(descriptor, 65536):
            found += data
    except BlockingIOError:
        pass
    return found


def test_an_output_whose_reader_left_is_a_broken_pipe(ends: tuple[Wire, socket.socket]) -> None:
    wire, _ = ends
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with pytest.raises(BrokenPipeError):
            wire.write(writer, b"x")
    finally:
        os.close(writer)


def test_a_terminal_that_went_away_is_an_ended_input(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    master, slave = pty.openpty()
    os.close(master)
    heard: list[bytes] = []

    def hear(data: bytes) -> None:
        heard.append(data)
        far.sendall(b"on")

    wire.feed_from(slave, hear)
    assert wire.receive() == b"on"
    assert heard == [b""]
    os.close(slave)


def test_waking_calls_back_however_often_it_was_asked_for(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    woken: list[bool] = []

    def answer() -> None:
        woken.append(True)
        far.sendall(b"go")

    wire.on_wake = answer
    for _ in range(100_000):
        wire.wake()
    assert wire.receive() == b"go"
    assert woken


def test_closing_twice_is_closing(ends: tuple[Wire, socket.socket]) -> None:
    wire, _ = ends
    wire.close()
    wire.close()


def test_a_reader_that_leaves_is_noticed_while_nothing_is_written(ends: tuple[Wire, socket.socket]) -> None:
    wire, _far = ends
    reader, writer = os.pipe()
    try:
        wire.write(writer, b"some")
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            wire.receive()
    finally:
        os.close(writer)


def test_a_reader_that_leaves_before_anything_was_written_ends_nothing(
    ends: tuple[Wire, socket.socket],
) -> None:
    wire, far = ends
    reader, writer = os.pipe()
    os.close(reader)
    far.sendall(b"more")
    try:
        assert wire.receive() == b"more"
    finally:
        os.close(writer)
