"""Listening sockets: bound as the configuration says, or an error that names door, address and holder."""

import errno
import logging
import os
import socket
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from doorward.core.addresses import Address, parse_address
from doorward.core.errors import ListenError
from doorward.core.limits import Limits
from doorward.gate.holders import holder_of

_log = logging.getLogger("doorward.gate")

BACKLOG = 4096
"""Connections that the kernel holds for us; it caps this at net.core.somaxconn."""

UNIX_MODE = 0o666

NOT_ON_LOOPBACK = "a door without login and encryption may listen on loopback only"


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """
    A socket that listens.

    Attributes:
        door: whose it is.
        socket: bound and not blocking; `listen` was called.
        name: the address as clients write it; a path for a unix socket.
        asked: the address as the configuration has it, maybe with port 0; empty for an inherited socket.
        made: device and inode of the path that we made for a unix socket; None for any other.
    """

    door: str
    socket: socket.socket
    name: str
    asked: str = ""
    made: tuple[int, int] | None = None

    @property
    def is_inherited(self) -> bool:
        """Whether somebody else made it, whose it stays."""
        return not self.asked


def forget_path(listener: Listener) -> None:
    """
    Remove the path that we made for a unix socket, unless somebody else's stands there by now.

    To be called before the socket is closed, and once: until then nothing else can have its inode.
    """
    if listener.made is None:
        return
    try:
        if _identity(listener.name) == listener.made:
            os.unlink(listener.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        # whoever listens there next replaces it
        _log.warning("the socket %s cannot be removed: %s", listener.name, error.strerror)


def _identity(path: str) -> tuple[int, int]:
    facts = os.lstat(path)
    return facts.st_dev, facts.st_ino


def tune(listening: socket.socket, limits: Limits) -> None:
    """Have what is accepted on a TCP socket noticed when its peer is gone; accepted sockets inherit this."""
    # A window that stays shut counts as unacknowledged too, and has a limit of its own. TCP_USER_TIMEOUT
    # takes the place of TCP_KEEPCNT, says tcp(7): once it has passed in silence, a probe that is not answered
    # ends the connection. As the limits are shipped the first one does, 70 s after a peer's last sign.
    timeout_seconds = max(limits.unacknowledged_seconds, limits.stalled_write_seconds)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, limits.keepalive_idle_seconds),
        (socket.TCP_KEEPINTVL, limits.keepalive_interval_seconds),
        (socket.TCP_KEEPCNT, limits.keepalive_probes),
        (socket.TCP_USER_TIMEOUT, int(timeout_seconds * 1000)),
    ):
        listening.setsockopt(socket.IPPROTO_TCP, option, value)


def listen_tcp(door: str, text: str, *, only_loopback: bool, beside: Iterable[Listener] = ()) -> Listener:
    """
    Listen on one TCP address.

    Args:
        door: whose it is to be.
        text: the address.
        only_loopback: whether it may be no other.
        beside: listeners of ours that may hold an address which includes this one, or is included in it, and
            are soon to be closed.

    Raises:
        ListenError: it is no address, one that may not be listened on, or one that cannot.
    """
    address = _parse(door, text)
    if only_loopback and not address.is_loopback:
        raise ListenError(door, text, NOT_ON_LOOPBACK)
    try:
        return _listen_beside(door, address, text, beside)
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
        return _listen(door, address, asked=text), ""
    except OSError as error:
        if address.is_ipv6 and error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            return None, f"the {door} door does not listen on {text}: there is no IPv6 here"
        if error.errno != errno.EADDRINUSE:
            raise ListenError(door, text, _why(error, address)) from error
        reason = _why(error, address)
    listener = _listen(door, Address(address.host, 0), asked=text)
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
        made = _bind_for_everybody(listening, path)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(door, str(path), error.strerror or str(error)) from error
    return Listener(door, listening, str(path), asked=str(path), made=made)


def _bind_for_everybody(listening: socket.socket, path: Path) -> tuple[int, int]:
    """
    Bind, and have everybody be let in; device and inode of what was made.

    The umask would say it at once, but for all threads of the process: what another one makes in that moment
    would be everybody's too. So the mode is changed afterwards, through a descriptor of what stands there:
    that cannot become something else between the look and the change.

    Raises:
        OSError: it cannot be bound, or somebody who may write to the folder put something else there.
    """
    listening.bind(str(path))
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        facts = os.fstat(descriptor)
        # another socket of ours that was linked here has two names
        if not stat.S_ISSOCK(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_nlink != 1:
            raise OSError(errno.EEXIST, "something else was put there")
        os.chmod(f"/proc/self/fd/{descriptor}", UNIX_MODE)
    finally:
        os.close(descriptor)
    return facts.st_dev, facts.st_ino


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


def _listen_beside(door: str, address: Address, text: str, beside: Iterable[Listener]) -> Listener:
    """
    Listen, also where a listener of ours on another address has this port: 0.0.0.0:1 beside 127.0.0.1:1.

    From then on a program of our own user that means to can join the port; it could stop us as well.

    Source: SO_REUSEPORT of socket(7), which all sockets of a port must have when one more is bound.
    """
    try:
        return _listen(door, address, asked=text)
    except OSError as error:
        sharing = [each.socket for each in beside if _port_of(each.socket) == address.port]
        if error.errno != errno.EADDRINUSE or not sharing:
            raise
    for each in sharing:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return _listen(door, address, asked=text, shares_port=True)


def _port_of(listening: socket.socket) -> int | None:
    return None if listening.family == socket.AF_UNIX else int(listening.getsockname()[1])


def _listen(door: str, address: Address, *, asked: str, shares_port: bool = False) -> Listener:
    family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shares_port)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.is_ipv6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address.host, address.port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    real = Address(address.host, listening.getsockname()[1])
    return Listener(door, listening, str(real), asked=asked)


def _why(error: OSError, address: Address) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.EADDRINUSE and (holder := holder_of(address.port)):
        return f"{reason}, held by {holder}"
    return reason
