"""
AsyncSSH's connection and channel with the holes of version 2.24.1 closed, by methods without an underscore.

Each hole has a test in tests/attacks/ that fails when what closes it stops working:

- any number of passwords and keys on one connection: `send_userauth_failure`;
- signatures with SHA-1, RSA keys of any length, certificates signed so: `validate_public_key`;
- output without end put aside while keys are agreed anew: `send_packet`;
- variables of the environment kept without end: `GuardedChannel.process_packet`;
- configuration read anew, in a thread, for each login: `reload_config`;
- a packet of nothing before each packet, which protects ciphers with chained blocks (RFC 4251 section 9.3.1),
  and we have none of those: `send_packet`;
- output cut into as many packets as the client likes, a byte each, in one turn of the loop: `process_packet`;
- a client that asks for the service of logins with each of its tries, as paramiko does, and is closed for it:
  `process_packet`.

What is read before a login, who reads slowly and how much one turn of the loop takes is seen to by
`SshConnection`, which stands between the transport and this.
"""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

import asyncssh
from asyncssh.packet import SSHPacket, SSHPacketLogger

from doorward.core.told_ends import TELL
from doorward.doors.ssh.login import Login
from doorward.doors.ssh.wire import channel_open, channel_request, is_trusted

_MSG_IGNORE = 2
_MSG_SERVICE_REQUEST = 5
_MSG_SERVICE_ACCEPT = 6
_MSG_KEXINIT = 20
_MSG_NEWKEYS = 21
_MSG_KEX_LAST = 49
_MSG_CHANNEL_OPEN = 90
_MSG_CHANNEL_REQUEST = 98
_MSG_CHANNEL_FAILURE = 100
"""Source: RFC 4250 section 4.1."""

_PACKET_OVERHEAD_BYTES = 256
"""What a packet that waits takes in memory beside its content."""

PACKET_BYTES_LEAST = 1024
"""A client that takes less in one packet is refused: RFC 4253 section 6.1 has it take 32,768."""

_FORWARDED = {b"x11-req": "X11", b"auth-agent-req@openssh.com": "the agent"}
_NOT_KEPT = b"env"


class Guard(Protocol):
    """
    Who watches over a connection.

    Attributes:
        login: of its client.
        banner: what is shown before the login; empty for nothing.
    """

    login: Login

    @property
    def is_logged_in(self) -> bool:
        """The client was let in."""

    @property
    def banner(self) -> str: ...

    @property
    def is_rekeying(self) -> bool:
        """Keys are being agreed, and nothing else can be sent."""

    def keys_begin(self) -> None:
        """Hear that keys are being agreed."""

    def keys_end(self) -> None:
        """Hear that they are, on our side."""

    def put_aside(self, size_bytes: int) -> None:
        """Hear that so much has to wait for that."""

    def logged_in(self, *, forced: set[str]) -> None:
        """Hear that the client was let in, whose key forces these commands."""

    def open_session(self) -> "tuple[GuardedChannel, asyncssh.SSHServerSession[bytes]]":
        """
        A new session.

        Raises:
            ChannelOpenError: there are too many already.
        """

    def refused(self, what: str) -> None:
        """Hear that something was asked for that is not there."""


class GuardedConnection(asyncssh.SSHServerConnection):
    """
    One connection.

    Attributes:
        guard: who watches over it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, options: asyncssh.SSHServerConnectionOptions, guard: Guard
    ) -> None:
        self.guard = guard
        self._service_asked = b""
        super().__init__(loop, options)

    async def reload_config(self) -> None:
        """Keep the options: nothing in them depends on who logs in."""

    def process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> bool | Awaitable[None]:
        if pkttype == _MSG_SERVICE_REQUEST:
            asked = packet.get_remaining_payload()
            if self._service_asked == asked and not self.guard.is_logged_in:
                self.send_packet(_MSG_SERVICE_ACCEPT, asked)
                return True
            self._service_asked = asked
        elif pkttype == _MSG_CHANNEL_OPEN and self.guard.is_logged_in:
            opened = channel_open(packet.get_remaining_payload())
            if opened is not None and opened[1] < PACKET_BYTES_LEAST:
                reason = f"expected packets of at least {PACKET_BYTES_LEAST} bytes"
                self.send_channel_open_failure(opened[0], asyncssh.OPEN_RESOURCE_SHORTAGE, reason, "")
                return True
        return super().process_packet(pkttype, pktid, packet)

    def send_userauth_failure(self, partial_success: bool) -> None:  # noqa: FBT001 - not ours
        if self.guard.login.failed():
            self.disconnect(asyncssh.DISC_PROTOCOL_ERROR, "too many tries to log in")
        else:
            super().send_userauth_failure(partial_success)

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        if not is_trusted(key_data, signature):
            return False
        self.guard.login.show(key_data)
        return await super().validate_public_key(username, key_data, msg, signature)

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        if pkttype == _MSG_IGNORE:
            return
        if pkttype > _MSG_KEX_LAST:
            if self.guard.is_rekeying:
                self.guard.put_aside(sum(map(len, args)) + _PACKET_OVERHEAD_BYTES)
        elif pkttype == _MSG_KEXINIT:
            self.guard.keys_begin()
        super().send_packet(pkttype, *args, handler=handler)
        if pkttype == _MSG_NEWKEYS:
            self.guard.keys_end()


class GuardedChannel(asyncssh.SSHServerChannel[bytes]):
    """
    One session's channel.

    Attributes:
        is_told: its client wants to be told how a command ended as `told_ends` has it.
    """

    is_told = False

    def process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> bool | Awaitable[None]:
        if pkttype == _MSG_CHANNEL_REQUEST:
            name, wants_reply = channel_request(packet.get_remaining_payload())
            if name == TELL and not wants_reply:
                self.is_told = True
                return True
            if name in _FORWARDED or name == _NOT_KEPT:
                self._turn_down(name, wants_reply=wants_reply)
                return True
        return super().process_packet(pkttype, pktid, packet)

    def _turn_down(self, name: bytes, *, wants_reply: bool) -> None:
        connection = self.get_connection()
        if name in _FORWARDED and isinstance(connection, GuardedConnection):
            connection.guard.refused(_FORWARDED[name])
        if wants_reply and not self.is_closing():
            self.send_packet(_MSG_CHANNEL_FAILURE)
