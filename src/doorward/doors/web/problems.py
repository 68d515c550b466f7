"""What is answered in place of what was asked for: one shape for programs, people and curl."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from doorward.core.outcome import Outcome, OutcomeKind, outcome_members
from doorward.core.settings import Language
from doorward.lines.phrases import PHRASES

PROBLEM_TYPE = "application/problem+json"

CHALLENGES = (
    ("WWW-Authenticate", 'Basic realm="doorward", charset="UTF-8"'),
    ("WWW-Authenticate", 'Bearer realm="doorward"'),
)

_STATUSES = {
    OutcomeKind.UNKNOWN: HTTPStatus.NOT_FOUND,
    OutcomeKind.REFUSED: HTTPStatus.FORBIDDEN,
    OutcomeKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    OutcomeKind.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_SECONDS = 5


class Problem(Exception):
    """
    A request that gets no answer of the kind it asked for.

    Attributes:
        status: of HTTP.
        detail: one line for whoever asked.
        headers: of the answer, beside those of every answer; a name may come twice.
        members: of the JSON, beside those of RFC 9457.

    Source: RFC 9457; `type` is left out, so it is `about:blank` and `title` is the status's own phrase.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = tuple(headers)
        self.members = members or {}

    def json(self) -> bytes:
        """The body for programs."""
        body = {
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            **self.members,
        }
        return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def not_understood(language: Language) -> Problem:
    """Nothing is called so: people are told it as at every other door."""
    return Problem(HTTPStatus.NOT_FOUND, PHRASES[language].not_understood.decode().strip())


def not_logged_in() -> Problem:
    """Nobody showed who they are."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "log in with a name and a password, or with a token",
        headers=CHALLENGES,
    )


def shut_out() -> Problem:
    """Too many logins failed from where this comes from."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too many failed logins from there, try again later",
        headers=[("Retry-After", "60")],
    )


def refused(outcome: Outcome) -> Problem:
    """The desk did not begin what was asked for."""
    status = _STATUSES.get(outcome.kind, HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = [("Retry-After", str(RETRY_SECONDS))] if status is HTTPStatus.SERVICE_UNAVAILABLE else []
    members = {"outcome": outcome_members(outcome)}
    return Problem(status, outcome.reason or outcome.kind.value, headers=headers, members=members)
