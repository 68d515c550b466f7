"""Logs that nobody reads: the daemon serves on, says how much was lost, and ends in time."""

import logging
import os
import select
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from doorward.cli.background_log import LINES_MOST, BackgroundHandler
from tests.daemon import StartDaemon
from tests.doors.daemon import until
from tests.doors.peers import ask

PIPE_BYTES = 65_536
BOUND_SECONDS = 15.0
GARBAGE = """
[doors.unix]
[doors.tls]
listen = ["127.0.0.1:0"]
[limits.penalties]
exempt = ["127.0.0.1"]
"""


class Pipe:
    """A pipe as a stream that is written to."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def fileno(self) -> int:
        return self.writer

    def read_until(self, ending: bytes) -> bytes:
        heard = b""
        while ending not in heard:
            assert select.select([self.reader], [], [], BOUND_SECONDS)[0], heard[-200:]
            heard += os.read(self.reader, PIPE_BYTES)
        return heard


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for each in (made.reader, made.writer):
        os.close(each)


@pytest.fixture
def handler(pipe: Pipe) -> Iterator[BackgroundHandler]:
    """One that writes into the pipe, and whose thread has ended afterwards."""
    made = BackgroundHandler(pipe)  # type: ignore[arg-type]  # all that it asks for is a descriptor
    yield made
    # it may be in the middle of a write that nobody read
    os.set_blocking(pipe.writer, False)
    while select.select([pipe.reader], [], [], 0)[0] and os.read(pipe.reader, PIPE_BYTES):
        pass
    made.close()
    made._thread.join(BOUND_SECONDS)
    assert not made._thread.is_alive()


@pytest.fixture
def logger(handler: BackgroundHandler) -> Iterator[logging.Logger]:
    """One of that handler."""
    made = logging.getLogger("doorward.log")
    before = made.handlers[:], made.level, made.propagate
    made.handlers[:], made.propagate = [handler], False
    made.setLevel(logging.INFO)
    yield made
    made.handlers[:], _, made.propagate = before
    made.setLevel(before[1])


def test_what_is_logged_is_written_in_its_order(logger: logging.Logger, pipe: Pipe) -> None:
    for number in range(100):
        logger.info("line %d", number)
    assert pipe.read_until(b"line 99\n").splitlines() == [b"line %d" % number for number in range(100)]


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_what_is_lost_is_told(
    logger: logging.Logger, pipe: Pipe
) -> None:
    for number in range(3 * LINES_MOST):
        logger.info("line %d", number)
    heard = pipe.read_until(b"lines were not logged: too many waited\n")
    assert heard.startswith(b"line 0\nline 1\n")


def test_a_line_that_cannot_be_written_is_lost_and_the_thread_goes_on(
    handler: BackgroundHandler, pipe: Pipe
) -> None:
    os.close(pipe.reader)
    handler.emit(logging.makeLogRecord({"msg": "to nobody"}))
    until(lambda: not handler._lines and not handler._is_writing, "the line is lost")
    assert handler._thread.is_alive()
    pipe.reader, writer = os.pipe()
    os.dup2(writer, pipe.writer)
    os.close(writer)
    handler.emit(logging.makeLogRecord({"msg": "to somebody"}))
    assert pipe.read_until(b"\n") == b"to somebody\n"


def test_the_end_of_the_process_waits_for_what_was_lost_to_be_told(
    logger: logging.Logger, handler: BackgroundHandler, pipe: Pipe
) -> None:
    for number in range(3 * LINES_MOST):
        logger.info("line %d", number)
    ends = threading.Thread(target=logging.shutdown, args=([weakref.ref(handler)],))
    # as at the end of the interpreter, whose lock on the handler the thread must not need
    with handler.lock or nullcontext():
        ends.start()
        heard = pipe.read_until(b"lines were not logged: too many waited\n")
    ends.join(BOUND_SECONDS)
    assert heard.startswith(b"line 0\nline 1\n")
    handler._thread.join(BOUND_SECONDS)
    assert not handler._thread.is_alive()


def test_a_record_that_cannot_be_written_out_is_told_on_stderr(
    handler: BackgroundHandler, pipe: Pipe, capsys: pytest.CaptureFixture[str]
) -> None:
    handler.emit(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    handler.emit(logging.makeLogRecord({"msg": "the next"}))
    assert pipe.read_until(b"next\n") == b"the next\n"
    assert "no number" in capsys.readouterr().err


def test_peers_cannot_stop_a_daemon_whose_log_nobody_reads(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(GARBAGE)
    host, _, port = daemon.doors["tls"][0].rpartition(":")
    # each handshake that fails is a line of more than a hundred bytes, on a pipe of 65,536
    for _ in range(1000):
        with socket.create_connection((host, int(port)), timeout=BOUND_SECONDS) as peer:
            peer.sendall(b"no TLS at all\n")
            while peer.recv(4096):
                pass
    assert ask(daemon.doors["unix"][0], b"echo still here\n").endswith(b"still here\n")
    daemon.process.terminate()
    assert daemon.process.wait(BOUND_SECONDS) == 0
