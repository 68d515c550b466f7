"""The bodies that programs send: JSON, each member of its own type, and no member that nobody reads."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import msgspec

from doorward.core.errors import one_line
from doorward.doors.web.problems import Problem
from doorward.doors.web.queries import invalid
from doorward.doors.web.visit import Visit

JSON = "application/json"
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - the name of a header

_SHOWN_CHARACTERS = 200


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may come for the stdin of a run."""

    input: str | msgspec.UnsetType = msgspec.UNSET
    input_base64: bytes | msgspec.UnsetType = msgspec.UNSET


class RunBody(Given, frozen=True, forbid_unknown_fields=True):
    """Asks for a command whose name stands in the path; each parameter is read by its own type later."""

    parameters: dict[str, msgspec.Raw] = {}


class LineBody(Given, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for one line."""

    line: str


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says for whom a run is to end: who follows it under this name, or everybody whose it is."""

    reader: str | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Input:
    """
    The stdin of a run.

    Attributes:
        data: its bytes.
        was_given: the body had it, be it empty.
    """

    data: bytes = b""
    was_given: bool = False


BodyT = TypeVar("BodyT", bound=msgspec.Struct)


async def read_body(visit: Visit, kind: type[BodyT]) -> BodyT:
    """
    The body of a request that changes something; none at all is as good as `{}`.

    Raises:
        Problem: a browser's cookie without its token (403), another type than JSON (415), too large (413), no
            JSON (400), other members or types than those of `kind` (422).
    """
    refuse_without_token(visit)
    request = visit.request
    declares_type = "Content-Type" in request.headers
    if declares_type and request.content_type != JSON:
        raise _no_json()
    data = await visit.body()
    if data and not declares_type:
        raise _no_json()
    return decoded(data or b"{}", kind)


def decoded(data: bytes, kind: type[BodyT]) -> BodyT:
    """
    `data` as JSON of this kind.

    Raises:
        Problem: it is no JSON, nested without end, or of other types.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _said(error), members={"errors": []}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from None


def malformed(error: Exception) -> Problem:
    """What came is no JSON."""
    nested = "it is nested too deeply"
    return Problem(HTTPStatus.BAD_REQUEST, nested if isinstance(error, RecursionError) else _said(error))


def input_of(given: Given) -> Input:
    """
    What came for stdin.

    Raises:
        Problem: it came both ways.
    """
    text, data = given.input, given.input_base64
    if not isinstance(text, msgspec.UnsetType):
        if not isinstance(data, msgspec.UnsetType):
            raise invalid("input_base64", "expected input or input_base64, and not both")
        return Input(text.encode(), was_given=True)
    if not isinstance(data, msgspec.UnsetType):
        return Input(data, was_given=True)
    return Input()


def refuse_without_token(visit: Visit) -> None:
    """
    Let nothing be changed with a browser's cookie alone, which it sends whoever made the page.

    Raises:
        Problem: the request has a cookie for its login, and not the token that our pages know.
    """
    if (session := visit.session) is None:
        return
    if not session.is_vouched_for(visit.request.headers.get(TOKEN_HEADER, "")):
        raise Problem(HTTPStatus.FORBIDDEN, f"a browser's session needs its token in {TOKEN_HEADER}")


def _no_json() -> Problem:
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body has to be {JSON}", headers=[("Accept", JSON)]
    )


def _said(error: Exception) -> str:
    # it may quote the name of a member, which the peer made as long as it liked
    return one_line(str(error))[:_SHOWN_CHARACTERS]
