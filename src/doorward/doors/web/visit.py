"""One request that is being answered, and all that is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from doorward.core.principal import Peer
from doorward.core.settings import Language
from doorward.doors.web.connection import WebConnection
from doorward.doors.web.door import WebDoor
from doorward.doors.web.form_data import Pairs, parse_pairs
from doorward.doors.web.identity import Identity
from doorward.doors.web.languages import language_of
from doorward.doors.web.made import MadeAnswer
from doorward.doors.web.problems import Problem, not_logged_in
from doorward.doors.web.safety import ENCRYPTED_HEADERS, SAFE_HEADERS, is_host_of
from doorward.doors.web.sessions import WebSession
from doorward.gate.origins import Origin
from doorward.service.caller import Caller


@dataclass(slots=True, kw_only=True, eq=False)
class Visit:
    """
    One request.

    Attributes:
        door: by which it came.
        connection: on which.
        request: of aiohttp.
        origin: whom it counts for: behind a proxy, who the proxy says it is from.
        is_secure: the browser's way to us is encrypted.
        host: the Host header, or what a proxy says that it was.
        identity: who; None for nobody.
        names: what stood in the braces of the route's path, decoded.
    """

    door: WebDoor
    connection: WebConnection
    request: web.BaseRequest
    origin: Origin
    is_secure: bool
    host: str
    identity: Identity | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    _caller: Caller | None = None

    @property
    def own_origin(self) -> str:
        """`https://host:port` as the browser knows us."""
        public = self.door.public_origin
        if public and self.door.is_proxy(self.connection.origin.host) and is_host_of(public, self.host):
            return public
        return f"{'https' if self.is_secure else 'http'}://{self.host}".lower()

    @property
    def peer(self) -> Peer:
        """The other end, for the desk and the audit trail."""
        return Peer(self.door.name, self.origin.host, visitor=self.connection.visitor)

    @property
    def who(self) -> Identity:
        """
        Who asks.

        Raises:
            Problem: nobody has logged in.
        """
        if self.identity is None or self.identity.is_over:
            raise not_logged_in()
        return self.identity

    @property
    def caller(self) -> Caller:
        """Who asks, for the desk; raises as `who` does."""
        principal = self.who.principal
        if self._caller is None:
            # the requests of a connection come from one, unless a proxy puts others' on it
            known, connection = self.connection.caller, self.connection
            if known is None or known.principal is not principal or self.origin is not connection.origin:
                known = Caller(principal, self.peer)
                if self.origin is connection.origin:
                    connection.caller = known
            self._caller = known
        return self._caller

    @property
    def session(self) -> WebSession | None:
        """The browser's session; None for a password or a token that comes with each request."""
        return self.identity if isinstance(self.identity, WebSession) else None

    @property
    def language(self) -> Language:
        """The one that the browser likes best of ours; for whoever does not say, the door's."""
        return language_of(self.request.headers.get("Accept-Language", ""), otherwise=self.door.language)

    @property
    def wants_html(self) -> bool:
        """Whether a page is wanted: a browser says so, curl does not."""
        return "text/html" in self.request.headers.get("Accept", "")

    @property
    def query(self) -> Pairs:
        """
        The names and values of the query, decoded once.

        Raises:
            Problem: they cannot be read.
        """
        # as it came: what aiohttp shows as a text is decoded already, and would be a second time
        _, _, query = self.request.raw_path.partition("?")
        return parse_pairs(query.encode("ascii", "replace")) if query else ()

    @property
    def is_head(self) -> bool:
        """Whether the head is all that is asked for: what is written all the same, aiohttp would send."""
        return self.request.method == "HEAD"

    @property
    def safe_headers(self) -> Mapping[str, str]:
        """What stands on every answer that does not say otherwise."""
        return ENCRYPTED_HEADERS if self.is_secure else SAFE_HEADERS

    def make_safe(self, response: web.StreamResponse) -> web.StreamResponse:
        """Add to `response`, which is not sent yet, what every answer has that does not say otherwise."""
        if isinstance(response, MadeAnswer):
            return response
        headers = response.headers
        for name, value in self.safe_headers.items():
            headers.setdefault(name, value)
        return response

    async def stream(self, response: web.StreamResponse) -> web.StreamResponse:
        """Begin to send `response`, whose body is written piece by piece, unless `is_head`."""
        self.make_safe(response)
        await response.prepare(self.request)
        return response

    async def body(self, *, most_bytes: int | None = None) -> bytes:
        """
        The whole body.

        Args:
            most_bytes: how large it may be, when that is less than the limit.

        Raises:
            Problem: it is larger than that.
            ConnectionResetError: the peer left in the midst of it.
        """
        limit_bytes = self.door.limits.http_body_bytes
        most_bytes = limit_bytes if most_bytes is None else min(most_bytes, limit_bytes)
        if (self.request.content_length or 0) > most_bytes:
            raise too_large(most_bytes)
        data = bytearray()
        try:
            async for piece in self.request.content.iter_any():
                data += piece
                if len(data) > most_bytes:
                    raise too_large(most_bytes)
        except RuntimeError as error:
            # what aiohttp raises to whoever waits for more on a connection that was closed
            if self.connection.connected:
                raise
            raise ConnectionResetError("the peer left") from error
        self.connection.body_done()
        return bytes(data)


def too_large(most_bytes: int) -> Problem:
    """A body beyond the limit; the connection ends, since the rest of it is not read."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body is more than {most_bytes} bytes",
        headers=[("Connection", "close")],
    )
