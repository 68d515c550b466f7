"""`doorward files`: a gate, one folder behind it, and the end."""

import asyncio
import errno
import logging
import secrets
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doorward.compose.descriptors import allow_descriptors, most_connections
from doorward.compose.loops import loop_factory, until
from doorward.core.addresses import Address
from doorward.core.audit import AuditEvent
from doorward.core.errors import ListenError
from doorward.core.limits import Limits
from doorward.core.mounts import Mount
from doorward.core.secret import Secret
from doorward.doors.web.files.alone import Asked, FilesDoor, OneLogin, meeting_files
from doorward.doors.web.files.handler import THREADS_MOST, Files
from doorward.doors.web.files.media_types import MediaTypes
from doorward.doors.web.files.way import Way
from doorward.gate.gate import Gate
from doorward.gate.listeners import Listener, listen_tcp
from doorward.service.threads import Threads
from doorward.stores.certificates import CertificatePair, load_pair, server_context
from doorward.stores.clock import SystemClock
from doorward.stores.own_certificate import make_own_certificate
from doorward.stores.places import CERTIFICATE_NAME, KEY_NAME, StatePlace
from doorward.stores.state import hold_state

_log = logging.getLogger("doorward.files")

DOOR = "files"

PORTS_TRIED = 20
"""After the one that is taken, before any free one."""

DRAIN_SECONDS = 5.0
"""For what is being sent when the end is asked for."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOptions:
    """
    What the command line says to `files`.

    Attributes:
        root: the absolute path of the folder.
        address: where to listen.
        takes_next_port: one that is taken is replaced by a free one.
        lists: folders without an index.html show what is in them.
        shows_hidden: names that begin with a dot are seen.
        login: the name and the password that are asked for; None for nothing.
        pair: the certificate of TLS; None for plain HTTP.
        hosts: names of this server beside its own.
        is_for_all: it is meant for whoever comes.
        loop: `uvloop` or `asyncio`.
    """

    root: str
    address: Address
    takes_next_port: bool
    lists: bool = True
    shows_hidden: bool = False
    login: tuple[str, Secret] | None = None
    pair: CertificatePair | None = None
    hosts: frozenset[str] = frozenset()
    is_for_all: bool = False
    loop: str = "uvloop"


def files_certificate(
    certificate: Path | None, key: Path | None, place: StatePlace, *, wall_seconds: float
) -> CertificatePair:
    """
    The certificate to show: the one that is named, else the state's own, which is made when there is none.

    Raises:
        CertificateError, StateError: it cannot be used, or not be made.
    """
    if certificate is not None:
        return load_pair(str(certificate.absolute()), str(key.absolute()) if key is not None else "")
    own, own_key = place.folder / CERTIFICATE_NAME, place.folder / KEY_NAME
    if not own.exists():
        held = hold_state(place.folder)
        try:
            make_own_certificate(place.folder, host=socket.gethostname(), wall_seconds=wall_seconds)
        finally:
            held.release()
    return load_pair(str(own), str(own_key))


def machine_names() -> frozenset[str]:
    """What this machine calls itself, in lower case; nothing is looked up."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0], f"{name.partition('.')[0]}.local"})


def listen(options: FilesOptions) -> Listener:
    """
    Listen where `options` say, or on the next free port.

    Raises:
        ListenError: it cannot be listened there.
    """
    address = options.address
    ports = [address.port]
    if options.takes_next_port:
        after = range(address.port + 1, min(address.port + 1 + PORTS_TRIED, 65_536))
        ports += [*after, 0]
    for port in ports[:-1]:
        try:
            return _listen(Address(address.host, port))
        except ListenError as error:
            if not _is_taken(error):
                raise
    return _listen(Address(address.host, ports[-1]))


def run_files(
    options: FilesOptions,
    listener: Listener,
    on_open: Callable[[], None],
    on_asked: Callable[[Asked], None] | None,
) -> None:
    """
    Show the folder at `listener` until SIGINT or SIGTERM; what is being sent then gets a moment more.

    Args:
        options: what to show, and to whom.
        listener: as `listen` made it; closed at the end.
        on_open: called once connections are accepted.
        on_asked: told of every answer, on the loop; None when nobody watches.
    """
    context = None if options.pair is None else server_context(options.pair)
    try:
        with asyncio.Runner(loop_factory=loop_factory(options.loop)) as runner:
            runner.run(_serve(options, listener, context, on_open, on_asked))
    finally:
        listener.socket.close()


async def _serve(
    options: FilesOptions,
    listener: Listener,
    context: ssl.SSLContext | None,
    on_open: Callable[[], None],
    on_asked: Callable[[Asked], None] | None,
) -> None:
    loop, limits = asyncio.get_running_loop(), Limits()
    first, second = asyncio.Event(), asyncio.Event()

    def hear() -> None:
        (second if first.is_set() else first).set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, hear)
    clock, threads = SystemClock(loop), Threads(THREADS_MOST, name="files")
    if notice := allow_descriptors(limits, doors=1, shows_files=True):
        _log.warning("%s", notice)
    gate = Gate(
        limits,
        clock,
        audit=_Told(),
        most=most_connections(limits),
        chance=secrets.SystemRandom().random,
    )
    files = Files(_mount(options), way=Way(threads, clock, limits.stalled_write_seconds), types=MediaTypes())
    door = FilesDoor(
        files=files,
        limits=limits,
        clock=clock,
        gate=gate,
        context=context,
        hosts=options.hosts,
        login=None if options.login is None else OneLogin(*options.login),
        is_for_all=options.is_for_all,
        on_asked=on_asked,
    )
    try:
        await gate.open(listener, meeting_files(door))
        on_open()
        await first.wait()
        await until(second, gate.drain(DRAIN_SECONDS))
    finally:
        gate.close()
        files.close()
        threads.close()


def _mount(options: FilesOptions) -> Mount:
    return Mount(
        path="",
        root=options.root,
        lists=options.lists,
        shows_hidden=options.shows_hidden,
        is_public=options.login is None,
        # nobody is signed in here whom a page could act as
        is_trusted=True,
    )


def _listen(address: Address) -> Listener:
    return listen_tcp(DOOR, str(address), only_loopback=False)


def _is_taken(error: ListenError) -> bool:
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE


class _Told:
    """Who is shut out is told to whoever watches, and written down nowhere."""

    def record(self, event: AuditEvent) -> None:
        _log.warning("%s", ", ".join(str(value) for value in event.details.values()))
