"""Which connections that fail may do better soon."""

import socket

from doorward.core.backup_store import Trouble
from doorward.core.errors import ConnectError

_LASTING_PHASES = frozenset({"address", "login", "send", "SSH", "TLS"})
"""Of errors that no failing connection caused: somebody is not trusted, or not let in."""


def trouble_of_connection(error: ConnectError) -> Trouble:
    """What kind of trouble a ConnectError is that the peer gave no code for."""
    match error.__cause__:
        case socket.gaierror(errno=number):
            return Trouble.TEMPORARY if number == socket.EAI_AGAIN else Trouble.PERMANENT
        case OSError():  # a TimeoutError is one
            return Trouble.TEMPORARY
        case _:
            return Trouble.PERMANENT if error.phase in _LASTING_PHASES else Trouble.TEMPORARY
