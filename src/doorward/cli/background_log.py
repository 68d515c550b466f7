"""Log lines written in a thread: whoever logs waits neither for a disk nor for who reads them."""

import logging
import os
import threading
from collections import deque
from typing import TextIO

LINES_MOST = 10_000
"""That wait to be written; what comes beyond them is counted, and told of when there is room again."""

CLOSE_SECONDS = 1.0
"""How long the end of the process waits for them."""


class BackgroundHandler(logging.Handler):
    """
    Writes to the descriptor of `stream`, past its buffer: the interpreter waits for that at its end.

    A pipe that nobody reads would else stop the event loop at its 65,537th byte, and peers can have lines
    logged.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._descriptor = stream.fileno()
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._is_writing = False
        self._changed = threading.Condition()
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
        except Exception:  # noqa: BLE001 - told on stderr, as every handler of logging does
            self.handleError(record)
            return
        with self._changed:
            if len(self._lines) >= LINES_MOST:
                self._dropped += 1
                return
            self._lines.append(line)
            self._changed.notify_all()

    def close(self) -> None:
        """Let what waits be written, for a moment."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._is_writing, CLOSE_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while True:
            text = self._take()
            try:
                _write(self._descriptor, text.encode(errors="backslashreplace"))
            except OSError:
                continue  # nobody reads any more: what is logged is lost, and the daemon goes on

    def _take(self) -> str:
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines)
            self._is_writing = True
            text, dropped = "".join(self._lines), self._dropped
            self._lines.clear()
            self._dropped = 0
        if dropped:
            # by the handler itself, so that it has the form of all others
            logging.getLogger("doorward.log").warning("%d lines were not logged: too many waited", dropped)
        return text


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
