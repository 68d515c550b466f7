"""What a server that speaks no HTTP said instead, found in what aiohttp says of it."""

import re

from doorward.core.errors import one_line

SHOWN_CHARACTERS = 60
"""Of what it said; a greeting is shorter."""

_TOO_LONG = re.compile(r"Got more than \d+ bytes|Too many headers")
_SAID = re.compile(r"""\n\s*b(['"])(?P<escaped>.*)\1(?:\n|$)""")
"""The line that could not be read, as a literal; below it a caret points to where."""
_TLS_ALERT = b"\x15\x03"
"""RFC 8446 section 5.1: how a server with TLS answers a request in the clear."""


def words_of_no_http(message: str) -> str:
    """
    What to say of an answer that is no HTTP, in one line.

    Args:
        message: of aiohttp's error, with the line that it could not read, or none.
    """
    problem = "what answers there speaks no HTTP"
    if _TOO_LONG.match(message):
        return f"{problem}: the head of its answer is too long"
    if wants_tls(message):
        return f"{problem}: it wants TLS"
    text = one_line(_said(message).decode("utf-8", "backslashreplace").strip())
    if not text:
        return problem
    rest = "..." if len(text) > SHOWN_CHARACTERS else ""
    return f"{problem}: it said '{text[:SHOWN_CHARACTERS]}{rest}'"


def wants_tls(message: str) -> bool:
    """Whether what it said is the alert of a server that was spoken to in the clear; `message` as above."""
    return _said(message).startswith(_TLS_ALERT)


def _said(message: str) -> bytes:
    if (found := _SAID.search(message)) is None:
        return b""
    escaped = found["escaped"].encode("ascii", "replace")
    return escaped.decode("unicode_escape", "replace").encode("latin-1", "replace")
