"""Listening sockets: bound as the configuration says, or an error that names door, address and holder."""

import errno
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from doorward.core.addresses import Address, parse_address
from doorward.core.errors import ListenError
from doorward.gate.holders import holder_of

BACKLOG = 4096
"""Connections that the kernel holds for us; it caps this at net.core.somaxconn."""

UNIX_MODE = 0o666

_TCP_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
    # accepted sockets inherit these: a peer that vanished is found out about 70 s after it fell silent
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True)
class Listener:
    """
    A socket that listens.

    Attributes:
        door: whose it is.
        socket: bound and not blocking; `listen` was called.
        name: the address as clients write it; a path for a unix socket.
    """

    door: str
    socket: socket.socket
    name: str


def listen_tcp(door: str, text: str, *, only_loopback: bool) -> Listener:
    """
    Listen on one TCP address.

    Raises:
        ListenError: it is no address, one that may not be listened on, or one that cannot.
    """
    address = _parse(door, text)
    if only_loopback and not address.is_loopback:
        raise ListenError(door, text, "a door without login and encryption may listen on loopback only")
    try:
        return _listen(door, address)
    except OSError as error:
        raise ListenError(door, text, _why(error, address)) from error


def listen_somewhere(door: str, text: str) -> tuple[Listener | None, str]:
    """
    Listen on one loopback address or, when its port is taken, on a free port; for the default configuration.

    Returns:
        The listener, None on a machine without IPv6; and a notice for the keeper, empty when all is as asked.

    Raises:
        ListenError: nothing of this helps.
    """
    address = _parse(door, text)
    try:
        return _listen(door, address), ""
    except OSError as error:
        if address.is_ipv6 and error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            return None, f"the {door} door does not listen on {text}: there is no IPv6 here"
        if error.errno != errno.EADDRINUSE:
            raise ListenError(door, text, _why(error, address)) from error
        reason = _why(error, address)
    listener = listen_tcp(door, str(Address(address.host, 0)), only_loopback=True)
    return listener, f"the {door} door listens on {listener.name}: {text} is taken, {reason}"


def listen_unix(door: str, path: Path) -> Listener:
    """
    Listen on a unix socket that anybody may connect to; who they are, the kernel says.

    A socket that a daemon left behind is replaced. The caller holds the lock of the state, or answers for it
    that no other daemon listens there: one that does is found by connecting, and left alone.

    Raises:
        ListenError: something else stands there, somebody listens, or the folder does not let us.
    """
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _remove_left_behind(door, path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:
        raise ListenError(door, str(path), error.strerror or str(error)) from error
    try:
        _bind_for_everybody(listening, path)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(door, str(path), error.strerror or str(error)) from error
    return Listener(door, listening, str(path))


def _bind_for_everybody(listening: socket.socket, path: Path) -> None:
    # not by chmod afterwards: the path could lead elsewhere by then
    umask = os.umask(0o777 & ~UNIX_MODE)
    try:
        listening.bind(str(path))
    finally:
        os.umask(umask)


def _remove_left_behind(door: str, path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(door, str(path), "something that is no socket stands there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass  # its queue is full: somebody listens
    raise ListenError(door, str(path), "another program listens there")


def _parse(door: str, text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise ListenError(door, text, str(error)) from error


def _listen(door: str, address: Address) -> Listener:
    family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        for level, option, value in _TCP_OPTIONS:
            listening.setsockopt(level, option, value)
        if address.is_ipv6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address.host, address.port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    real = Address(address.host, listening.getsockname()[1])
    return Listener(door, listening, str(real))


def _why(error: OSError, address: Address) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.EADDRINUSE and (holder := holder_of(address.port)):
        return f"{reason}, held by {holder}"
    return reason
