"""The web door's API: what can be asked of it, and what its answers say."""

import contextlib
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from doorward.clients._conversation import LoginRefused
from doorward.clients._endpoints import HttpEndpoint
from doorward.clients.http.answers import (
    JSON_TYPE,
    PROBLEM_TYPE,
    NotOurs,
    Started,
    Told,
    read_asked,
    read_problem,
    read_takes_input,
)
from doorward.clients.http.events import EventReader, ServerEvent
from doorward.clients.http.server import Answer, Lost, Server
from doorward.core.errors import ConnectError, ProtocolError
from doorward.core.outcome import OutcomeKind
from doorward.core.secret import Secret

ReadT = TypeVar("ReadT")

_ROOT = "/api/v1"
_NAME_BYTES = 256
_LONG_BYTES = 64 * 1024
_SHORTER = "All of stdin goes in one request here, 2 MiB unless http_body_bytes says more there; see tls://."
_STREAM_TYPE = "text/event-stream"
_BOTH = f"{JSON_TYPE}, {PROBLEM_TYPE}"
_LOOK = "`doorward runs` may tell how it ended."


class LoginWanted(Exception):
    """The door wants to know who asks; no client lets it out."""


class Api:
    """
    The API of one endpoint. Its methods run on one loop, and each raises

    - `LoginWanted`: nobody was shown;
    - `LoginRefused`: who was shown is not let in;
    - `ConnectError`: the server cannot be reached or understood, as a `Lost` when the connection broke.

    Args:
        endpoint: where.
        answer_seconds: for a connection, for a handshake, and for an answer to begin.
    """

    def __init__(self, endpoint: HttpEndpoint, *, answer_seconds: float) -> None:
        self._endpoint = endpoint
        self._server = Server(endpoint, answer_seconds=answer_seconds)

    async def close(self) -> None:
        """Let go of all connections. Idempotent."""
        await self._server.close()

    def show_token(self, token: Secret) -> None:
        """Show `token` with each request from now on."""
        self._server.authorization = Secret(f"Bearer {token.revealed}")

    def show_password(self, name: str, password: Secret) -> None:
        """Show a name and its password with each request from now on. Source: RFC 7617."""
        pair = f"{name}:{password.revealed}".encode()
        self._server.authorization = Secret(f"Basic {b64encode(pair).decode('ascii')}")

    async def takes_input(self, name: str) -> bool | Told:
        """Whether the command `name` reads a stdin; or the answer, where we have none of that name."""
        quoted = quote(name, safe="")
        if not 0 < len(quoted) <= _NAME_BYTES or quoted in {".", ".."}:
            return False  # no command has such a name, which is told to whoever asks for it
        answer = await self._server.exchange("GET", f"{_ROOT}/commands/{quoted}", headers={"Accept": _BOTH})
        return self._told(answer) or self._read(read_takes_input, answer.body)

    async def ask(self, line: str, data: bytes) -> Started | Told:
        """Ask a line; its run gets `data` as its stdin."""
        body = json.dumps({"line": line, **_input_member(data)}, ensure_ascii=False).encode()
        headers = {"Accept": _BOTH, "Content-Type": JSON_TYPE}
        try:
            answer = await self._server.exchange("POST", f"{_ROOT}/runs", headers=headers, body=body)
        except Lost as lost:
            raise _unanswered(lost, body) from lost.__cause__
        return self._told(answer) or self._read(read_asked, answer.body)

    async def cancel(self, number: int, *, reader: str) -> bool:
        """
        Have a run end, or, where it is others' too, have one who follows it taken off.

        Args:
            number: of the run.
            reader: how whoever follows it is called, as in `follow`.

        Returns:
            Whether the end will come to that reader; False when there is none, or the run has ended.
        """
        headers = {"Accept": _BOTH, "Content-Type": JSON_TYPE}
        body = json.dumps({"reader": reader}).encode()
        path = f"{_ROOT}/runs/{number}/cancel"
        answer = await self._server.exchange("POST", path, headers=headers, body=body)
        if answer.status == HTTPStatus.CONFLICT and answer.kind == PROBLEM_TYPE:
            return False
        return self._told(answer) is None

    async def follow(
        self, number: int, *, offset: int, reader: str, on_begin: Callable[[], None]
    ) -> AsyncGenerator[ServerEvent, None]:
        """
        Yield the events of a run from `offset` bytes of its output on.

        Args:
            number: of the run.
            offset: how much of both streams is known already.
            reader: a name of ours for whoever follows it; nobody else's.
            on_begin: called when the daemon has let us follow.
        """
        headers = {"Accept": f"{_STREAM_TYPE}, {PROBLEM_TYPE}", "Last-Event-ID": str(offset)}
        path = f"{_ROOT}/runs/{number}/events?reader={reader}"
        events = EventReader()
        pieces = self._server.stream(path, headers=headers, kind=_STREAM_TYPE)
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Answer):
                    raise self._not_followed(number, piece)
                if not piece:
                    on_begin()
                for event in self._read(events.receive_data, piece):
                    yield event

    def _not_followed(self, number: int, answer: Answer) -> ConnectError:
        told = self._told(answer)
        if told is None:
            return self._not_ours(f"{answer.kind} where an event stream was asked for")
        kind = Lost if told.outcome.kind is OutcomeKind.BUSY else ConnectError
        reason = told.outcome.reason or told.outcome.kind.value
        return kind(self._endpoint.url, "read", f"run {number} cannot be followed: {reason}", _LOOK)

    # What answers say

    def _told(self, answer: Answer) -> Told | None:
        """What an answer says in place of what was asked for; None for what was asked for."""
        if 300 <= answer.status < 400:
            raise ConnectError(
                self._endpoint.url,
                "read",
                f"it redirects to {answer.location[:200] or 'nowhere'}, which is not followed",
                "If you trust that address, name it with --at.",
            )
        if answer.kind == PROBLEM_TYPE:
            return self._told_by_problem(answer)
        if answer.kind != JSON_TYPE or not 200 <= answer.status < 300:
            called = f" from {answer.server[:60]}" if answer.server else ""
            raise self._not_ours(f"status {answer.status} and {answer.kind}{called}")
        return None

    def _told_by_problem(self, answer: Answer) -> Told:
        problem = self._read(lambda body: read_problem(answer.status, body), answer.body)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            if self._server.authorization is None:
                raise LoginWanted
            raise LoginRefused(problem.detail)
        if problem.outcome is not None:
            return Told(problem.outcome)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise ConnectError(self._endpoint.url, "send", problem.detail, _SHORTER)
        raise ConnectError(self._endpoint.url, "read", problem.detail)

    def _read(self, read: Callable[[bytes], ReadT], data: bytes) -> ReadT:
        try:
            return read(data)
        except (NotOurs, ProtocolError) as error:
            raise self._not_ours(str(error)) from error

    def _not_ours(self, what: str) -> ConnectError:
        problem = f"what answers there is no Doorward, or none that is understood: {what}"
        return ConnectError(self._endpoint.url, "read", problem, "Is it the address of a web door?")


def _unanswered(lost: Lost, body: bytes) -> ConnectError:
    """Nobody knows whether the line was heard; a door that finds a body too long may leave in the middle."""
    if lost.phase == "send" and len(body) > _LONG_BYTES:
        return ConnectError(lost.address, "send", f"{lost.problem} while stdin was sent", _SHORTER)
    step = lost.next_step or "Whether the command was begun is not known; `doorward runs` tells."
    return ConnectError(lost.address, lost.phase, lost.problem, step)


def _input_member(data: bytes) -> dict[str, str]:
    if not data:
        return {}
    encoded = b64encode(data).decode("ascii")
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode("utf-8")
        # what is mostly control characters is longer as JSON
        if len(json.dumps(text, ensure_ascii=False).encode()) <= len(encoded):
            return {"input": text}
    return {"input_base64": encoded}
