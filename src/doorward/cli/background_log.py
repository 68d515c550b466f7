"""Log lines written in a thread: whoever logs waits neither for a disk nor for who reads them."""

import logging
import threading
from collections import deque
from typing import TextIO

from doorward.stores.atomic import write_all

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
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if not (line := self._line_of(record)):
            return
        with self._changed:
            if len(self._lines) >= LINES_MOST:
                self._dropped += 1
                return
            self._lines.append(line)
            self._changed.notify_all()

    def close(self) -> None:
        """Let what waits be written, for a moment, and the thread end once that is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._is_writing, CLOSE_SECONDS)
            self._is_closed = True
            self._changed.notify_all()
        super().close()

    def _write_all(self) -> None:
        while text := self._take():
            try:
                write_all(self._descriptor, text.encode(errors="backslashreplace"))
            except OSError:
                continue  # nobody reads any more: what is logged is lost, and the daemon goes on

    def _take(self) -> str:
        """All that waits, once something does; empty when nothing more will."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._is_closed)
            self._is_writing = True
            text, dropped = "".join(self._lines), self._dropped
            self._lines.clear()
            self._dropped = 0
        return text + self._line_of(_told(dropped)) if dropped else text

    def _line_of(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record) + "\n"
        except Exception:  # noqa: BLE001 - told on stderr, as every handler of logging does
            self.handleError(record)
            return ""


def _told(dropped: int) -> logging.LogRecord:
    """
    Say how many lines were lost.

    Not through a logger: that takes the lock of the handler, which the end of the process holds while it
    waits for our thread.
    """
    return logging.LogRecord(
        name="doorward.log",
        level=logging.WARNING,
        pathname=__file__,
        lineno=0,
        msg="%d lines were not logged: too many waited",
        args=(dropped,),
        exc_info=None,
    )
