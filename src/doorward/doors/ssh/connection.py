"""One connection of the SSH door: between the transport and AsyncSSH, and what the gate holds it to."""

import asyncio
import logging
from typing import cast

import asyncssh

from doorward.core.principal import Peer
from doorward.doors._kernel import peer_host, reset_at_close, untaken_bytes
from doorward.doors.ssh.door import SshDoor
from doorward.doors.ssh.guarded import GuardedChannel, GuardedConnection
from doorward.doors.ssh.login import Login
from doorward.doors.ssh.options import PACKET_BYTES
from doorward.doors.ssh.session import Session
from doorward.gate.origins import LOCAL, origin_of_host
from doorward.service.caller import Caller
from doorward.service.portal import Session as PortalSession

_log = logging.getLogger("doorward.doors.ssh")

_TURN_BYTES = 16 * 1024
"""Handed to AsyncSSH at a time, which copies all that is left for each packet: many small ones cost a lot."""

_REKEYS_AT_ONCE = 20.0
_REKEYS_PER_SECOND = 1.0
_REKEYS_PER_BYTE = 1.0 / PACKET_BYTES
"""
How often keys may be agreed anew, which takes a millisecond: by the time and by the bytes that went by.

OpenSSH agrees them with each packet of what it held back meanwhile, while as much comes from us: hundreds of
times in a row for all that a command reads.
"""

_CLOSING = 4
"""Times `ssh_channels`: sessions with those that we have closed and the client has not yet."""

_PILED_UP = 2
"""
Times `write_buffer_bytes`: no output comes to so much, only answers to what a client asks that reads none, so
no more is read from it. One that reads slowly stays below, and its signs of life are heard.
"""

_BY_US = "the connection is closed"
_CLOSES = "the daemon stops"
_REVOKED = "the user was removed or changed"


