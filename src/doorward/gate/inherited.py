"""
Listening sockets that whoever started this process made for it, each with the name of its door.

Source: sd_listen_fds(3) and sd_listen_fds_with_names(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.
"""

import os
import socket
from collections.abc import Mapping, MutableMapping

from doorward.core.addresses import Address
from doorward.core.errors import ListenError
from doorward.core.settings import DoorKind
from doorward.gate.listeners import NOT_ON_LOOPBACK, Listener

FIRST_DESCRIPTOR = 3

_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_MOST = 256


def take_inherited(environment: MutableMapping[str, str], *, pid: int) -> tuple[Listener, ...]:
    """
    Take over the sockets that are meant for this process; whoever asks again is given none.

    The variables are taken out of `environment`, so that no child believes that they are meant for it.

    Raises:
        ListenError: one of them is no socket that listens for streams, or there are too many.
    """
    said = {name: environment.pop(name, "") for name in _VARIABLES}
    if said["LISTEN_PID"] != str(pid):
        return ()
    count = int(said["LISTEN_FDS"]) if said["LISTEN_FDS"].isdecimal() else 0
    if count > _MOST:
        raise ListenError(
            "of any name", "LISTEN_FDS", f"{count} sockets were inherited, at most {_MOST} can be"
        )
    names = said["LISTEN_FDNAMES"].split(":") if said["LISTEN_FDNAMES"] else []
    names += ["unknown"] * (count - len(names))
    return tuple(_listener(names[index], FIRST_DESCRIPTOR + index) for index in range(count))


def check_inherited(listener: Listener, *, doors: Mapping[str, DoorKind]) -> None:
    """
    Make sure that an inherited socket belongs to a door, and may be that door's.

    Args:
        listener: it.
        doors: what those are that are to be open, by name.

    Raises:
        ListenError: it may not.
    """
    if listener.door not in doors:
        raise ListenError(
            listener.door,
            listener.name,
            "the inherited socket has the name of no door that is to be open; "
            f"FileDescriptorName= is to be one of {', '.join(doors)}",
        )
    kind = doors[listener.door]
    if (listener.socket.family == socket.AF_UNIX) is not kind.is_path:
        raise ListenError(listener.door, listener.name, "the inherited socket is of the wrong family")
    if kind.only_loopback and not _address(listener.socket).is_loopback:
        raise ListenError(listener.door, listener.name, NOT_ON_LOOPBACK)


def _listener(door: str, descriptor: int) -> Listener:
    try:
        os.set_inheritable(descriptor, False)
        inherited = socket.socket(fileno=descriptor)
        is_listening = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ListenError(door, f"descriptor {descriptor}", f"it is no socket: {error.strerror}") from error
    if inherited.type != socket.SOCK_STREAM or not is_listening:
        raise ListenError(door, f"descriptor {descriptor}", "it is no socket that listens for streams")
    inherited.setblocking(False)
    if inherited.family == socket.AF_UNIX:
        return Listener(door, inherited, os.fsdecode(inherited.getsockname()))
    return Listener(door, inherited, str(_address(inherited)))


def _address(listening: socket.socket) -> Address:
    host, port = listening.getsockname()[:2]
    return Address(host, port)
