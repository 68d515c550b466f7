"""The protocol of `lines/client.py` over a wire: connect, then iterate over what the daemon says."""

import contextlib
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from doorward.clients._asking import CANCEL_SECONDS, LOGIN_SECONDS, OutputLeft
from doorward.clients._connecting import connect
from doorward.clients._endpoints import CONNECT_SECONDS, LineEndpoint, TlsEndpoint
from doorward.clients._trust import words_of_failure
from doorward.clients.lines.reaching import reach
from doorward.clients.lines.wire import Wire
from doorward.core.errors import ConnectError, ProtocolError, TlsFailed
from doorward.core.limits import Limits
from doorward.lines.client import (
    ClientEvent,
    ClientSession,
    LoginWanted,
    NoFrames,
    Ready,
    RunEnded,
    RunStarted,
)

_LOOK_SECONDS = 1.0


class Conversation:
    """
    One connection to a daemon.

    Iterate over `events()` and answer `LoginWanted` with `log_in` and `Ready` with `ask`.

    Attributes:
        endpoint: whom it is with.
        was_cancelled: `interrupt` asked for the run's end.
        was_out_of_time: the time limit did.
    """

    def __init__(
        self, endpoint: LineEndpoint, *, limits: Limits, connect_seconds: float = CONNECT_SECONDS
    ) -> None:
        """
        Connect.

        Raises:
            ConnectError: nothing could be reached, or nobody who is trusted.
        """
        self.endpoint = endpoint
        self.was_cancelled = False
        self.was_out_of_time = False
        self._session = ClientSession(limits)
        self._wire = reach(endpoint, within_seconds=connect_seconds)
        self._wire.on_wake = self._cancel
        self._wire.on_deadline = self._miss_greeting
        self._wire.deadline_at = time.monotonic() + connect_seconds
        self._wire.send(self._session.hello())
        self._input_descriptor: int | None = None
        self._is_asked = False
        self._has_ended = False
        self._phase = "read"
        self._connect_seconds = connect_seconds
        self._was_silent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._wire.close()

    def log_in(self, text: str) -> None:
        """Answer `LoginWanted`: the password, or `USER PASSWORD`."""
        self._phase = "login"
        self._wire.on_deadline = self._miss_login
        self._wire.deadline_at = time.monotonic() + LOGIN_SECONDS
        self._wire.send(self._session.line(text))

    def ask(self, line: str, *, input_descriptor: int | None, timeout_seconds: float | None = None) -> None:
        """
        Answer `Ready`.

        Args:
            line: what is asked for; its frame is no longer than the daemon's limit.
            input_descriptor: read only when the run takes input; None for an empty stdin.
            timeout_seconds: after this time the run is cancelled.
        """
        self._phase = "read"
        self._is_asked = True
        self._input_descriptor = input_descriptor
        if timeout_seconds is not None:
            self._wire.on_deadline = self._run_out_of_time
            self._wire.deadline_at = time.monotonic() + timeout_seconds
        self._wire.send(self._session.line(line))

    def interrupt(self) -> bool:
        """
        Have the run cancelled; may be called in a signal handler.

        Returns:
            Whether its end will come; False when nothing was asked, or this was done before.
        """
        if not self._is_asked or self._has_ended or self.was_cancelled:
            return False
        self.was_cancelled = True
        self._wire.wake()
        return True

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data` while the conversation goes on; raises as `Wire.write`."""
        self._wire.write(descriptor, data)

    def events(self) -> Iterator[ClientEvent]:
        """
        Yield what the daemon says, until it says no more.

        Raises:
            ConnectError: the connection was lost, the peer broke the protocol, or a time limit passed.
        """
        while True:
            while (event := self._next_event()) is not None:
                self._note(event)
                yield event
            if self._has_ended:
                return
            self._receive()

    def lost(self, error: OSError | None = None) -> ConnectError:
        """The error that says that the daemon left in the middle."""
        error = error or self._wire.send_error
        how = f"the connection was lost: {error.strerror}" if error else "the daemon closed the connection"
        if self._is_asked:
            return ConnectError(
                self.endpoint.url,
                self._phase,
                f"{how} before the answer was complete",
                "How the command ended is not known" + self._where_to_look(),
            )
        if self._was_silent:
            return ConnectError(
                self.endpoint.url,
                "read",
                f"connected, but no greeting came within {self._connect_seconds:g} s",
                "Does a Doorward listen there?",
            )
        return ConnectError(self.endpoint.url, self._phase, f"{how} before anything was asked")

    def _where_to_look(self) -> str:
        """Who may know how it ended: the daemon, if it is still there."""
        # one that is just dying still takes a connection, but greets nobody, and then takes no other
        for _ in range(2):
            try:
                if self._is_there():
                    return ": the daemon ended this session; the run may go on: `doorward runs` tells."
            except ConnectError as error:
                if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
                    return ": the daemon is gone, and its runs with it."
                break
        return "; `doorward runs` may tell."

    def _is_there(self) -> bool:
        """Whether somebody greets; over TLS listening will do, as a handshake that is left is penalized."""
        with contextlib.closing(Wire(connect(self.endpoint, within_seconds=_LOOK_SECONDS))) as again:
            if isinstance(self.endpoint, TlsEndpoint):
                return True
            again.deadline_at = time.monotonic() + _LOOK_SECONDS
            again.on_deadline = self._miss_greeting
            try:
                return bool(again.receive())
            except (ConnectionError, _NoGreeting):
                return False

    def _next_event(self) -> ClientEvent | None:
        try:
            return self._session.next_event()
        except ProtocolError as error:
            raise ConnectError(
                self.endpoint.url, "read", f"the peer broke the protocol: {error}", "Is it a Doorward?"
            ) from error

    def _note(self, event: ClientEvent) -> None:
        match event:
            case Ready() | LoginWanted() | NoFrames():
                if not self._is_asked:
                    self._wire.deadline_at = None
            case RunStarted(takes_input=takes_input):
                if takes_input:
                    self._start_input()
            case RunEnded():
                self._has_ended = True
                self._wire.stop_feeding()
            case _:
                pass

    def _start_input(self) -> None:
        if self._input_descriptor is None:
            self._wire.send(self._session.end_input())
        else:
            self._wire.feed_from(self._input_descriptor, self._pass_input_on)

    def _pass_input_on(self, data: bytes) -> None:
        self._wire.send(self._session.input(data) if data else self._session.end_input())

    def _receive(self) -> None:
        try:
            data = self._wire.receive()
        except OutputLeft:
            raise
        except OSError as error:
            if self._session.speaks_frames:
                raise self.lost(error) from error
            data = b""  # a peer that does not know the hello may well reset; what it said counts
        except TlsFailed as error:
            raise ConnectError(self.endpoint.url, "TLS", *words_of_failure(error)) from error
        except _NoGreeting:
            self._was_silent = True
            data = b""
        if data:
            self._session.receive_data(data)
            return
        self._has_ended = True
        self._session.receive_eof()

    def _cancel(self) -> None:
        self._wire.send(self._session.cancel())
        self._wire.on_deadline = self._give_up
        self._wire.deadline_at = time.monotonic() + CANCEL_SECONDS

    def _run_out_of_time(self) -> None:
        self.was_out_of_time = True
        self._cancel()

    def _miss_greeting(self) -> None:
        raise _NoGreeting

    def _miss_login(self) -> None:
        raise ConnectError(
            self.endpoint.url, "login", f"no answer within {LOGIN_SECONDS:g} s", "Try again later."
        )

    def _give_up(self) -> None:
        if self._wire.is_writing and not self.was_out_of_time:
            # the end may be here already, behind output whose reader takes its time; Ctrl-C again leaves
            self._wire.deadline_at = time.monotonic() + CANCEL_SECONDS
            return
        raise ConnectError(
            self.endpoint.url,
            "read",
            f"the run was cancelled and did not end within {CANCEL_SECONDS:g} s",
            "`doorward runs` tells whether it still runs.",
        )


class _NoGreeting(Exception):
    """No greeting came in time; never leaves this file."""