class SshConnection(asyncio.Protocol):
    """
    One connection, as the loop, the gate and AsyncSSH see it.

    Attributes:
        deadline_at: see `gate.Connection`.
        door: whose it is.
        login: of its client.
        peer: who is there.
        caller: who has logged in; None before.
        is_rekeying: keys are being agreed, and nothing else can be sent.
    """

    _transport: asyncio.Transport

    def __init__(self, door: SshDoor) -> None:
        self.door = door
        self.login = Login(door, self)
        self.caller: Caller | None = None
        self.deadline_at: float | None = None
        self.is_rekeying = False
        self.peer = Peer(door.name, "")
        self._loop = asyncio.get_running_loop()
        self._inner: GuardedConnection | None = None
        self._origin = LOCAL
        self._visitor = 0
        self._sessions: set[Session] = set()
        self._session_of_portal: PortalSession | None = None
        self._is_paused = False
        self._is_held_up = False
        self._is_last = False
        self._unfed = b""
        self._moved_bytes = 0
        self._put_aside_bytes = 0
        self._untaken_bytes: int | None = None
        self._allowed_rekeys = _REKEYS_AT_ONCE
        self._rekeyed_at = 0.0

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, and do all that these do
        self._transport = cast(asyncio.Transport, transport)
        door, host = self.door, peer_host(self._transport)
        self._origin = origin_of_host(host)
        self._visitor = door.gate.admit(self, door.name, self._origin, asks_login=True)
        if not self._visitor:
            # a line before the version is no protocol yet. Source: RFC 4253 section 4.2
            self._transport.write(b"too many connections, try again later\r\n")
            self._transport.close()
            return
        self._transport.set_write_buffer_limits(door.limits.write_buffer_bytes)
        self.peer = Peer(door.name, self._origin.host or host, visitor=self._visitor)
        self.deadline_at = door.clock.monotonic() + door.limits.login_seconds
        self._inner = GuardedConnection(self._loop, door.options, self)
        self._inner.connection_made(_Outlet(self._transport, self))

    def data_received(self, data: bytes) -> None:
        self._moved_bytes += len(data)
        if self.caller is None and self._moved_bytes > self.door.limits.login_bytes:
            self._end_at_once("too many bytes before a login")
            return
        if self._unfed or len(data) > _TURN_BYTES:
            # what is under way in the kernel and in uvloop may still come after the pause
            self._unfed += data
            self._transport.pause_reading()
            if len(self._unfed) == len(data):
                self._feed()
        elif self._inner is not None:
            self._inner.data_received(data)
            self._hold_up()

    def eof_received(self) -> bool:
        if self._inner is not None:
            self._inner.eof_received()
        return False

    def pause_writing(self) -> None:
        self._is_paused = True
        self._untaken_bytes = untaken_bytes(self._transport)
        if self.caller is None:
            return
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.stalled_write_seconds

    def resume_writing(self) -> None:
        self._is_paused = False
        self._renew_deadline()
        if self._is_held_up:
            self._is_held_up = False
            self._read_on()
        self._tell_sessions()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unfed = b""
        if self._visitor and self.caller is None:
            self.login.leave()
        self.door.gate.release(self)
        if self._session_of_portal is not None:
            self._session_of_portal.close()
        if self._inner is not None:
            self._inner.connection_lost(exc)
            self._inner = None

    # What the gate tells

    def expire(self) -> None:
        if self._was_taken_from():
            return
        self._end_at_once("its time is over")

    def finish(self) -> None:
        self._is_last = True
        for session in tuple(self._sessions):
            session.finish()
        self._close_if_last()

    def close(self) -> None:
        self._disconnect(_CLOSES)

    # What the login tells and asks

    def may_try(self) -> bool:
        """Whether the source of the peer may try to log in."""
        return self.door.gate.may_try(self)

    def charge(self) -> None:
        """Have the source pay for a try in vain."""
        self.door.gate.failed(self.door.name, self._origin)

    def turn_out(self, reason: str) -> None:
        """End the connection, and say why."""
        self._disconnect(reason)

    # What AsyncSSH tells

    @property
    def is_logged_in(self) -> bool:
        """The client was let in."""
        return self.caller is not None

    @property
    def banner(self) -> str:
        """What is shown before the login."""
        return self.door.settings.banner

    def logged_in(self, *, forced: set[str]) -> None:
        """Hear that AsyncSSH has let the client in, whose key forces these commands."""
        admitted = self.login.complete(forced=forced)
        if admitted is None:
            return
        self.caller = Caller(admitted.principal, self.peer)
        self._moved_bytes = 0
        self._renew_deadline()
        self.door.gate.logged_in(self)
        self._session_of_portal = self.door.portal.opened(admitted, self._revoked)

    def open_session(self) -> tuple[GuardedChannel, asyncssh.SSHServerSession[bytes]]:
        """
        A new session.

        Raises:
            ChannelOpenError: there are too many already, or the connection ends.
        """
        if self.caller is None or self._inner is None or self._is_last:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, _BY_US)
        limits = self.door.limits
        open_sessions = sum(session.is_open for session in self._sessions)
        if open_sessions >= limits.ssh_channels or len(self._sessions) >= _CLOSING * limits.ssh_channels:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_RESOURCE_SHORTAGE, f"at most {limits.ssh_channels} sessions at once"
            )
        session = Session(self, self.caller)
        self._sessions.add(session)
        # its own `create_server_channel` would have a packet of 256 KiB more taken with every session
        channel = GuardedChannel(
            self._inner,
            self._loop,
            allow_pty=True,
            line_editor=False,
            line_echo=False,
            line_history=0,
            max_line_length=limits.line_bytes,
            encoding=None,
            errors="strict",
            window=limits.ssh_window_bytes,
            max_pktsize=PACKET_BYTES,
        )
        return channel, session

    def refused(self, what: str) -> None:
        """Hear that something was asked for that is not there."""
        if self.caller is not None:
            self.door.desk.turn_down(self.caller, what)

    def keys_begin(self) -> None:
        """Hear that keys are being agreed."""
        self.is_rekeying = True
        if self.caller is None:
            return
        now = self.door.clock.monotonic()
        earned = (now - self._rekeyed_at) * _REKEYS_PER_SECOND + self._moved_bytes * _REKEYS_PER_BYTE
        self._allowed_rekeys = min(self._allowed_rekeys + earned, _REKEYS_AT_ONCE) - 1
        self._rekeyed_at, self._moved_bytes = now, 0
        if self._allowed_rekeys < 0:
            self._end_at_once("keys were agreed anew too often")
            return
        self.deadline_at = now + self.door.limits.stalled_write_seconds

    def keys_end(self) -> None:
        """Hear that they are, on our side."""
        self.is_rekeying = False
        self._put_aside_bytes = 0
        self._renew_deadline()
        # AsyncSSH sends what it has put aside before it would send more
        self._loop.call_soon(self._tell_sessions)

    def put_aside(self, size_bytes: int) -> None:
        """Hear that so much has to wait for keys."""
        self._put_aside_bytes += size_bytes
        if self._put_aside_bytes > self.door.limits.ssh_waiting_bytes:
            self._end_at_once("too much waits for keys to be agreed")

    def sent(self, size_bytes: int) -> None:
        """Hear that so much goes out."""
        if self.caller is not None:
            self._moved_bytes += size_bytes

    # What sessions ask and tell

    @property
    def may_write(self) -> bool:
        """Whether more output can be handed over."""
        return not (self._is_paused or self.is_rekeying or self._inner is None)

    def session_ended(self, session: Session) -> None:
        """Hear that a session is over."""
        self._sessions.discard(session)
        self._close_if_last()

    # Inside

    def _feed(self) -> None:
        """Hand over a turn's worth of what has come, and read on once there is no more of it."""
        if self._inner is None or self._transport.is_closing():
            self._unfed = b""
            return
        piece, self._unfed = self._unfed[:_TURN_BYTES], self._unfed[_TURN_BYTES:]
        self._inner.data_received(piece)
        if self._unfed:
            self.door.clock.call_later(0, self._feed)
        else:
            self._read_on()
        self._hold_up()

    def _hold_up(self) -> None:
        """Read no more while too many answers wait for a client that takes none."""
        if not self._is_paused or self._is_held_up or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _PILED_UP * self.door.limits.write_buffer_bytes:
            self._is_held_up = True
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if not (self._unfed or self._is_held_up or self._transport.is_closing()):
            self._transport.resume_reading()

    def _tell_sessions(self) -> None:
        for session in tuple(self._sessions):
            session.hear_news()

    def _close_if_last(self) -> None:
        if self._is_last and not self._sessions:
            self._disconnect(_CLOSES)

    def _revoked(self) -> None:
        self._disconnect(_REVOKED)

    def _disconnect(self, reason: str) -> None:
        """End it in an orderly way: what was handed over is still sent."""
        if self._inner is None or self._transport.is_closing():
            return
        self._inner.disconnect(asyncssh.DISC_BY_APPLICATION, reason)

    def close_transport(self) -> None:
        """Close once all was sent that AsyncSSH has handed over."""
        self._transport.close()
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.stalled_write_seconds

    def _end_at_once(self, why: str) -> None:
        _log.info("visitor %d is closed: %s", self._visitor, why)
        if self._transport.get_write_buffer_size():
            reset_at_close(self._transport)
        self._unfed = b""
        self._transport.abort()

    def _was_taken_from(self) -> bool:
        """Renew the deadline of a client that reads so slowly that only the kernel notices."""
        if self.caller is None or not self._is_paused or not self._transport.get_write_buffer_size():
            return False
        before_bytes, self._untaken_bytes = self._untaken_bytes, untaken_bytes(self._transport)
        if before_bytes is not None and self._untaken_bytes >= before_bytes:
            return False
        self.deadline_at = self.door.clock.monotonic() + self.door.limits.stalled_write_seconds
        return True

    def _renew_deadline(self) -> None:
        # before its login, whatever a client does has to be done in time
        if self.caller is not None and not self._is_paused and not self.is_rekeying:
            self.deadline_at = None


class _Outlet(asyncio.Transport):
    """
    The transport as AsyncSSH gets it, which would abort it over its disconnect message: it is closed instead.

    Source: `disconnect` and `_force_close` of asyncssh/connection.py.
    """

    def __init__(self, transport: asyncio.Transport, connection: SshConnection) -> None:
        super().__init__()
        self._transport = transport
        self._connection = connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._connection.sent(len(data))
        self._transport.write(data)

    def abort(self) -> None:
        self._connection.close_transport()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._transport.get_extra_info(name, default)
