"""One connection of a line door: bytes to its session, the session's events to the desk, answers back."""

import asyncio
import logging
from typing import cast

from doorward.core.errors import ProtocolError
from doorward.core.principal import Peer
from doorward.core.secret import Secret
from doorward.core.tables import drawing_members
from doorward.doors._kernel import has_left, peer_host, peer_uid, reset_at_close, untaken_bytes
from doorward.doors.line.door import LineDoor
from doorward.gate.origins import LOCAL, Origin, origin_of_host, origin_of_uid
from doorward.lines.events import (
    Asked,
    CancelWanted,
    Event,
    Ignored,
    InputEnded,
    InputReceived,
    LoginTried,
)
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS, LineSession
from doorward.service.admission import Admission, Admitted, Busy, Refused, Session
from doorward.service.answer import Answer
from doorward.service.caller import Caller

_log = logging.getLogger("doorward.doors.line")

_BATCH_BYTES = 16 * 1024
_TURN_EVENTS = 32
"""Acted on at a time: a peer that sends a thousand lines at once holds up nobody."""


class LineConnection(asyncio.Protocol):
    """
    One connection, as the loop, the gate and the desk see it.

    Attributes:
        deadline_at: see `gate.Connection`.
    """

    __slots__ = (
        "_answer",
        "_awaits_turn",
        "_caller",
        "_came_at",
        "_door",
        "_is_last_answer",
        "_is_lingering",
        "_is_paused",
        "_is_serving",
        "_lingered_bytes",
        "_login",
        "_origin",
        "_reads",
        "_session",
        "_transport",
        "_unsent_bytes",
        "_untaken_bytes",
        "_visitor",
        "deadline_at",
    )

    _transport: asyncio.Transport

    def __init__(self, door: LineDoor) -> None:
        self._door = door
        self._session = LineSession(
            phrases=door.phrases,
            kind=door.kind,
            limits=door.limits,
            needs_login=door.asks_login,
            asks_name=door.asks_login and door.portal.asks_name(user=door.user),
        )
        self._origin = LOCAL
        self._came_at: float | None = None
        self._answer: Answer | None = None
        self._caller: Caller | None = None
        self._login: Session | None = None
        self._is_paused = False
        self._is_serving = False
        self._is_lingering = False
        self._lingered_bytes = 0
        self._is_last_answer = False
        self._awaits_turn = False
        self._unsent_bytes = 0
        self._untaken_bytes: int | None = None
        self._reads = True
        self._visitor = 0
        self.deadline_at: float | None = None

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, and do all that these do
        self._transport = cast(asyncio.Transport, transport)
        door = self._door
        uid = peer_uid(self._transport) if door.knows_uid else None
        self._origin = self._find_origin(uid)
        self._visitor = door.gate.admit(self, door.name, self._origin, asks_login=door.asks_login)
        if not self._visitor:
            self._turn_away()
            return
        self._transport.set_write_buffer_limits(door.limits.write_buffer_bytes)
        if door.asks_login:
            self._came_at = door.clock.monotonic()
        if uid is not None:
            self._admit_uid(uid)
        if door.context is None:
            self._flush()
            self._renew_deadline()
        else:
            wait_seconds = min(door.limits.handshake_seconds, door.limits.login_seconds)
            self.deadline_at = door.clock.monotonic() + wait_seconds

    def handshake_done(self, certificate: bytes | None) -> None:
        """Hear, at a door with TLS, that the peer can be spoken to; `certificate` is its own, in DER."""
        if certificate is not None and self._session.awaits_login:
            self._admit_certificate(certificate)
        self._flush()
        self._renew_deadline()

    def handshake_failed(self, reason: str) -> None:
        """Hear, at a door with TLS, that the peer showed a certificate that is not believed."""
        self._door.portal.refuse_certificate(self._peer(), reason)

    def data_received(self, data: bytes) -> None:
        if self._is_lingering:
            self._drain(len(data))
            return
        self._session.receive_data(data)
        if not self._awaits_turn:
            self._serve()
        elif self._reads:
            self._read_as_wanted()

    def eof_received(self) -> bool:
        return self.peer_ended(was_cut=False)

    def peer_ended(self, *, was_cut: bool) -> bool:
        """
        Hear that the peer sends no more; `was_cut`: that may be the doing of somebody on the way.

        Returns:
            Whether something may still be said.
        """
        if self._is_lingering:
            return False
        self._session.receive_eof(was_cut=was_cut)
        if self._door.knows_uid and has_left(self._transport):
            self.close()
        elif not self._awaits_turn:
            self._serve()
        return True  # the other half stays open for what is still to be said

    def pause_writing(self) -> None:
        self._is_paused = True
        self._untaken_bytes = untaken_bytes(self._transport)
        self.deadline_at = self._door.clock.monotonic() + self._door.limits.stalled_write_seconds

    def resume_writing(self) -> None:
        self._is_paused = False
        if self._is_lingering:
            self.deadline_at = self._door.clock.monotonic() + LINGERING_SECONDS
        self._renew_deadline()
        self._hear_news()

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.close()
        self._door.gate.release(self)
        if self._login is not None:
            self._login.close()
        self._leave_answer()

    # What the gate tells

    def expire(self) -> None:
        if self._was_taken_from():
            return
        self._session.close()
        if self._transport.get_write_buffer_size():
            reset_at_close(self._transport)
        self._transport.abort()

    def finish(self) -> None:
        if self._answer is None:
            self.close()
        else:
            self._is_last_answer = True

    def close(self) -> None:
        self._session.close()
        self._leave_answer()
        self._transport.close()
        self.deadline_at = self._door.clock.monotonic() + self._door.limits.stalled_write_seconds

    # What TLS below asks

    @property
    def awaits_login(self) -> bool:
        """Whether the peer has not logged in, and may send little."""
        return self._session.awaits_login

    # Who comes

    def _find_origin(self, uid: int | None) -> Origin:
        if uid is not None:
            return origin_of_uid(uid, keepers=self._door.keepers)
        # the door without a login is on loopback, where nobody is counted: a name costs a call to the kernel
        return origin_of_host(peer_host(self._transport)) if self._door.asks_login else LOCAL

    def _turn_away(self) -> None:
        self._session.refuse("too many connections, try again later")
        if self._door.context is None:
            self._transport.write(self._session.bytes_to_send())
        self._transport.close()

    def _admit_uid(self, uid: int) -> None:
        peer = Peer(self._door.name, f"uid {uid}", uid, self._visitor)
        admission = self._door.portal.admit_uid(peer)
        match admission:
            case Admitted():
                self._let_in(admission, peer)
            case Refused(reason):
                self._session.refuse(reason)

    def _admit_certificate(self, certificate: bytes) -> None:
        peer = self._peer()
        admission = self._door.portal.admit_certificate(peer, certificate)
        if isinstance(admission, Admitted):
            self._session.skip_login()
            self._let_in(admission, peer)

    def _try_login(self, text: str) -> None:
        door, peer = self._door, self._peer()
        if not door.gate.may_try(self):
            self._session.login_refused()
            return
        door.portal.try_line(
            peer, Secret(text), user=door.user, then=lambda admission: self._hear_login(admission, peer)
        )

    def _hear_login(self, admission: Admission, peer: Peer) -> None:
        """The password was looked at; the peer may have left meanwhile."""
        match admission:
            case Admitted():
                self._session.logged_in()
                if not self._session.is_over:
                    self._let_in(admission, peer)
            case Refused():
                self._door.gate.failed(self._door.name, self._origin)
                self._session.login_refused()
            case Busy(reason):
                self._session.login_refused(reason)
        self._serve()
        self._renew_deadline()

    def _let_in(self, admitted: Admitted, peer: Peer) -> None:
        self._caller = Caller(admitted.principal, peer)
        self._came_at = None
        self._door.gate.logged_in(self)
        self._login = self._door.portal.opened(admitted, self.close)

    def _who(self) -> Caller:
        if self._caller is None:
            self._caller = Caller(self._door.portal.admit_guest().principal, self._peer())
        return self._caller

    def _peer(self) -> Peer:
        host = self._origin.host or peer_host(self._transport)
        return Peer(self._door.name, host, visitor=self._visitor)

    # What they want

    def _serve(self) -> None:
        """Act on what the peer wants so far, a turn's worth, and send what there is to say in one piece."""
        session, events = self._session, 0
        # what we do may end the answer at once, and its news must not begin another turn within this one
        self._is_serving = True
        try:
            # a peer that does not read what it asked for is not asked what else it wants, but may cancel it
            while events < _TURN_EVENTS and (self._answer is not None or not self._is_paused):
                if (event := session.next_event()) is None:
                    break
                events += 1
                self._act(event)
                if self._answer is not None:
                    self._pass_on(self._answer)
        except ProtocolError as error:
            _log.info("visitor %d broke the protocol: %s", self._visitor, error)
        finally:
            self._is_serving = False
        self._flush()
        if events:
            self._renew_deadline()
            if events == _TURN_EVENTS and not self._awaits_turn:
                self._awaits_turn = True
                self._door.clock.call_later(0, self._take_turn)
        if session.wants_data is not self._reads:
            self._read_as_wanted()

    def _take_turn(self) -> None:
        self._awaits_turn = False
        self._serve()

    def _read_as_wanted(self) -> None:
        if self._session.wants_data is not self._reads and not self._transport.is_closing():
            self._reads = not self._reads
            (self._transport.resume_reading if self._reads else self._transport.pause_reading)()

    def _act(self, event: Event) -> None:
        if isinstance(event, Asked):
            self._ask(event.line)
        elif isinstance(event, LoginTried):
            self._try_login(event.text)
        elif self._answer is not None and not isinstance(event, Ignored):
            self._act_on(self._answer, event)

    def _ask(self, line: str | None) -> None:
        desk, session = self._door.desk, self._session
        can_give_input = session.can_give_input
        caller = self._caller or self._who()
        self._answer = answer = desk.ask(caller, line, self._hear_news, can_give_input=can_give_input)
        if (run := answer.run) is not None:
            session.run_started(run.number, takes_input=answer.takes_input)

    def _act_on(self, answer: Answer, event: InputReceived | InputEnded | CancelWanted) -> None:
        match event:
            case InputReceived(data):
                self._door.desk.write_input(answer, data)
            case InputEnded():
                self._door.desk.end_input(answer)
            case CancelWanted():
                self._door.desk.cancel(self._who(), answer)

    def _hear_news(self) -> None:
        """There may be more of the answer, or more room to write it."""
        if self._is_serving:
            return
        if self._answer is None or self._pass_on(self._answer):
            self._serve()  # lines that came meanwhile
            self._renew_deadline()
        else:
            self._flush()

    def _pass_on(self, answer: Answer) -> bool:
        """Hand over what the answer has, as far as the peer takes it; gives whether it is complete."""
        session = self._session
        while not self._is_paused and (chunk := answer.take()) is not None:
            stream, data = chunk
            session.output(stream, data)
            self._unsent_bytes += len(data)
            if self._unsent_bytes > _BATCH_BYTES:
                self._flush()
        if (outcome := answer.outcome) is None:
            return False
        self._answer = None
        drawing = answer.drawing() if session.speaks_frames else None
        session.run_ended(
            outcome,
            drawing=drawing_members(drawing) if drawing is not None else None,
            leaves=answer.leaves,
        )
        if self._is_last_answer:
            session.close()
        return True

    def _flush(self) -> None:
        if self._is_lingering or self._transport.is_closing():
            return
        self._unsent_bytes = 0
        if data := self._session.bytes_to_send():
            self._transport.write(data)
        if self._session.is_over:
            self._part()

    def _part(self) -> None:
        """Close once all is sent; a peer that sent too much may first read its answer to the end."""
        self._leave_answer()
        wait_seconds = self._door.limits.stalled_write_seconds
        if self._session.is_overfed or self._door.context is not None:
            # to close over unread bytes resets the connection, and the answer is lost on its way; a peer of
            # TLS answers our end with its own
            self._is_lingering = True
            self._transport.write_eof()
            # what still waits here for a slow reader has the time of any stalled write first
            if not self._is_paused:
                wait_seconds = LINGERING_SECONDS
        else:
            self._transport.close()
        self.deadline_at = self._door.clock.monotonic() + wait_seconds

    def _drain(self, size_bytes: int) -> None:
        """Throw away what comes after the end, within reason."""
        self._lingered_bytes += size_bytes
        if self._lingered_bytes > LINGERING_BYTES:
            self._transport.abort()

    def _was_taken_from(self) -> bool:
        """Renew the deadline of a peer that reads so slowly that only the kernel notices."""
        if not self._transport.get_write_buffer_size():
            return False
        before_bytes, self._untaken_bytes = self._untaken_bytes, untaken_bytes(self._transport)
        if before_bytes is not None and self._untaken_bytes >= before_bytes:
            return False
        self.deadline_at = self._door.clock.monotonic() + self._door.limits.stalled_write_seconds
        return True

    def _leave_answer(self) -> None:
        if (answer := self._answer) is not None:
            self._answer = None
            self._door.desk.leave(answer)

    def _renew_deadline(self) -> None:
        # what was not taken has a time of its own, which nothing that the peer sends makes longer
        if self._session.is_over or self._is_paused:
            return
        wait_seconds = self._session.patience_seconds
        if wait_seconds is None:
            self.deadline_at = None
            return
        # whatever a peer says before its login, that has to come in time
        since_at = self._door.clock.monotonic() if self._came_at is None else self._came_at
        self.deadline_at = since_at + wait_seconds
