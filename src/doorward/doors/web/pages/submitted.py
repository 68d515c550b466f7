"""A form that a browser sends: read within bounds, and known to be ours."""

from http import HTTPStatus

from doorward.doors.web.form_data import Pairs, parse_pairs
from doorward.doors.web.pages.rendering import CSRF_FIELD
from doorward.doors.web.problems import Problem
from doorward.doors.web.visit import Visit

SMALL_FORM_BYTES = 16 * 1024

_FORM_TYPE = "application/x-www-form-urlencoded"


async def submitted(visit: Visit, *, is_small: bool = False) -> Pairs:
    """
    The fields of a form, without the token that it carried.

    A session's form carries the session's token. Whoever sends a password or a token with each request has no
    session, and so no such token: what keeps another site's page from using what their browser remembers is
    Origin or Sec-Fetch-Site, which was looked at before.

    Args:
        visit: the request.
        is_small: of 16 KiB at most.

    Raises:
        Problem: it is no form, too large, or not one of ours.
    """
    if visit.request.content_type != _FORM_TYPE:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this takes {_FORM_TYPE}")
    pairs = parse_pairs(await visit.body(most_bytes=SMALL_FORM_BYTES if is_small else None))
    session = visit.session
    if session is not None:
        tokens = [value for name, value in pairs if name == CSRF_FIELD]
        if len(tokens) != 1 or not session.is_vouched_for(tokens[0]):
            raise Problem(HTTPStatus.FORBIDDEN, "this form is not of your session; open the page again")
    return tuple(pair for pair in pairs if pair[0] != CSRF_FIELD)
