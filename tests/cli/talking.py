"""Peers for conversations that a person has, each connection handled in a thread."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator

Handler = Callable[[socket.socket], None]

PATIENT_SECONDS = 30.0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def listening(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of one on loopback that handles each connection so."""

    class Handling(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.settimeout(PATIENT_SECONDS)
                if context is None:
                    handler(self.request)
                else:
                    with context.wrap_socket(self.request, server_side=True) as over_tls:
                        handler(over_tls)

    with _Server(("127.0.0.1", 0), Handling) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def line_of(peer: socket.socket) -> bytes:
    """The next line, with its end; what there is of it at the end."""
    line = b""
    while not line.endswith(b"\n") and (byte := peer.recv(1)):
        line += byte
    return line


def mail_server(peer: socket.socket) -> None:
    """Something like a mail server."""
    peer.sendall(b"220 mail.example ESMTP\r\n")
    while line := line_of(peer):
        verb = line.split()[0].upper() if line.split() else b""
        if verb == b"QUIT":
            return peer.sendall(b"221 Bye\r\n")
        if verb == b"EHLO":
            peer.sendall(b"250-mail.example\r\n250 HELP\r\n")
        elif verb == b"AUTH":
            peer.sendall(b"334 Password:\r\n")
            heard = line_of(peer)
            peer.sendall(b"235 in as %s" % heard if heard == b"s3same\r\n" else b"535 no\r\n")
        else:
            peer.sendall(b"500 what is %s" % line)
    return None


def echo(peer: socket.socket) -> None:
    """Give all back until its end, and then close."""
    while data := peer.recv(65536):
        peer.sendall(data)


def silent_after(data: bytes) -> Handler:
    """One that says so, and then listens until our side ends."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(data)
        while peer.recv(65536):
            pass

    return handle


def never_ending(data: bytes) -> Handler:
    """One that says so, and is there still when our side has ended."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(data)
        threading.Event().wait(PATIENT_SECONDS)

    return handle


def saying(data: bytes) -> Handler:
    """One that says so, and closes."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(data)

    return handle
