"""One folder on its own, without a daemon: the same connections and handler, and no pages of ours."""

import asyncio
import hashlib
import hmac
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from aiohttp import web

from doorward.core.errors import one_line
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.secret import Secret
from doorward.doors._encrypted import TlsTransport
from doorward.doors.web.connection import WebConnection
from doorward.doors.web.credentials import Pair, read_authorization
from doorward.doors.web.files.answers import FileAnswer
from doorward.doors.web.files.handler import Files
from doorward.doors.web.problems import Problem, shut_out
from doorward.doors.web.requests import server_for
from doorward.doors.web.safety import SAFE_HEADERS, host_name, is_foreign_fetch
from doorward.gate.gate import Gate

_CHALLENGE = 'Basic realm="files", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that was answered, for whoever watches.

    Attributes:
        host: whose it was.
        method, target: as they came, safe to print.
        status: of the answer.
        body_bytes: how much was sent beside its head.
        seconds: from the request to the answer's end.
    """

    host: str
    method: str
    target: str
    status: int
    body_bytes: int
    seconds: float


class OneLogin:
    """
    The one name and password that open a folder.

    Kept as digests under a key of this process, so that each request is compared in the same time whatever it
    shows, and the password is not in memory.
    """

    __slots__ = ("_digest", "_key")

    def __init__(self, name: str, password: Secret) -> None:
        self._key = secrets.token_bytes(32)
        self._digest = self._digest_of(name, password)

    def is_shown_by(self, header: str | None) -> bool:
        """Whether an Authorization header shows it."""
        shown = None if header is None else read_authorization(header)
        if not isinstance(shown, Pair):
            return False
        return hmac.compare_digest(self._digest, self._digest_of(shown.name, shown.password))

    def _digest_of(self, name: str, password: Secret) -> bytes:
        # no name holds the colon, RFC 7617
        return hmac.digest(self._key, f"{name}:{password.revealed}".encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesDoor:
    """
    A door that shows one folder and nothing else; an `Entrance`.

    Attributes:
        files: what answers.
        hosts: names that a request may be for, in lower case, beside addresses and localhost.
        login: what has to be shown; None for nothing.
        is_for_all: other sites' pages may show what is here in theirs.
        on_asked: told of every answer; None when nobody watches.
    """

    files: Files
    limits: Limits
    clock: Clock
    gate: Gate
    name: str = "files"
    context: ssl.SSLContext | None = None
    only_proxies: bool = False
    hosts: frozenset[str] = frozenset()
    login: OneLogin | None = None
    is_for_all: bool = False
    on_asked: Callable[[Asked], None] | None = None

    @property
    def asks_login(self) -> bool:
        """Whether those who come are to log in."""
        return self.login is not None

    def is_proxy(self, host: str) -> bool:
        """No proxy is known."""
        return False


class FilesConnection(WebConnection):
    """A connection that tells of what it answered."""

    __slots__ = ()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            door = cast(FilesDoor, self.door)
            if door.on_asked is not None:
                began_at = cast(float, request.get(_BEGAN_AT, 0.0))
                door.on_asked(
                    Asked(
                        host=self.origin.host,
                        method=one_line(request.method),
                        target=one_line(request.raw_path),
                        status=resp.status,
                        body_bytes=_body_bytes(request, resp),
                        seconds=door.clock.monotonic() - began_at,
                    )
                )


_BEGAN_AT = web.RequestKey("began_at", float)


def meeting_files(door: FilesDoor) -> Callable[[], asyncio.Protocol]:
    """What makes the protocol that meets a connection which comes by `door`."""
    server = server_for(_answer)

    def meet() -> asyncio.Protocol:
        connection = FilesConnection(door, server)
        return connection if door.context is None else TlsTransport(connection, door.context, door.limits)

    return meet


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    connection = cast(FilesConnection, request.protocol)
    door = cast(FilesDoor, connection.door)
    connection.begin(has_body=request.body_exists)
    if door.on_asked is not None:
        request[_BEGAN_AT] = door.clock.monotonic()
    try:
        _check(request, connection, door)
        response = await door.files.answer(request, request.raw_path.partition("?")[0])
        if isinstance(response, FileAnswer):
            _remember(request, response, connection, door)
    except Problem as problem:
        response = _told(problem)
    return response


def _remember(
    request: web.BaseRequest, answer: FileAnswer, connection: FilesConnection, door: FilesDoor
) -> None:
    # who has to log in may be shut out meanwhile, and who watches is told of each answer
    if door.login is None and door.on_asked is None:
        again = answer.again(is_head=request.method == "HEAD")
        if again is not None:
            connection.remember(request, again)


def _check(request: web.BaseRequest, connection: FilesConnection, door: FilesDoor) -> None:
    """
    Make sure that `request` may be answered.

    Raises:
        Problem: it may not.
    """
    header = request.headers.get("Host", "")
    if not connection.is_for(header):
        name = host_name(header)[:64]
        told = (
            f"this server is not called {name!r}; --host {name} says that it is" if name else "no host named"
        )
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, told)
    if not door.is_for_all and is_foreign_fetch(request.headers):
        raise Problem(HTTPStatus.FORBIDDEN, "another site's page may not ask for this")
    if door.login is None:
        return
    if door.gate.is_shut_out(connection.origin) or not door.gate.may_try(connection):
        raise shut_out()
    shown = request.headers.get("Authorization")
    if not door.login.is_shown_by(shown):
        if shown is not None:
            door.gate.failed(door.name, connection.origin)
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "a name and a password are wanted",
            headers=[("WWW-Authenticate", _CHALLENGE)],
        )
    connection.let_in()


def _body_bytes(request: web.BaseRequest, response: web.StreamResponse) -> int:
    """How much was sent beside the head: aiohttp counts it in for a `Response`, and not for a stream."""
    if not isinstance(response, web.Response):
        return response.body_length
    return len(response.body) if isinstance(response.body, bytes) and request.method != "HEAD" else 0


def _told(problem: Problem) -> web.Response:
    response = web.Response(status=problem.status, text=f"{problem.detail}\n", headers=SAFE_HEADERS)
    response.headers.extend(problem.headers)
    return response
