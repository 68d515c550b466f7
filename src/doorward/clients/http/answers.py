"""What an answer of the web door's API says, and what is none of its answers."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from doorward.core.outcome import Outcome, OutcomeKind, outcome_from

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"

_OF_THE_DOOR: Mapping[int, OutcomeKind] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: OutcomeKind.INVALID,
    HTTPStatus.TOO_MANY_REQUESTS: OutcomeKind.REFUSED,
    HTTPStatus.SERVICE_UNAVAILABLE: OutcomeKind.BUSY,
}
"""How it ended when the door itself turns somebody away, before the desk hears of it."""


@dataclass(frozen=True, slots=True)
class Started:
    """The line became a run with this number, or joined one."""

    number: int


@dataclass(frozen=True, slots=True)
class Told:
    """It is answered already: no run was needed, or none was begun."""

    outcome: Outcome
    output: bytes = b""


@dataclass(frozen=True, slots=True)
class Problem:
    """
    A request that got no answer of its kind: RFC 9457.

    Attributes:
        status: of HTTP.
        detail: one line for whoever asked.
        outcome: what the desk said; None when it was not asked.
    """

    status: int
    detail: str
    outcome: Outcome | None


class NotOurs(ValueError):
    """No answer that the API gives; the text says in a few words what it is."""


def read_problem(status: int, body: bytes) -> Problem:
    """
    Read problem details.

    Raises:
        NotOurs: they are none.
    """
    members = _object(body)
    detail = members.get("detail") or members.get("title")
    if not isinstance(detail, str):
        raise NotOurs("a problem without words")
    told = members.get("outcome")
    outcome = _outcome(told) if told is not None else None
    if outcome is None and (kind := _OF_THE_DOOR.get(status)):
        outcome = Outcome(kind, reason=detail)
    return Problem(status, detail, outcome)


def read_asked(body: bytes) -> Started | Told:
    """
    Read what is answered to a line.

    Raises:
        NotOurs: it is no run and no answer of the desk's.
    """
    members = _object(body)
    match members.get("run"):
        case bool():
            raise NotOurs("a run without a number")
        case int() as number if number > 0:
            return Started(number)
        case None if "run" in members:
            return Told(_outcome(members.get("outcome")), _output(members))
        case _:
            raise NotOurs("JSON of something else")


def read_takes_input(body: bytes) -> bool:
    """
    Read whether a command takes input.

    Raises:
        NotOurs: it is no command.
    """
    takes_input = _object(body).get("input")
    if not isinstance(takes_input, bool):
        raise NotOurs("JSON of something else")
    return takes_input


def read_text_or_base64(members: Mapping[str, object], text: str, base64: str) -> bytes:
    """
    The bytes that stand in one of two members, as text or, where they are no UTF-8, in base64.

    Raises:
        NotOurs: they stand in neither.
    """
    said, encoded = members.get(text), members.get(base64)
    if isinstance(said, str):
        return said.encode("utf-8", "surrogatepass")
    if not isinstance(encoded, str):
        raise NotOurs(f"neither {text} nor {base64}")
    try:
        return b64decode(encoded, validate=True)
    except ValueError as error:
        raise NotOurs("base64 that is none") from error


def read_end(data: str) -> tuple[Outcome, object]:
    """
    Read how a run ended, and what its output says as a table or a series, None for nothing.

    Raises:
        NotOurs: it is no run, or none that has ended.
    """
    members = _object(data)
    return _outcome(members.get("outcome")), members.get("drawing")


def read_output(data: str) -> bytes:
    """
    Read a piece of output.

    Raises:
        NotOurs: it is none.
    """
    return read_text_or_base64(_object(data), "text", "base64")


def _output(members: Mapping[str, object]) -> bytes:
    if "output" not in members and "output_base64" not in members:
        return b""
    return read_text_or_base64(members, "output", "output_base64")


def _outcome(members: object) -> Outcome:
    if not isinstance(members, Mapping):
        raise NotOurs("nothing of how it ended")
    try:
        return outcome_from(members)
    except ValueError as error:
        raise NotOurs(f"an outcome that is not known: {error}") from error


def _object(body: bytes | str) -> Mapping[str, object]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotOurs("JSON that is broken") from error
    if not isinstance(members, dict):
        raise NotOurs("JSON of something else")
    return members
