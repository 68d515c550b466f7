"""
From a line to its answer, without I/O: what every model shares, so that a model is its way of waiting alone.

A model takes these steps with each `Conversation`, and waits in between in its own way:

1. `next_launch()`. When it gives a launch, start that child: pass on what it writes with `output`, and how it
   ended with `ended`, or with `not_started`; then step 1 again. `stops_child` says that it must go.
2. Send `bytes_to_send()`, and whenever there is output.
3. When `is_over`, close once all is sent.
4. Wait for bytes (`receive_data`), the peer's end (`receive_eof`) or `deadline_at` (`time_is_up`); and again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from doorward.core.catalogue import Catalogue
from doorward.core.command import Program, Verb
from doorward.core.errors import LineError, ProtocolError, UnknownCommand
from doorward.core.invocation import Invocation, bind, find_command, launch_of
from doorward.core.launch import Exited, Launch, NotStarted, Signalled, Stream
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind, outcome_of
from doorward.core.settings import Language, LineSessionKind
from doorward.core.words import split_words
from doorward.lines.events import Asked, CancelWanted, Event
from doorward.lines.phrases import PHRASES
from doorward.lines.session import LineSession
from doorward.models._stopping import Stopping


class Places:
    """Places for children: so many at once in one process, whichever of its threads asks."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> bool:
        """Take a place; whether there was one."""
        return self._free.acquire(blocking=False)

    def give_back(self) -> None:
        """Give a place back that was taken."""
        self._free.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """
    What the peers of one server have in common.

    Attributes:
        catalogue: what may be asked for.
        limits: core's; those of doors and of the queue mean nothing here.
        kind: one answer a connection, or many.
        places: for children, in each process of the server.
        stopping: holds the signal back that ends the server, while a child comes or goes.
        most_peers: how many are served at once; who comes then waits in the listener's backlog.
    """

    catalogue: Catalogue
    limits: Limits
    kind: LineSessionKind
    places: Places
    stopping: Stopping
    most_peers: int


