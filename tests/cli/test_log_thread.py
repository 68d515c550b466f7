"""Logging to somebody who reads slowly, or not at all."""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator

import pytest

from doorward.cli.log_thread import LogThread


class Reader(logging.Handler):
    """Writes what it is given, once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.has_begun = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.has_begun.set()
        assert self.go.wait(20)
        self.lines.append(record.getMessage())


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.go.set()


def log(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.getLogger("doorward.test").makeRecord("x", logging.INFO, "", 0, text, (), None))


def test_nobody_waits_for_the_reader_and_what_is_too_much_is_told_of_where_it_was(reader: Reader) -> None:
    handler = LogThread(reader, waiting_lines=3)
    log(handler, "first")
    assert reader.has_begun.wait(20)
    for number in range(10):
        log(handler, str(number))
    reader.go.set()
    handler.close()
    told = "7 lines before this one were lost: whoever reads the log was too slow"
    assert reader.lines == ["first", told, "0", "1", "2"]


def test_the_end_waits_for_what_is_to_be_written(reader: Reader) -> None:
    handler = LogThread(reader)
    reader.go.set()
    for number in range(1000):
        log(handler, str(number))
    handler.close()
    assert reader.lines == [str(number) for number in range(1000)]


def test_a_reader_that_never_reads_holds_up_the_end_for_a_while_only(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorward.cli.log_thread.END_SECONDS", 0.05)
    for waiting_lines in (1, 10):
        handler = LogThread(reader, waiting_lines=waiting_lines)
        for number in range(5):
            log(handler, str(number))
        handler.close()
    assert reader.lines == []


class IntoPipe(logging.Handler):
    """Writes into a pipe."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._descriptor, record.getMessage().encode())


def test_a_pipe_that_nobody_reads_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.cli.log_thread.END_SECONDS", 0.05)
    reading, writing = os.pipe()
    handler = LogThread(IntoPipe(writing), waiting_lines=10)
    for _ in range(100):
        log(handler, "x" * 65_536)  # as much as the pipe holds, each
    handler.close()
    assert handler._thread.is_alive()
    os.close(reading)  # now the thread is told that nobody reads, and ends
    handler._records.put(None, timeout=20)
    handler._thread.join(20)
    os.close(writing)
    assert not handler._thread.is_alive()
