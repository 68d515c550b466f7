"""A plain connection to an endpoint, and what to tell when there is none to be had."""

import os
import socket
import struct

from doorward.clients._endpoints import CONNECT_SECONDS, Endpoint, SshEndpoint, UnixEndpoint
from doorward.core.errors import ConnectError


def connect(endpoint: Endpoint, *, within_seconds: float = CONNECT_SECONDS) -> socket.socket:
    """
    Reach `endpoint`; blocks for at most `within_seconds` an address, and while its name is resolved.

    Returns:
        A connected socket that does not block.

    Raises:
        ConnectError: nothing could be reached there.
    """
    try:
        if isinstance(endpoint, UnixEndpoint):
            connected = _connect_unix(endpoint.path, within_seconds)
        else:
            connected = socket.create_connection((endpoint.host, endpoint.port), timeout=within_seconds)
            tune(connected)
    except (OSError, UnicodeError) as error:
        raise not_reached(endpoint, error, within_seconds=within_seconds) from error
    connected.setblocking(False)
    return connected


def tune(connected: socket.socket) -> None:
    """Send at once, and notice within 90 s that the other end is gone while a long command says nothing."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_NODELAY, 1),
        (socket.TCP_KEEPIDLE, 60),
        (socket.TCP_KEEPINTVL, 10),
        (socket.TCP_KEEPCNT, 3),
    ):
        connected.setsockopt(socket.IPPROTO_TCP, option, value)


def not_reached(endpoint: Endpoint, error: OSError | UnicodeError, *, within_seconds: float) -> ConnectError:
    """The error that says that nothing could be reached within `within_seconds`; raise it from `error`."""
    if isinstance(error, TimeoutError | BlockingIOError):
        problem = f"no connection within {within_seconds:g} s"
    else:
        problem = _problem(endpoint, error)
    return ConnectError(endpoint.url, "connect", problem, _next_step(endpoint, error))


def _connect_unix(path: str, within_seconds: float) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # one that does not block, as with a timeout of Python, is refused at once while the queue is full
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(within_seconds))
        connected.connect(path)
    except BaseException:
        connected.close()
        raise
    return connected


def _timeval(seconds: float) -> bytes:
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))


def _problem(endpoint: Endpoint, error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError) and isinstance(endpoint, UnixEndpoint):
        return "the socket was left behind by a daemon that is gone"
    if isinstance(error, socket.gaierror):
        return f"the name cannot be resolved: {error.strerror}"
    # what asyncio says of an error is longer, and names the address once more
    said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return said[:1].lower() + said[1:]


def _next_step(endpoint: Endpoint, error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "Look at how the host is written."
        case ConnectionRefusedError() if isinstance(endpoint, UnixEndpoint):
            return "`doorward serve` starts one."
        case ConnectionRefusedError() if isinstance(endpoint, SshEndpoint) and endpoint.url.startswith(
            "sftp:"
        ):
            return "Does a server of SSH run there, and on this port?"
        case FileNotFoundError() | ConnectionRefusedError():
            return "Is the daemon running? `doorward serve` starts it."
        case PermissionError() if isinstance(endpoint, UnixEndpoint):
            return f"Who may enter {os.path.dirname(endpoint.path) or '.'}? Try as the daemon's user."
        case TimeoutError() | BlockingIOError():
            return "Is the host up, and does it let you through?"
        case _:
            return ""