class Conversation:
    """
    One peer: its line session, and what its lines come to.

    Attributes:
        deadline_at: on the clock that was given, when what goes on now has taken too long.
    """

    __slots__ = (
        "_address",
        "_answered_bytes",
        "_clock",
        "_cut",
        "_here",
        "_is_running",
        "_reception",
        "_runs",
        "_session",
        "_stopped",
        "deadline_at",
    )

    def __init__(
        self, reception: Reception, *, address: str, here: Callable[[], int], clock: Callable[[], float]
    ) -> None:
        """
        Greet a peer.

        Args:
            reception: what it has in common with the others.
            address: where it came from, for `whoami`.
            here: how many peers the server has now.
            clock: seconds that never go back.
        """
        self._reception = reception
        self._address = address
        self._here = here
        self._clock = clock
        self._session = LineSession(
            phrases=PHRASES[Language.ENGLISH], kind=reception.kind, limits=reception.limits
        )
        self._runs = 0
        self._is_running = False
        self._stopped: OutcomeKind | None = None
        self._answered_bytes = 0
        self._cut = False
        self.deadline_at = 0.0
        self._renew_deadline()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be said."""
        return self._session.is_over

    @property
    def is_overfed(self) -> bool:
        """Whether to close at once may cost the peer its answer: it sends what nobody reads."""
        return self._session.is_overfed

    @property
    def wants_data(self) -> bool:
        """Whether to read on from the peer."""
        return self._session.wants_data and not self._session.is_over

    @property
    def is_running(self) -> bool:
        """Whether a child was launched and its end was not told yet."""
        return self._is_running

    @property
    def stops_child(self) -> bool:
        """Whether a child that runs must be ended: its time is up, or nobody wants it any more."""
        return self._is_running and (self._stopped is not None or self._session.is_over)

    def bytes_to_send(self) -> bytes:
        """Take what is to be sent now; empty for nothing."""
        return self._session.bytes_to_send()

    def receive_data(self, data: bytes) -> None:
        """Take in bytes of the peer."""
        self._session.receive_data(data)

    def receive_eof(self) -> None:
        """Take in that the peer says nothing more; it may still listen."""
        self._session.receive_eof()

    def next_launch(self) -> Launch | None:
        """Answer the lines that need no child; give the child that the next one needs, or None."""
        while (event := self._next_event()) is not None:
            if isinstance(event, Asked) and (launch := self._ask(event.line)) is not None:
                return launch
            if isinstance(event, CancelWanted):
                self._stopped = self._stopped or OutcomeKind.CANCELLED
        return None

    def output(self, data: bytes) -> None:
        """Pass on what the child wrote, both streams as one; what is beyond its limit is dropped."""
        room_bytes = self._reception.limits.output_bytes - self._answered_bytes
        if len(data) > room_bytes:
            self._cut = True
            data = data[:room_bytes]
        self._answered_bytes += len(data)
        if data:
            self._session.output(Stream.OUT, data)

    def ended(self, status: int) -> None:
        """Hear how the child ended: its exit status, or a signal's number with a minus."""
        outcome = outcome_of(Signalled(-status) if status < 0 else Exited(status))
        match self._stopped:
            case OutcomeKind.TIMED_OUT:
                seconds = self._reception.limits.timeout_seconds
                outcome = Outcome(OutcomeKind.TIMED_OUT, signal=outcome.signal, after_seconds=seconds)
            case OutcomeKind.CANCELLED:
                outcome = Outcome(OutcomeKind.CANCELLED, signal=outcome.signal)
            case _:
                pass
        self._finish(outcome)

    def not_started(self, error: OSError) -> None:
        """Hear that there is no child."""
        self._finish(outcome_of(NotStarted(error.errno or 0, error.strerror or "it could not be started")))

    def time_is_up(self) -> None:
        """Act on the deadline: the child must go, or a peer that says nothing is left."""
        if self._is_running:
            self._stopped = self._stopped or OutcomeKind.TIMED_OUT
            # until its end is told, there is nothing to look at the clock for
            self.deadline_at = self._clock() + self._reception.limits.unkillable_seconds
        else:
            self._session.close()

    def left(self) -> None:
        """Hear that the peer is gone: nobody wants its child any more."""
        self._stopped = self._stopped or OutcomeKind.CANCELLED
        self._session.close()

    def _next_event(self) -> Event | None:
        try:
            return self._session.next_event()
        except ProtocolError:
            # the session is over, and says nothing of why to a peer that does not keep to it
            self._stopped = self._stopped or OutcomeKind.CANCELLED
            return None

    def _ask(self, line: str | None) -> Launch | None:
        try:
            return self._begin(self._understood(line))
        except UnknownCommand:
            self._answer(Outcome(OutcomeKind.UNKNOWN))
        except LineError as error:
            self._answer(Outcome(OutcomeKind.INVALID, reason=str(error)))
        return None

    def _understood(self, line: str | None) -> Invocation | None:
        """What `line` asks for; None for nothing, which is answered with nothing."""
        words = split_words(line) if line is not None else []
        if line is None or not words:
            return None
        command = find_command(self._reception.catalogue.commands, words[0])
        return bind(command, words[1:], self._reception.limits)

    def _begin(self, invocation: Invocation | None) -> Launch | None:
        if invocation is None:
            self._answer(Outcome(OutcomeKind.INVALID))
            return None
        match invocation.command.action:
            case Program() as program:
                return self._launch(invocation, program)
            case Verb.WHOAMI:
                self._answer(SUCCESS, f"Your address is {self._address}\n")
            case Verb.ECHO:
                words = invocation.values.get("words", ())
                text = " ".join(words) if isinstance(words, tuple) else ""
                self._answer(SUCCESS, f"You are one of {self._here()}: {text}\n")
            case Verb.QUIT:
                self._answer(SUCCESS, leaves=True)
            case _:
                self._answer(Outcome(OutcomeKind.REFUSED, reason="the models have no such commands"))
        return None

    def _launch(self, invocation: Invocation, program: Program) -> Launch | None:
        if not self._reception.places.take():
            self._answer(Outcome(OutcomeKind.BUSY, reason="busy, try again later"))
            return None
        self._runs += 1
        self._session.run_started(self._runs, takes_input=False)
        self._is_running, self._stopped = True, None
        self._answered_bytes, self._cut = 0, False
        self.deadline_at = self._clock() + self._reception.limits.timeout_seconds
        return launch_of(invocation, program, self._reception.limits)

    def _finish(self, outcome: Outcome) -> None:
        self._is_running, self._stopped = False, None
        self._reception.places.give_back()
        if self._cut:
            outcome = replace(outcome, cut_at_bytes=self._reception.limits.output_bytes)
        self._answer(outcome)

    def _answer(self, outcome: Outcome, text: str = "", *, leaves: bool = False) -> None:
        if text:
            self._session.output(Stream.OUT, text.encode())
        self._session.run_ended(outcome, leaves=leaves)
        self._renew_deadline()

    def _renew_deadline(self) -> None:
        self.deadline_at = self._clock() + (self._session.patience_seconds or 0.0)
