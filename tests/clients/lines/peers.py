"""Peers of the line protocol on real sockets, each doing one thing right or wrong."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from doorward.core.errors import ProtocolError
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.settings import Language, LineSessionKind
from doorward.lines.events import Asked, CancelWanted, Event, Ignored, InputEnded, InputReceived, LoginTried
from doorward.lines.phrases import PHRASES
from doorward.lines.session import LineSession

Handler = Callable[[socket.socket], None]

BOUND_SECONDS = 20.0


@contextmanager
def listening(handler: Handler, *, family: socket.AddressFamily = socket.AF_INET) -> Iterator[str]:
    """Answer every connection with `handler`, one after the other; yields the URL."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as listener, _served(listener, handler):
        port = listener.getsockname()[1]
        yield f"tcp://[{host}]:{port}" if family == socket.AF_INET6 else f"tcp://{host}:{port}"


@contextmanager
def listening_tls(handler: Handler, context: ssl.SSLContext) -> Iterator[str]:
    """Answer every connection with `handler` once its handshake is done; yields the URL."""

    def handle(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secured:
            handler(secured)
            # a ValueError when the handler shut it down
            with contextlib.suppress(OSError, ValueError):
                secured.unwrap()

    with listening(handle) as url:
        yield url.replace("tcp://", "tls://")


@contextmanager
def listening_at(path: Path, handler: Handler) -> Iterator[None]:
    """Answer every connection to the socket at `path` with `handler`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with _served(listener, handler):
            yield


@contextmanager
def _served(listener: socket.socket, handler: Handler) -> Iterator[None]:
    listener.settimeout(BOUND_SECONDS)
    is_over = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, handler, is_over))
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        # shutting it down wakes nobody who waits at a unix socket: a last one comes
        with contextlib.suppress(OSError), socket.socket(listener.family) as last:
            last.connect(listener.getsockname())
        thread.join(BOUND_SECONDS)


def _serve(listener: socket.socket, handler: Handler, is_over: threading.Event) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            if is_over.is_set():
                return
            peer.settimeout(BOUND_SECONDS)
            try:
                handler(peer)
            except OSError:
                continue


def read_line(peer: socket.socket) -> bytes:
    """Read up to an LF, a byte at a time, so that nothing after it is taken."""
    line = b""
    while not line.endswith(b"\n"):
        byte = peer.recv(1)
        if not byte:
            return line
        line += byte
    return line


def says(data: bytes, *, then_waits: bool = False) -> Handler:
    """Take the hello, say `data`, and close; or wait for the client to leave."""

    def handle(peer: socket.socket) -> None:
        read_line(peer)
        peer.sendall(data)
        while then_waits and peer.recv(65536):
            pass

    return handle


def wants(form: bytes, logins: list[bytes]) -> Handler:
    """A door that says which login it wants, and refuses every one; they are kept in `logins`."""

    def handle(peer: socket.socket) -> None:
        read_line(peer)
        peer.sendall(b"Password?\nlogin %d\n%b" % (len(form), form))
        length = int(read_line(peer).removeprefix(b"line ") or b"0")
        if length:
            logins.append(peer.recv(length))
            end = b'{"kind":"refused","exit_status":126}'
            peer.sendall(b"end %d\n%b" % (len(end), end))

    return handle


def old_server(peer: socket.socket) -> None:
    """A server of text alone: greets, takes one line, answers, closes."""
    peer.sendall(b"Welcome.\n")
    line = read_line(peer)
    peer.sendall(b"you said " + line if line != b"doorward/1\n" else b"Eh?\n")


def keeping_server(peer: socket.socket) -> None:
    """A server of text alone that answers line after line until its peer sends no more."""
    peer.sendall(b"> ")
    while line := read_line(peer):
        peer.sendall(b"no such thing\n> " if line == b"doorward/1\n" else b"you said " + line + b"> ")


class LoginServer:
    """
    A door that wants a login, made of the server's own session; answers with the line that was asked.

    `take` reads input, `wait` waits to be cancelled, `fail` ends with status 3, `busy` finds no place.
    """

    def __init__(self, password: str) -> None:
        self._password = password
        self.logins: list[str] = []
        self.taken = bytearray()

    def __call__(self, peer: socket.socket) -> None:
        session = LineSession(
            phrases=PHRASES[Language.ENGLISH],
            kind=LineSessionKind.ONCE,
            limits=Limits(),
            needs_login=True,
            asks_name=" " in self._password,
        )
        while not session.is_over:
            peer.sendall(session.bytes_to_send())
            data = peer.recv(65536)
            if not data:
                return
            session.receive_data(data)
            self._act(session)
        peer.sendall(session.bytes_to_send())

    def _act(self, session: LineSession) -> None:
        try:
            while (event := session.next_event()) is not None:
                self._answer(session, event)
        except ProtocolError:
            session.close()

    def _answer(self, session: LineSession, event: Event) -> None:
        match event:
            case LoginTried(text):
                self.logins.append(text)
                if text == self._password:
                    session.logged_in()
                else:
                    session.login_refused()
            case Asked(line):
                self._run(session, line)
            case InputReceived(data):
                self.taken += data
            case InputEnded():
                session.run_ended(SUCCESS)
            case CancelWanted():
                session.run_ended(Outcome(OutcomeKind.CANCELLED))
            case Ignored():
                pass

    def _run(self, session: LineSession, line: str | None) -> None:
        if line == "busy":
            session.run_ended(Outcome(OutcomeKind.BUSY))
            return
        session.run_started(7, takes_input=line == "take")
        session.output(Stream.OUT, f"{line}\n".encode())
        if line == "fail":
            session.output(Stream.ERR, b"no\n")
            session.run_ended(Outcome(OutcomeKind.EXITED, status=3))
        elif line not in {"take", "wait"}:
            session.run_ended(SUCCESS)
