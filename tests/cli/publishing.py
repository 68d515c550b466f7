"""A web server and a mail server in threads of this process, for commands that go to them."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import SMTP, Envelope, Session


class Publisher(ThreadingHTTPServer):
    """Serves `pages` by their paths, with a constant entity tag for each content."""

    pages: dict[str, tuple[str, bytes]]
    statuses: list[int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = self._publisher.pages.get(self.path, ("text/html", b""))
        etag = f'"{hash(body)}"'
        is_same = self.headers.get("If-None-Match") == etag
        status = 304 if is_same else 200 if body else 404
        self._publisher.statuses.append(status)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(0 if is_same else len(body)))
        self.end_headers()
        self.wfile.write(b"" if is_same else body)

    @property
    def _publisher(self) -> Publisher:
        assert isinstance(self.server, Publisher)
        return self.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of its parent
        pass


@contextmanager
def publishing(pages: Mapping[str, tuple[str, bytes]]) -> Iterator[Publisher]:
    """Serve `pages`: kinds and contents by their paths."""
    server = Publisher(("127.0.0.1", 0), _Handler)
    server.pages = dict(pages)
    server.statuses = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Postbox:
    """
    Takes mail.

    Attributes:
        port: where, on 127.0.0.1.
        envelopes: what came.
    """

    def __init__(self) -> None:
        self.port = 0
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 taken"

    @property
    def messages(self) -> list[EmailMessage]:
        return [_parsed(envelope.content) for envelope in self.envelopes]

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


def _parsed(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def taking_mail() -> Iterator[Postbox]:
    """A mail server of this machine."""
    box = Postbox()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(box, hostname="box.example", loop=loop), "127.0.0.1", 0)
    )
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
