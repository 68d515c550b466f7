"""Which entries were told already: marks that stay the same when a publisher moves."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from doorward.core.feeds import Entry
from doorward.errands.validators import validators_of

RENEWED_DAYS = 30
"""A mark of what is still in the feed gets the day's date this often, and not with each look."""

FORGOTTEN_DAYS = 400
"""What left the feed so long ago is forgotten; should it come back, it is new."""

_KEY = "key:"
_CONTENT = "content:"

# what a move to https, to another name of the same server or by another campaign changes
_OF_ADDRESS = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_TRACKING = re.compile(r"(?<=[?&])(?:utm_[a-z]+|fbclid|gclid)=[^&#]*&?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """
    A feed beside what was known of it.

    Attributes:
        new: entries that were not there before, in the order of the feed.
        marks: to be noted, so that they are not new again.
        forgotten: marks that have had their time.
        is_first: nothing was known of this feed.
    """

    new: tuple[Entry, ...]
    marks: Mapping[str, str]
    forgotten: tuple[str, ...]
    is_first: bool


def judge_entries(entries: Sequence[Entry], known: Mapping[str, str], *, url: str, today: date) -> Judged:
    """
    Tell which of `entries` are new beside `known`, the marks of one feed.

    An entry is known by its key, without what changes when a server moves (scheme, `www.`, a slash at the
    end, words of campaigns); or, for one that has a date, by all that it says: title, summary and date. So
    neither a new guid nor a new link alone makes it new. A key that several entries of the feed share says
    nothing, and what they say is taken with it.

    Args:
        entries: those of a feed.
        known: as `SeenStore.seen` gave it.
        url: of the feed; one that was not asked before makes it another feed, unless an entry is known.
        today: in UTC.
    """
    marks: dict[str, str] = {}
    new: list[Entry] = []
    oldest = (today - timedelta(days=RENEWED_DAYS)).isoformat()
    told = 0
    for entry, names in zip(entries, _names(entries), strict=True):
        is_known = any(name in known or name in marks for name in names)
        told += any(name in known for name in names)
        if not is_known:
            new.append(entry)
        for name in names:
            if known.get(name, "") < oldest:
                marks[name] = today.isoformat()
    is_first = validators_of(known, url) is None and not told
    return Judged(tuple(new), marks, tuple(_out_of_date(known, marks, today)), is_first)


def _names(entries: Sequence[Entry]) -> Iterable[tuple[str, ...]]:
    """The marks of each entry."""
    keys = [_settled(entry.key) for entry in entries]
    count = Counter(keys)
    for entry, key in zip(entries, keys, strict=True):
        content = _digest(entry.title, entry.summary, entry.published.isoformat() if entry.published else "")
        own = _KEY + (_digest(key) if count[key] == 1 else _digest(key, content))
        yield (own, _CONTENT + content) if entry.published is not None and entry.title else (own,)


def _settled(key: str) -> str:
    address = _OF_ADDRESS.match(key)
    if address is None:
        return key
    return _TRACKING.sub("", key[address.end() :]).rstrip("?&/")


def _out_of_date(known: Mapping[str, str], marks: Mapping[str, str], today: date) -> Iterable[str]:
    last = (today - timedelta(days=FORGOTTEN_DAYS)).isoformat()
    return (name for name, day in known.items() if name[:1] != "#" and day < last and name not in marks)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
