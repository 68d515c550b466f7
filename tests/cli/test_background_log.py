"""Logs that nobody reads: the daemon serves on, says how much was lost, and ends in time."""

import logging
import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from doorward.cli.background_log import LINES_MOST, BackgroundHandler
from tests.daemon import StartDaemon
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
def logger(pipe: Pipe) -> Iterator[logging.Logger]:
    """One that writes into the pipe."""
    handler = BackgroundHandler(pipe)  # type: ignore[arg-type]  # all that it asks for is a descriptor
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


def test_a_line_that_cannot_be_written_is_lost_and_the_thread_goes_on(pipe: Pipe) -> None:
    handler = BackgroundHandler(pipe)  # type: ignore[arg-type]  # as above
    os.close(pipe.reader)
    handler.emit(logging.makeLogRecord({"msg": "to nobody"}))
    handler.close()
    assert any(thread.name == "log" for thread in threading.enumerate())
    pipe.reader = os.open(os.devnull, os.O_RDONLY)


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
