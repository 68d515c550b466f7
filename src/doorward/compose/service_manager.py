"""
What a service manager is told: that the doors are open, that a reload began, that the loop still turns.

The texts are made apart from the sending, so that what is said can be read without a socket.

Source: sd_notify(3) for the texts and the socket, sd_watchdog_enabled(3) for the beat, systemd.service(5) for
what `Type=notify` makes of them.
"""

import logging
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from doorward.core.errors import one_line
from doorward.core.ports import Clock, Timer

_log = logging.getLogger("doorward.daemon")

NOTIFY_SOCKET = "NOTIFY_SOCKET"
WATCHDOG_USEC = "WATCHDOG_USEC"
WATCHDOG_PID = "WATCHDOG_PID"

STATUS_CHARACTERS = 500
"""`systemctl status` shows one line; a longer text is cut."""

_BEATS_A_PERIOD = 3
"""A beat that comes late by less than two thirds of the period does no harm."""


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """
    Where the service manager listens, and what it wants to hear.

    Attributes:
        address: of its datagram socket, a path or `@` and an abstract name; empty when there is none.
        watchdog_seconds: the longest silence before it takes us for hung; 0 when it does not care.
    """

    address: str = ""
    watchdog_seconds: float = 0.0

    @property
    def beat_seconds(self) -> float:
        """How often to say that the loop turns; 0 for never."""
        return self.watchdog_seconds / _BEATS_A_PERIOD if self.address else 0.0


def take_service_manager(environment: MutableMapping[str, str], *, pid: int) -> ServiceManager:
    """
    Read what the service manager said, and take it out of `environment`, so that no child hears of it.

    Args:
        environment: of the process.
        pid: of the process: a watchdog that is meant for another one is none of ours.
    """
    address = environment.pop(NOTIFY_SOCKET, "")
    period = environment.pop(WATCHDOG_USEC, "")
    watched = environment.pop(WATCHDOG_PID, "")
    is_ours = watched in ("", str(pid))
    return ServiceManager(
        address if address.startswith(("/", "@")) else "",
        int(period) / 1e6 if is_ours and _is_number(period) else 0.0,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


# What is said, a line an assignment.


def ready_message(doors: Mapping[str, Sequence[str]], *, note: str = "") -> bytes:
    """All doors are open; `note` is what else the keeper should see at a glance."""
    return _message("READY=1", _status_of(doors, note))


def reloading_message(monotonic_seconds: float) -> bytes:
    """
    A reload has begun; `ready_message` or `not_reloaded_message` follows.

    Args:
        monotonic_seconds: of CLOCK_MONOTONIC, by which the manager knows that this answers its own request.
    """
    return _message("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_seconds * 1e6)}", "STATUS=reloading")


def stopping_message() -> bytes:
    """Nobody is accepted any more, and what runs comes to its end."""
    return _message("STOPPING=1", "STATUS=stopping; what runs comes to its end")


def beat_message() -> bytes:
    """The loop turns."""
    return _message("WATCHDOG=1")


def _status_of(doors: Mapping[str, Sequence[str]], note: str) -> str:
    addresses = "; ".join(f"{name} {' '.join(listen)}" for name, listen in doors.items())
    text = one_line(f"{note}; doors: {addresses}" if note else f"doors: {addresses}")
    return f"STATUS={text if len(text) <= STATUS_CHARACTERS else text[: STATUS_CHARACTERS - 3] + '...'}"


def _message(*lines: str) -> bytes:
    return "\n".join(lines).encode()


class Notifier:
    """
    Tells the service manager, if there is one: never waits for it, and never fails for want of it.

    Args:
        manager: as the environment named it.
        clock: of the loop whose turning the beat shows.
    """

    def __init__(self, manager: ServiceManager, clock: Clock) -> None:
        self._manager = manager
        self._clock = clock
        self._doors: Mapping[str, Sequence[str]] = {}
        self._socket = _datagram_socket() if manager.address else None
        self._beat_timer: Timer | None = None
        self._is_deaf = False

    def ready(self, doors: Mapping[str, Sequence[str]]) -> None:
        """All of `doors` are open; the watchdog is fed from now on."""
        self._doors = doors
        self._send(ready_message(doors))
        if self._manager.beat_seconds and self._beat_timer is None:
            self._beat()

    def reloading(self) -> None:
        """A reload begins."""
        self._send(reloading_message(self._clock.monotonic()))

    def reloaded(self, doors: Mapping[str, Sequence[str]], *, problem: str = "") -> None:
        """It is over, and `doors` are open; `problem` says why the old stays, empty when the new counts."""
        self._doors = doors
        self._send(ready_message(self._doors, note=f"the last reload failed: {problem}" if problem else ""))

    def stopping(self) -> None:
        """The drain begins. It is watched too: the beat goes on until `close`."""
        self._send(stopping_message())

    def close(self) -> None:
        """Say nothing more."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _beat(self) -> None:
        self._send(beat_message())
        self._beat_timer = self._clock.call_later(self._manager.beat_seconds, self._beat)

    def _send(self, message: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message, _kernel_address(self._manager.address))
        except OSError as error:
            # also a manager that does not read: what it misses is worth less than a loop that waits
            if not self._is_deaf:
                _log.warning("the service manager does not hear us: %s", error.strerror or error)
            self._is_deaf = True
        else:
            self._is_deaf = False


def _datagram_socket() -> socket.socket | None:
    """A socket that never waits; None where the system gives none."""
    with suppress(OSError):
        return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    return None


def _kernel_address(address: str) -> str:
    """The kernel begins an abstract name with NUL where the environment writes `@`."""
    return f"\0{address[1:]}" if address.startswith("@") else address
