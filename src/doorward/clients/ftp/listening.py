"""A port that the server connects to for data: active mode, RFC 959 section 3.2 and RFC 2428 section 2."""

import asyncio
import ipaddress
import socket

from doorward.clients._connecting import tune
from doorward.clients._reaching import Address, Peer, stream_over
from doorward.clients._streams import Stream

_WAITING = 4
"""How many may knock before one is let in; all but one are strangers."""


class Listener:
    """
    A port of this machine, at the address that the control connection has here.

    Args:
        own: that address.
        peer: the server's; nobody else is let in.

    Raises:
        OSError: there is no port to be had.
    """

    def __init__(self, own: Address, peer: Peer) -> None:
        family, address = peer
        self._family = family
        self._peer = _host_of(address)
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            tune(self._socket)
            self._socket.bind((own[0], 0, *own[2:]))
            self._socket.listen(_WAITING)
        except BaseException:
            self._socket.close()
            raise

    @property
    def extended(self) -> str:
        """What EPRT is given: RFC 2428 section 2."""
        number = 1 if self._family is socket.AF_INET else 2
        name = self._socket.getsockname()
        return f"|{number}|{_host_of(name)}|{name[1]}|"

    @property
    def plain(self) -> str:
        """What PORT is given, of IPv4 alone: RFC 959 section 5.3.2."""
        host, port = self._socket.getsockname()
        return f"{host.replace('.', ',')},{port // 256},{port % 256}"

    async def accepted(self) -> Stream:
        """Wait for the server, for as long as the caller likes; raises OSError."""
        loop = asyncio.get_running_loop()
        while True:
            connected, address = await loop.sock_accept(self._socket)
            if _host_of(address) == self._peer:
                # what is set there was taken over from the one that listens
                return await stream_over(connected)
            connected.close()

    def close(self) -> None:
        """Let nobody in any more; idempotent."""
        self._socket.close()


def _host_of(address: Address) -> str:
    """Without the zone, which is ours and means nothing to the server, and in one form."""
    return str(ipaddress.ip_address(str(address[0]).partition("%")[0]))
