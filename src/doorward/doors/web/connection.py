"""One connection of the web door: aiohttp's protocol, admitted and timed by our gate."""

import asyncio
import enum
import logging
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.http import HttpProcessingError, HttpVersion11
from aiohttp.web_protocol import RequestHandler

from doorward.core.errors import one_line
from doorward.core.limits import Limits
from doorward.doors.web.entrance import Entrance
from doorward.doors.web.headed import Again
from doorward.doors.web.identity import Identity
from doorward.doors.web.incoming_head import HeadState, IncomingHead
from doorward.doors.web.parting import PARTING_SECONDS, Parting
from doorward.doors.web.safety import SAFE_HEADERS, is_known_host
from doorward.gate.origins import LOCAL, Origin, origin_of_host
from doorward.service.caller import Caller

_log = logging.getLogger("doorward.doors.web")

# until Python 3.12, to look up a member of an enum takes 0.1 us
_ENDED, _TOO_LONG = HeadState.ENDED, HeadState.TOO_LONG
_NEVER_SECONDS = 1e6
_FIELD_BYTES = 8 * 1024
"""Of one field, for aiohttp, which has no bound for a whole head."""


class Phase(enum.Enum):
    """What a connection waits for."""

    IDLE = enum.auto()
    HEAD = enum.auto()
    ANSWER = enum.auto()
    PARTING = enum.auto()


