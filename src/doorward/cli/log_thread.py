"""Log lines written by a thread, so that nobody waits for whoever reads them."""

import logging
import queue
import threading

WAITING_LINES = 10_000
"""So many wait for a reader that is slow; what comes then is counted, and told of once it reads again."""

END_SECONDS = 2.0
"""At the end, a reader that reads nothing is waited for so long."""

_log = logging.getLogger("doorward.logs")


class LogThread(logging.Handler):
    """
    Hands records to `writer` in a thread of its own.

    A terminal that was stopped, a full pipe or a log daemon that hangs would otherwise stop the event loop at
    the first line that anybody logs.
    """

    def __init__(self, writer: logging.Handler, *, waiting_lines: int = WAITING_LINES) -> None:
        super().__init__()
        self._writer = writer
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(waiting_lines)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have `record` written soon; one that is too many is counted."""
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what waits, as far as it is read within `END_SECONDS`."""
        try:
            self._records.put(None, timeout=END_SECONDS)
        except queue.Full:
            return
        self._thread.join(END_SECONDS)
        super().close()

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            self._writer.handle(record)
            if lost := self._take_lost():
                self._writer.handle(_told_of(lost))

    def _take_lost(self) -> int:
        # `emit` counts under this lock
        self.acquire()
        try:
            lost, self._lost = self._lost, 0
        finally:
            self.release()
        return lost


def _told_of(lost: int) -> logging.LogRecord:
    text = "%d lines before this one were lost: whoever reads the log was too slow"
    return _log.makeRecord(_log.name, logging.WARNING, __file__, 0, text, (lost,), None)
