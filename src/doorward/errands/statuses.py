"""What a server's status says: the answer, that nothing changed, or else what, in words."""

from doorward.core.fetching import Fetched

# Source: RFC 9110, section 15, and RFC 6585.
OK = 200
NOT_MODIFIED = 304
FORBIDDEN = 403
NOT_FOUND = 404
TOO_MANY_REQUESTS = 429

_STEPS = {
    401: "It asks for a login",
    FORBIDDEN: "The server does not want this machine to read it, or wants to be asked less often",
    NOT_FOUND: "Look the address up: it has moved, or never was there",
    410: "It was given up: take it out",
    TOO_MANY_REQUESTS: "Ask less often",
}
_REASON_CHARACTERS = 60


def words_of_refusal(fetched: Fetched) -> tuple[str, str]:
    """What happened, `the server answered 404 (Not Found)`, and what to do about it, which may be empty."""
    said = f" ({fetched.reason[:_REASON_CHARACTERS]})" if fetched.reason else ""
    step = _STEPS.get(fetched.status, "Try again later" if fetched.status >= 500 else "")
    return f"the server answered {fetched.status}{said}", step
