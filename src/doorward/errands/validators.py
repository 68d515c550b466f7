"""Asking a server only for what changed, by what was noted of its last answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

_VALIDATOR_CHARACTERS = 1_000

_ADDRESS = "#address"
_ETAG = "#etag"
_MODIFIED = "#modified"


@dataclass(frozen=True, slots=True)
class Validators:
    """
    What a server said that tells its answer from a later one.

    Attributes:
        etag: empty for none.
        last_modified: as the server wrote it; empty for none.
    """

    etag: str = ""
    last_modified: str = ""


def conditions(known: Validators, *, accepted: str) -> Mapping[str, str]:
    """The headers that ask for what changed since the answer that `known` was of, in an `accepted` form."""
    headers = {"Accept": accepted}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def validators_from(headers: Mapping[str, str]) -> Validators:
    """What the `headers` of an answer, by their names in lower case, tell it from a later one by."""
    return Validators(*(_validator(headers.get(name, "")) for name in ("etag", "last-modified")))


def marks_of_answer(url: str, validators: Validators) -> Mapping[str, str]:
    """What is to be noted of the answer itself, together with what it said: else that could be missed."""
    return {_ADDRESS: _digest(url), _ETAG: validators.etag, _MODIFIED: validators.last_modified}


def validators_of(known: Mapping[str, str], url: str) -> Validators | None:
    """What tells whether what is at `url` changed since its answer was noted; None when none was."""
    if known.get(_ADDRESS) != _digest(url):
        return None
    return Validators(known.get(_ETAG, ""), known.get(_MODIFIED, ""))


def _validator(text: str) -> str:
    """`text` if it can be sent back as it is."""
    return text if text.isprintable() and len(text) <= _VALIDATOR_CHARACTERS else ""


def _digest(url: str) -> str:
    return hashlib.sha256(json.dumps([url]).encode()).hexdigest()[:40]
