"""What is around every model: its listener, its limits, and the signal that ends it."""

import resource
import socket
from collections.abc import Callable

from doorward.core.errors import ListenError
from doorward.core.limits import Limits
from doorward.core.settings import LineSessionKind
from doorward.models._answering import Places, Reception
from doorward.models._commands import small_catalogue
from doorward.models._model import Model, Server
from doorward.models._stopping import Stopping

BACKLOG = 1024

_SPARE_DESCRIPTORS = 256
"""For children, 32 at once with two descriptors each and some more while they start, and for the rest."""


def serve_model(
    server: Server,
    host: str,
    port: int,
    *,
    kind: LineSessionKind,
    limits: Limits,
    announce: Callable[[Model, str, int], None],
) -> None:
    """
    Serve the small catalogue until TERM or Ctrl-C; `announce` is called once peers can come.

    Raises:
        ListenError: not on loopback, or the system refused.
        CatalogueError: a program of the small catalogue is not installed.
    """
    model = server.MODEL
    reception = reception_of(model, kind=kind, limits=limits)
    with reception.stopping.by_signals(), open_listener(model, host, port) as listener:
        announce(model, *listener.getsockname()[:2])
        server.serve(listener, reception)


def open_listener(model: Model, host: str, port: int) -> socket.socket:
    """
    Bind `host` and `port`, 0 for a free one; a listening socket, for UDP just a bound one.

    Raises:
        ListenError: not on loopback, or the system refused.
    """
    address = f"{host}:{port}"
    if not host.startswith("127."):
        raise ListenError(model.name, address, "a model asks nobody who they are, and stays on 127.0.0.0/8")
    kind = socket.SOCK_DGRAM if model.transport == "udp" else socket.SOCK_STREAM
    listener = socket.socket(socket.AF_INET, kind)
    try:
        if kind is socket.SOCK_STREAM:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # accepted sockets inherit it
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        if kind is socket.SOCK_STREAM:
            listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(model.name, address, error.strerror or str(error)) from error
    return listener


def reception_of(model: Model, *, kind: LineSessionKind, limits: Limits) -> Reception:
    """What `model` needs to serve the small catalogue; raises the process's limit of descriptors for it."""
    return Reception(
        catalogue=small_catalogue(),
        limits=limits,
        kind=kind,
        places=Places(limits.runs),
        stopping=Stopping(),
        most_peers=max(min(model.most_peers, _descriptors() - _SPARE_DESCRIPTORS), 1),
    )


def _descriptors() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
