"""Peers of a line door: plain sockets that wait no longer than a bound, in text and in frames."""

import json
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome
from doorward.lines.client import ClientEvent, ClientSession, OutputReceived, RunEnded, RunStarted
from tests.doors.daemon import BOUND_SECONDS, Daemon, until
from tests.doors.tls_peers import LOGIN, TlsAddress, through_tls

GREETING = b"What can I do for you?\n"

Address = tuple[str, int] | str | TlsAddress


def address_of(daemon: Daemon, door: str) -> Address:
    if door == "unix":
        return daemon.socket_path
    host, port = "127.0.0.1", int(daemon.doors[door][0].rpartition(":")[2])
    return TlsAddress(host, port, daemon.state / "cert.pem") if door == "tls" else (host, port)


def raw_address_of(daemon: Daemon, door: str) -> tuple[str, int]:
    """Where a door listens, without what is spoken there."""
    return "127.0.0.1", int(daemon.doors[door][0].rpartition(":")[2])


def enter(daemon: Daemon, door: str, *, receive_bytes: int = 0, source: str = "") -> socket.socket:
    """A peer who has logged in, where that is asked for, and is about to be greeted."""
    peer = dial(address_of(daemon, door), receive_bytes=receive_bytes, source=source)
    if door == "tls":
        try:
            peer.sendall(LOGIN)
            assert receive_until(peer, b"\n") in {b"Password?\n", b"Le mot de passe ?\n"}
        except BaseException:
            peer.close()
            raise
    return peer


def dial(address: Address, *, receive_bytes: int = 0, source: str = "") -> socket.socket:
    """A connected socket; with `receive_bytes`, one whose kernel holds little; with `source`, from there."""
    if isinstance(address, TlsAddress):
        raw = dial((address.host, address.port), receive_bytes=receive_bytes, source=source)
        return through_tls(raw, address)
    family = socket.AF_UNIX if isinstance(address, str) else _family(address[0])
    dialled = socket.socket(family, socket.SOCK_STREAM)
    dialled.settimeout(BOUND_SECONDS)
    if receive_bytes:
        dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    try:
        if source:
            dialled.bind((source, 0))
        dialled.connect(address)
    except BaseException:
        dialled.close()
        raise
    return dialled


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def receive_all(peer: socket.socket) -> bytes:
    """Everything up to the end; an end by reset is an error."""
    received = bytearray()
    while data := peer.recv(256 * 1024):
        received += data
    return bytes(received)


def receive_until(peer: socket.socket, ending: bytes) -> bytes:
    """Everything up to `ending`, byte by byte beyond which nothing is taken."""
    received = bytearray()
    while not received.endswith(ending):
        data = peer.recv(1)
        assert data, f"the server closed after {bytes(received)!r}"
        received += data
    return bytes(received)


def ask(address: Address, sent: bytes, *, half_close: bool = False, source: str = "") -> bytes:
    """What a peer hears that connects, sends and listens to the end."""
    with dial(address, source=source) as peer:
        peer.sendall(sent)
        if half_close:
            peer.shutdown(socket.SHUT_WR)
        return receive_all(peer)


def answer(address: Address, line: str) -> bytes:
    """The answer to one line, without the greeting."""
    heard = ask(address, line.encode() + b"\n")
    assert heard.startswith(GREETING)
    return heard.removeprefix(GREETING)


def reset(peer: socket.socket) -> None:
    """Close with a reset, as a peer does whose process was killed with data unread."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def wait_for_reset(peer: socket.socket) -> None:
    """Wait until the connection is gone, without reading anything."""
    poll = select.poll()
    poll.register(peer, 0)
    events = [event for _, event in poll.poll(BOUND_SECONDS * 1000)]
    assert events, "the connection is still there"
    assert events[0] & (select.POLLHUP | select.POLLERR)


def status(daemon: Daemon) -> dict[str, Any]:
    """What the daemon tells its admin over the unix door."""
    with frames(daemon.socket_path) as peer:
        outcome = peer.ask("status form=json")
        assert outcome.is_success, outcome
        found: dict[str, Any] = json.loads(peer.out)
        return found


def wait_until_alone(daemon: Daemon) -> None:
    """Wait until nobody is connected but the one who asks."""
    until(lambda: status(daemon)["connections"] == 1, "the end of all connections")


def hears_the_end(peer: socket.socket) -> bool:
    """Read to the end, however it comes; always true, or a timeout."""
    with suppress(ConnectionError):
        receive_all(peer)
    return True


class FramePeer:
    """
    A program that speaks frames.

    Attributes:
        number: of the newest run; 0 before.
        out, err: of the newest answer so far.
    """

    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        self.session = ClientSession(Limits())
        self.number = 0
        self.out = bytearray()
        self.err = bytearray()
        peer.sendall(self.session.hello())

    def next_event(self) -> ClientEvent:
        while (event := self.session.next_event()) is None:
            data = self.socket.recv(256 * 1024)
            assert data, "the server closed"
            self.session.receive_data(data)
        return event

    def begin(self, line: str) -> None:
        self.out.clear()
        self.err.clear()
        self.socket.sendall(self.session.line(line))

    def started(self) -> int:
        """The number of the run that the line became."""
        while not isinstance(event := self.next_event(), RunStarted):
            assert not isinstance(event, RunEnded), event
        self.number = event.number
        return event.number

    def output(self, most_bytes: int = 1) -> bytes:
        """stdout, once there are so many bytes of it."""
        while len(self.out) < most_bytes:
            self._take(self.next_event())
        return bytes(self.out)

    def first_line(self) -> str:
        while b"\n" not in self.out:
            self._take(self.next_event())
        return self.out.partition(b"\n")[0].decode()

    def end(self) -> Outcome:
        while not isinstance(event := self.next_event(), RunEnded):
            self._take(event)
        return event.outcome

    def ask(self, line: str) -> Outcome:
        self.begin(line)
        return self.end()

    def _take(self, event: ClientEvent) -> None:
        match event:
            case OutputReceived(Stream.OUT, data):
                self.out += data
            case OutputReceived(_, data):
                self.err += data
            case RunStarted(number, _):
                self.number = number
            case RunEnded():
                raise AssertionError(f"it ended: {event}")
            case _:
                pass


@contextmanager
def frames(address: Address) -> Iterator[FramePeer]:
    with dial(address) as peer:
        yield FramePeer(peer)
