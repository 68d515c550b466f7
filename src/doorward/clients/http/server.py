"""Requests to one server, each to its answer, and every way in which there is none as one kind of error."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

import aiohttp

from doorward.clients._asking import LOGIN_SECONDS
from doorward.clients._endpoints import HttpEndpoint
from doorward.clients._no_http import words_of_no_http
from doorward.clients.http.connecting import Connector
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret

EXCHANGE_SECONDS = 120.0
"""A request and its whole answer take no longer, however slowly they trickle."""

SILENCE_SECONDS = 45.0
"""A stream that says nothing for so long is broken: the door sends a comment every 15 s."""

ANSWER_BYTES = 64 * 1024 * 1024
"""The longest answer that is read whole: as long as the output of a command may be."""

_PIECE_BYTES = 64 * 1024
_IS_IT_A_DOOR = "Does a Doorward listen there, with a web door?"
_MAY_BE_SHUT = "It may be full, or make this address wait after failed logins: try again later."


class Lost(ConnectError):
    """The connection broke, or fell silent; what was asked may have been heard, and may be going on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A whole answer.

    Attributes:
        status: of HTTP.
        kind: its content type without parameters, in lower case.
        body: not decoded.
        location: where a redirection leads; empty for nowhere.
        server: what the server calls itself; empty for nothing.
    """

    status: int
    kind: str
    body: bytes
    location: str
    server: str


class Server:
    """
    One HTTP server. Its methods run on one loop, and raise ConnectError.

    Args:
        endpoint: where.
        answer_seconds: for a connection, for a handshake, and for an answer to begin.

    Attributes:
        endpoint: as it was given.
        authorization: shown with each request, as the field's value; None for none.
    """

    def __init__(self, endpoint: HttpEndpoint, *, answer_seconds: float) -> None:
        self.endpoint = endpoint
        self.authorization: Secret | None = None
        self._answer_seconds = answer_seconds
        self._has_answered = False
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of all connections. Idempotent."""
        if self._session is not None:
            await self._session.close()

    async def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """
        Make a request, and read its answer whole.

        Raises:
            Lost: the connection broke before the answer was complete, or it was not complete in time.
            ConnectError: there is no connection to be had, or what comes is no HTTP or too long.
        """
        upload = None if body is None else _Upload(body)
        # a password takes its time to be looked at
        seconds = self._answer_seconds if self.authorization is None else LOGIN_SECONDS
        with self._told(upload, seconds):
            async with asyncio.timeout(EXCHANGE_SECONDS):
                response = await self._send(method, path, headers, upload, silence_seconds=seconds)
                async with response:
                    return await self._read_whole(response)

    async def stream(
        self, path: str, *, headers: Mapping[str, str], kind: str
    ) -> AsyncGenerator[bytes | Answer, None]:
        """
        Make a request whose answer is of `kind`, and yield its body as it comes; one of another kind whole.

        An empty piece comes first, when the answer has begun.

        Raises:
            Lost: the connection broke, or nothing came for a while.
            ConnectError: as `exchange`.
        """
        with self._told(None, self._answer_seconds):
            response = await self._send("GET", path, headers, None, silence_seconds=SILENCE_SECONDS)
        async with response:
            if response.status != 200 or response.content_type != kind:
                with self._told(None, SILENCE_SECONDS):
                    async with asyncio.timeout(EXCHANGE_SECONDS):
                        answer = await self._read_whole(response)
                yield answer
                return
            yield b""
            while True:
                with self._told(None, SILENCE_SECONDS):
                    piece = await response.content.readany()
                if not piece:
                    return
                yield piece

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        upload: "_Upload | None",
        *,
        silence_seconds: float,
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            # a proxy, cookies or netrc of this machine have no part in it, and nothing that is to be unpacked
            self._session = aiohttp.ClientSession(
                connector=Connector(self.endpoint, within_seconds=self._answer_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "doorward"},
            )
        all_headers = dict(headers)
        if upload is not None:
            all_headers["Content-Length"] = str(len(upload.body))
        if self.authorization is not None:
            all_headers["Authorization"] = self.authorization.revealed
        response = await self._session.request(
            method,
            self._url(path),
            headers=all_headers,
            data=None if upload is None else upload.pieces(),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_read=silence_seconds),
        )
        self._has_answered = True
        return response

    def _url(self, path: str) -> str:
        # the zone of a link-local address is a matter of this machine: RFC 6874 section 1
        host = self.endpoint.host.partition("%")[0]
        scheme = "https" if self.endpoint.is_encrypted else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.endpoint.port}{path}"

    async def _read_whole(self, response: aiohttp.ClientResponse) -> Answer:
        body = bytearray()
        while piece := await response.content.readany():
            body += piece
            if len(body) > ANSWER_BYTES:
                raise self._error("read", f"the answer is longer than {ANSWER_BYTES} bytes", _IS_IT_A_DOOR)
        return Answer(
            response.status,
            response.content_type,
            bytes(body),
            response.headers.get("Location", ""),
            response.headers.get("Server", ""),
        )

    @contextlib.contextmanager
    def _told(self, upload: "_Upload | None", seconds: float) -> Iterator[None]:
        """Translate what aiohttp raises; `seconds` may pass without a sign of the server."""
        try:
            yield
        except TimeoutError as error:
            silent = isinstance(error, aiohttp.SocketTimeoutError)
            problem = f"no answer within {seconds if silent else EXCHANGE_SECONDS:g} s"
            raise Lost(self.endpoint.url, _phase(upload), problem, _IS_IT_A_DOOR) from error
        except aiohttp.ClientResponseError as error:
            raise self._error("read", words_of_no_http(error.message), self._other_scheme()) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(self.endpoint.url, _phase(upload), _how(error), self._after_silence()) from error

    def _other_scheme(self) -> str:
        return (
            _IS_IT_A_DOOR if self.endpoint.is_encrypted else f"{_IS_IT_A_DOOR} One with TLS wants https://."
        )

    def _after_silence(self) -> str:
        # a door closes so before it says a word, and what is no web door may do so as well
        return "" if self._has_answered else f"{_MAY_BE_SHUT} {self._other_scheme()}"

    def _error(self, phase: str, problem: str, next_step: str = "") -> ConnectError:
        return ConnectError(self.endpoint.url, phase, problem, next_step)


class _Upload:
    """A body on its way, and whether all of it has been handed over."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.is_sent = False

    async def pieces(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), _PIECE_BYTES):
            yield self.body[start : start + _PIECE_BYTES]
        self.is_sent = True


def _phase(upload: _Upload | None) -> str:
    return "read" if upload is None or upload.is_sent else "send"


def _how(error: Exception) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection"
    if not (isinstance(error, OSError) and error.errno):
        return "the connection was lost"  # aiohttp's words for it name the address once more
    reason = os.strerror(error.errno)
    return f"the connection was lost: {reason[:1].lower()}{reason[1:]}"
