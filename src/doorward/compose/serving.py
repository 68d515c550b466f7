"""The daemon's life: settings read, state held, doors open, signals, drain, end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from doorward.compose.daemon import Daemon
from doorward.compose.loops import loop_factory, until
from doorward.compose.opened import Opened
from doorward.compose.service_manager import Notifier, ServiceManager, take_service_manager
from doorward.config import find_configuration, load_settings
from doorward.core.settings import Settings
from doorward.gate.exhaustion import ExhaustionTeller
from doorward.gate.inherited import take_inherited
from doorward.stores.clock import SystemClock
from doorward.stores.places import state_place
from doorward.stores.state import hold_state

_log = logging.getLogger("doorward.daemon")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_STOPS = "the daemon stops"

_CANCEL_SECONDS = 2.0
"""For what is cancelled at the very end; every run had its grace before."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """
    What the command line says to `serve`.

    Attributes:
        config: a configuration file; None for the usual places.
        state: the state folder; None for the usual one.
        loop: `uvloop` or `asyncio`.
        is_seen: what is shown when the doors are open is read by a person, and not kept in a log: then the
            password of a first user may be made and shown.
    """

    config: Path | None = None
    state: Path | None = None
    loop: str = "uvloop"
    is_seen: bool = False


def run(options: ServeOptions, on_open: Callable[[Opened], None]) -> None:
    """
    Be the daemon, until SIGTERM or SIGINT and the drain that follows it; a second one ends the drain.

    The process itself ends here when a keeper's function is left that refuses to be cancelled.

    Raises:
        DoorwardError: it cannot start; nothing is left behind.
    """
    manager = take_service_manager(os.environ, pid=os.getpid())
    inherited = take_inherited(os.environ, pid=os.getpid())

    def read_settings() -> Settings:
        return load_settings(find_configuration(os.environ, options.config))

    settings = read_settings()
    place = state_place(str(options.state) if options.state else None, os.environ)
    held = hold_state(place.folder)
    runner = asyncio.Runner(loop_factory=loop_factory(options.loop))
    try:
        daemon = partial(
            Daemon,
            settings,
            place,
            held,
            environment=os.environ,
            read_settings=read_settings,
            inherited=inherited,
            is_seen=options.is_seen,
        )
        runner.run(_serve(daemon, on_open, manager))
    finally:
        stubborn = runner.run(_cancel_tasks())
        held.release()
        if stubborn:
            _end_process(stubborn, sys.exc_info()[1])
        runner.close()


async def _cancel_tasks() -> list[str]:
    """Cancel what is left on the loop; the names of the tasks that go on all the same."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, left = await asyncio.wait(left, timeout=_CANCEL_SECONDS)
    return sorted(task.get_name() for task in left)


def _end_process(stubborn: list[str], error: BaseException | None) -> None:
    """
    End the process here and now, with what was logged and written.

    A function that passes over its cancellation would be waited for by the runner, and asked once more by the
    interpreter when that takes it apart: neither ever ends.
    """
    if error is not None:
        _log.critical("ended by an error", exc_info=error)
    _log.warning("still under way although cancelled, and ended with the process: %s", ", ".join(stubborn))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # nobody may be left to read them
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0 if error is None else 1)


async def _serve(
    make: Callable[[], Daemon], on_open: Callable[[Opened], None], manager: ServiceManager
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(ExhaustionTeller(loop.time))
    daemon = make()
    notifier = Notifier(manager, SystemClock(loop))
    signals = _Signals(daemon, notifier)
    try:
        opened = await daemon.open()
        on_open(opened)
        notifier.ready(opened.doors)
        signals.answer_reloads()
        await signals.first.wait()
        signals.end_reloads()
        notifier.stopping()
        _log.info(
            "stopping on %s; runs that are read get %g s, and a second signal ends them at once",
            signals.first_name,
            daemon.drain_seconds,
        )
        await until(signals.second, daemon.drain())
    finally:
        await daemon.close()
        notifier.close()
        # one more signal, once the loop hears none, must not turn an orderly end into a death by it
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    _log.info("stopped")


class _Signals:
    """What the system's signals ask for."""

    def __init__(self, daemon: Daemon, notifier: Notifier) -> None:
        self.first = asyncio.Event()
        self.first_name = ""
        self.second = asyncio.Event()
        self._daemon = daemon
        self._notifier = notifier
        self._reload: asyncio.Future[str] | None = None
        self._answers_reloads = False
        self._reload_is_due = False
        self._loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            self._loop.add_signal_handler(number, self._stop, number)
        self._loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        # whoever started us may have held it back until it is heard
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    def answer_reloads(self) -> None:
        """Reload when it is asked for from now on, and at once when it was asked for already."""
        self._answers_reloads = True
        if self._reload_is_due:
            self._begin_reload()

    def end_reloads(self) -> None:
        """
        Begin no reload any more, and tell of one that is under way.

        A service manager that waits for the end of a reload does not hear that we stop.
        """
        self._answers_reloads = False
        if self._reload is not None and not self._reload.done():
            self._notifier.reloaded(self._daemon.doors, problem=_STOPS)
        self._reload = None

    def _stop(self, number: signal.Signals) -> None:
        if self.first.is_set():
            self.second.set()
        else:
            self.first_name = number.name
            self.first.set()

    def _hang_up(self) -> None:
        if self.first.is_set():
            return
        if self._answers_reloads:
            self._begin_reload()
        else:
            self._reload_is_due = True

    def _begin_reload(self) -> None:
        self._notifier.reloading()
        reload = self._daemon.reload()
        # those that come before it begins share it, and the service manager is told once
        if reload is not self._reload:
            self._reload = reload
            reload.add_done_callback(self._tell_of_reload)

    def _tell_of_reload(self, reload: "asyncio.Future[str]") -> None:
        problem = ""
        if reload.cancelled():
            _log.info("not reloaded: %s", _STOPS)
        elif (error := reload.exception()) is not None:
            problem = str(error)
        if self._answers_reloads:
            self._notifier.reloaded(self._daemon.doors, problem=problem)