class WebConnection(RequestHandler):
    """
    One connection, as the loop, the gate and the door's handler see it.

    aiohttp has no deadline for a head or a body, and no bound for a whole head: they are here.

    Attributes:
        door: as it was configured when the connection came.
        deadline_at: see `gate.Connection`.
        origin: whom the connection itself counts for.
        visitor: its number; 0 for one that was turned away.
        caller: who asked last by themselves, for the desk.
        shown: the last credentials that were good on this connection, and who they are.
    """

    __slots__ = (
        "_again",
        "_good_host",
        "_has_asked",
        "_head",
        "_held",
        "_in_name_of",
        "_is_last_answer",
        "_is_let_in",
        "_last_body",
        "_parting",
        "_phase",
        "_resume_at",
        "_wire",
        "caller",
        "deadline_at",
        "door",
        "origin",
        "shown",
        "visitor",
    )

    _wire: asyncio.Transport

    def __init__(self, door: Entrance, server: web.Server) -> None:
        limits = door.limits
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=_NEVER_SECONDS,  # the gate sees to that, and to dead peers
            tcp_keepalive=False,
            logger=_log,
            access_log=None,  # type: ignore[arg-type]  # None is what switches it off
            max_line_size=_FIELD_BYTES,
            max_field_size=_FIELD_BYTES,
            max_headers=limits.http_head_fields,
            auto_decompress=False,
            lingering_time=0,
        )
        self.door = door
        self.origin = LOCAL
        self.visitor = 0
        self.caller: Caller | None = None
        self.shown: tuple[str, Identity] | None = None
        self.deadline_at: float | None = None
        self._phase = Phase.IDLE
        self._head = IncomingHead(limits.http_head_bytes)
        self._again: Again | None = None
        self._has_asked = False
        self._is_let_in = False
        self._good_host = ""
        self._in_name_of: Identity | None = None
        self._held = bytearray()
        self._is_last_answer = False
        self._last_body: StreamReader | None = None
        self._parting: Parting | None = None
        self._resume_at: float | None = None

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        door = self.door
        peer = transport.get_extra_info("peername")
        self.origin = origin_of_host(peer[0]) if peer else LOCAL
        is_proxy = door.is_proxy(self.origin.host)
        if is_proxy:
            # it comes for many, each of whom is looked at with their request: what somebody else at its
            # address tried in vain must not keep them all out
            self.origin = Origin(host=self.origin.host)
        if is_proxy or not door.only_proxies:
            self.visitor = door.gate.admit(self, door.name, self.origin, asks_login=door.asks_login)
        # uvloop's transports are none of asyncio's classes, and do all that these do
        self._wire = cast(asyncio.Transport, transport)
        if not self.visitor:
            self._wire.close()
            return
        super().connection_made(transport)
        self._wire.set_write_buffer_limits(door.limits.write_buffer_bytes)
        if door.context is None:
            self.deadline_at = door.clock.monotonic() + door.limits.http_head_seconds
        else:
            wait_seconds = min(door.limits.handshake_seconds, door.limits.login_seconds)
            self.deadline_at = door.clock.monotonic() + wait_seconds

    def data_received(self, data: bytes) -> None:
        again = self._again
        if again and self._is_free and self._head.is_repeated(data) and (whole := again()) is not None:
            self._set_deadline(self.door.clock.monotonic() + self.door.limits.http_keep_alive_seconds)
            if whole:
                self._wire.write(whole)
            return
        # with nothing, aiohttp goes on with what it has
        if data and not self._takes(data):
            return
        super().data_received(data)
        if self._messages:
            self._last_body = self._messages[-1][1]
            if self._held and self._wants_body:
                self._let_through()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._resume_at = self.deadline_at
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.stalled_write_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self.deadline_at, self._resume_at = self._resume_at, None

    def connection_lost(self, exc: BaseException | None) -> None:
        self.door.gate.release(self)
        self._forget_name()
        if self.shown is not None:
            self.shown[1].close()
        super().connection_lost(exc)

    # What TLS below tells and asks

    @property
    def awaits_login(self) -> bool:
        """Whether the peer has asked for nothing yet, and may send little."""
        return not self._has_asked

    def handshake_done(self, certificate: bytes | None) -> None:
        """Hear that the peer can be spoken to; a certificate of its own means nothing here."""
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.http_head_seconds

    def handshake_failed(self, reason: str) -> None:
        """Hear that the peer showed a certificate that is not believed, for which nobody asked."""

    def peer_ended(self, *, was_cut: bool) -> bool:
        """Hear that the peer sends no more; whether something may still be said."""
        return self._phase is Phase.ANSWER

    # What the gate tells

    def expire(self) -> None:
        if self._parting is not None and not self._parting.is_over and not self.writing_paused:
            self._parting.end()
            return
        _log.info("visitor %d took too long", self.visitor)
        self._abort()

    def finish(self) -> None:
        if self._phase is Phase.ANSWER:
            self._is_last_answer = True
        else:
            self.close()

    def close(self) -> None:
        self.force_close()
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.stalled_write_seconds

    # What the handler tells

    def begin(self, *, has_body: bool) -> None:
        """Hear that a head is complete, and its answer begins."""
        self._phase = Phase.ANSWER
        self._again = None
        limits = self.door.limits
        self._set_deadline(self.door.clock.monotonic() + limits.http_body_seconds if has_body else None)

    def is_for(self, header: str) -> bool:
        """Whether a Host header may be answered here, see `is_known_host`."""
        # most connections name one host, and an address takes a while to be told from a name
        if header == self._good_host and header:
            return True
        if not is_known_host(header, hosts=self.door.hosts):
            return False
        self._good_host = header
        return True

    def let_in(self) -> None:
        """Have the gate know that this one need not log in any more; idempotent."""
        if not self._is_let_in:
            self._is_let_in = True
            self.door.gate.logged_in(self)

    def end_with(self, identity: Identity) -> None:
        """Have the answer that is under way cut off when `identity` is over before it is sent."""
        self._in_name_of = identity
        identity.call_at_end(self, self._abort)

    def remember(self, request: web.BaseRequest, again: Again) -> None:
        """
        Have the head of `request`, which is being answered, answered by `again` when it comes as the next.

        What a head says of itself is the same in the same bytes; all else is for `again` to decide each time.
        """
        if request.keep_alive and request.version == HttpVersion11 and not request.body_exists:
            self._again = again

    def body_done(self) -> None:
        """Hear that the body is complete: the answer may take its time."""
        self._set_deadline(None)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # what is left of a body that nobody wants is not read
        if not request.content.is_eof() or (self._is_last_answer and not resp.prepared):
            resp.force_close()
        try:
            response, has_left = await super().finish_response(request, resp, start_time)
            if not has_left and not request.content.is_eof():
                await self._part()
            elif self.writing_paused and not has_left:
                has_left = not await self._drained()
            return response, has_left
        finally:
            self._go_on()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError):
            # the peer has left, or its answer was cut off; it is told nothing more
            raise exc
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        _log.info("visitor %d sent no HTTP: %s", self.visitor, one_line(exc.message))
        response = web.Response(status=status, text="This is no request that can be understood.\n")
        response.headers.update(SAFE_HEADERS)
        response.force_close()
        return response

    # Inside

    @property
    def _is_free(self) -> bool:
        """Whether nothing is under way: what comes now is a head, and may be answered at once."""
        return self._phase is Phase.IDLE and not (self._force_close or self._upgraded or self.writing_paused)

    def _takes(self, data: bytes) -> bool:
        """Whether `data` is for aiohttp now; else it was kept, or is not wanted."""
        match self._phase:
            case Phase.IDLE | Phase.HEAD:
                return self._takes_head(data)
            case Phase.ANSWER:
                if not self._wants_body:
                    self._hold(data)
                return self._wants_body
            case Phase.PARTING:
                if self._parting is not None:
                    self._parting.pass_over(len(data))
                return False

    @property
    def _wants_body(self) -> bool:
        """Whether what comes now belongs to a body that is not complete."""
        return self._last_body is None or not self._last_body.is_eof()

    def _hold(self, data: bytes) -> None:
        """
        Keep what comes for the time after the answer that is under way, and read no more when it is much.

        aiohttp would make requests of it, 32 of them, each with half a megabyte of fields.
        """
        self._held += data
        if len(self._held) > self.door.limits.http_head_bytes and not self._wire.is_closing():
            self._wire.pause_reading()

    def _let_through(self) -> None:
        """Go on with what was kept."""
        held, self._held = bytes(self._held), bytearray()
        self.data_received(held)
        is_wanted = not (self._held or self._reading_paused or self._buffer_paused)
        if is_wanted and not self._wire.is_closing():
            self._wire.resume_reading()

    def _go_on(self) -> None:
        """An answer is over: wait for what the peer wants next, which may be here already."""
        self._forget_name()
        if self._is_last_answer:
            self.close()
        if self._phase is Phase.PARTING or self._messages:
            return
        self._phase = Phase.IDLE
        self._last_body = None
        self._set_deadline(self.door.clock.monotonic() + self.door.limits.http_keep_alive_seconds)
        if self._held:
            self._let_through()

    async def _drained(self) -> bool:
        """
        Wait until the peer has taken most of what was written; whether it did.

        aiohttp waits for it within a large answer only: many small ones in a row would be kept for a peer
        that takes none.
        """
        try:
            await self._drain_helper()
        except ConnectionError:
            return False
        return True

    async def _part(self) -> None:
        """Have the peer see its answer, and that there is no more, although it goes on with its body."""
        if self._wire.is_closing():
            return
        self._phase = Phase.PARTING
        self._parting = Parting()
        self._set_deadline(self.door.clock.monotonic() + PARTING_SECONDS)
        self._wire.write_eof()
        self._wire.resume_reading()
        await self._parting.until_over()

    def _takes_head(self, data: bytes) -> bool:
        limits: Limits = self.door.limits
        if self._phase is Phase.IDLE:
            self._phase = Phase.HEAD
            self.deadline_at = self.door.clock.monotonic() + limits.http_head_seconds
        state = self._head.receive(data)
        if state is _TOO_LONG:
            _log.info("visitor %d sent a head of more than %d bytes", self.visitor, limits.http_head_bytes)
            self._abort()
            return False
        if state is _ENDED:
            # what comes before the handler has begun is no head any more
            self._phase = Phase.ANSWER
            self._has_asked = True
        return True

    def _forget_name(self) -> None:
        if self._in_name_of is not None:
            self._in_name_of.forget(self)
            self._in_name_of = None

    def _set_deadline(self, at: float | None) -> None:
        # while the peer does not take what was written, that is what has a deadline
        if self._resume_at is not None or self.writing_paused:
            self._resume_at = at
        else:
            self.deadline_at = at

    def _abort(self) -> None:
        self.force_close()
        self._wire.abort()
