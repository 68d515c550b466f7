"""What a server says that it can do, and what it says of files because of that; nothing is sent here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from doorward.clients.ftp.replies import NotUnderstood, Reply
from doorward.core.errors import ProtocolError

_SHA256 = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_SIZE = re.compile(r"[0-9]{1,19}")

Features = Mapping[str, str]
"""What a server can do beside the usual, in capitals, and the rest of the line: RFC 2389."""


def parse_features(reply: Reply) -> Features:
    """The lines between the first and the last of a reply to FEAT; none of one that refuses it."""
    if not reply.is_good:
        return {}
    words = (line.strip().partition(" ") for line in reply.lines[1:-1])
    return {name.upper(): rest.strip() for name, _, rest in words if name}


def lists_facts(features: Features) -> bool:
    """Whether MLSD tells types and sizes without being asked to: RFC 3659 section 7.8."""
    facts = {fact.strip().lower() for fact in features.get("MLST", "").split(";")}
    return {"type*", "size*"} <= facts


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A line of MLSD.

    Attributes:
        name: as it came; surrogates stand for bytes that are no UTF-8.
        is_file: a regular one.
        size_bytes: of a file; None when it is not told.
    """

    name: str
    is_file: bool
    size_bytes: int | None


def parse_entries(listing: bytes) -> list[Entry]:
    """
    The lines of MLSD: RFC 3659 section 7.2.

    Raises:
        ProtocolError: one of them is none, or the last is cut.
    """
    if listing and not listing.endswith(b"\n"):
        raise ProtocolError("the list of files ends in the middle of a line")
    return [_entry(line.removesuffix(b"\r")) for line in listing.split(b"\n") if line.strip(b"\r")]


def _entry(line: bytes) -> Entry:
    text = line.decode("utf-8", "surrogateescape")
    facts, space, name = text.partition(" ")
    pairs = dict(_pair(fact) for fact in facts.split(";") if fact)
    if not space or not name or "type" not in pairs:
        raise NotUnderstood("this is no line of a list of files", text)
    size = pairs.get("size", "")
    is_file = pairs["type"].lower() == "file"
    return Entry(name, is_file, int(size) if _SIZE.fullmatch(size) else None)


def _pair(fact: str) -> tuple[str, str]:
    name, _, value = fact.partition("=")
    return name.lower(), value


def parse_sha256(reply: Reply) -> str | None:
    """
    The one SHA-256 of `213 SHA-256 0-49 HEX name` or `250 HEX`, in lower case; None when there is no one.

    Source: draft-bryan-ftpext-hash-02; what servers answer to XSHA256 is written down nowhere.
    """
    found = {digits.lower() for line in reply.lines for digits in _SHA256.findall(line)}
    return found.pop() if reply.is_good and len(found) == 1 else None
