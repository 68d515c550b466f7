"""Nobody is handed the socket below TLS who might write to it, as some libraries do."""

import asyncio
import socket
import ssl
from typing import cast

from doorward.core.limits import Limits
from doorward.doors._encrypted import SOCKET_BELOW, Encrypted, TlsTransport


class Connection(asyncio.Protocol):
    """Keeps the transport that it is given, and asks for nothing."""

    transport: asyncio.BaseTransport
    awaits_login = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


def test_the_socket_is_there_for_whoever_asks_the_kernel_and_for_nobody_else() -> None:
    with socket.socket() as below:
        connection = Connection()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        encrypted = TlsTransport(cast(Encrypted, connection), context, Limits())
        encrypted.connection_made(asyncio.Transport({"socket": below, "peername": ("192.0.2.7", 1)}))
        told = connection.transport.get_extra_info
        assert told("socket") is None
        assert told("socket", "nothing") == "nothing"
        assert told(SOCKET_BELOW) is below
        assert told("peername") == ("192.0.2.7", 1)
