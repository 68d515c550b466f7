"""The signal that ends a server, held back while a child is being started or ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_TICK_SECONDS = 0.5


class Stopped(BaseException):
    """The signal came that ends a server; no mistake, and nothing that a server may catch and go on."""


class Stopping:
    """Has TERM and Ctrl-C raise `Stopped` in the main thread, whatever it waits for, once."""

    def __init__(self) -> None:
        self._holds = 0
        self._is_due = False

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """Act on the signals from now on; the block ends with `Stopped`, which goes no further."""
        try:
            for number in _SIGNALS:
                signal.signal(number, self._stop)
            tick()
            yield
        except Stopped:
            pass
        finally:
            stop_ticking()

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """
        Have a signal wait for the end of the block, so that a child is known to somebody when it counts.

        In another thread than the main one it does nothing: no signal is handled there.

        Raises:
            Stopped: a signal came meanwhile.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self._is_due and not self._holds:
            self._is_due = False
            raise Stopped

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # one is enough: a second would cut the tidying short
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self._holds:
            self._is_due = True
        else:
            raise Stopped


def hold_signals() -> None:
    """
    Keep the signals for later, until `let_signals_in`.

    Raises:
        Stopped: one came before.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def let_signals_in() -> None:
    """Act on the signals that were kept, and on those to come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def tick() -> None:
    """
    Interrupt whatever this process waits for, twice a second.

    Python looks for signals between its own steps. One that comes after the last look and before a call
    that blocks is seen when that call comes back: for an accept, perhaps never. A loop with a wakeup
    descriptor has no such gap, and stops the ticking.
    """
    signal.signal(signal.SIGALRM, lambda _number, _frame: None)
    signal.setitimer(signal.ITIMER_REAL, _TICK_SECONDS, _TICK_SECONDS)


def stop_ticking() -> None:
    """Interrupt nothing any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)
