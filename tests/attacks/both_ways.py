"""A web door in the clear and one behind TLS, and connections to whichever it is."""

import socket
import ssl

from tests.doors.daemon import TCP, Daemon
from tests.doors.peers import dial
from tests.doors.web.house import USERS, web_address

LISTEN = ("127.0.0.1", "0.0.0.0")
"""In the clear, and with TLS."""


def config_for(listen: str) -> str:
    """A daemon whose web door listens there."""
    return TCP + f'[doors.web]\nlisten = ["{listen}:0"]\n' + USERS


def connected(daemon: Daemon) -> socket.socket:
    """A connection to the door, through TLS where it speaks that; to be closed."""
    host, port = web_address(daemon)
    raw = dial((host, port))
    if not daemon.doors["web"][0].startswith("0.0.0.0"):
        return raw
    context = ssl.create_default_context(cafile=str(daemon.state / "cert.pem"))
    return context.wrap_socket(raw, server_hostname=host)
