"""The tables `[errands.feed.NAME]`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from doorward.config.mail_settings import read_mailboxes
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import ErrandsShape, FeedShape
from doorward.config.tables import read_named, read_table
from doorward.config.timing_settings import read_timing
from doorward.core.feed_errands import TELL_AFTER, FeedErrand
from doorward.core.mail_settings import MailSettings

MOST = 1000
"""More feeds than that are no configuration that a person wrote."""

SCHEMES = ("http", "https", "ftp", "ftps", "gopher", "file")

_MOST_WORDS = 1000
_WORD_CHARACTERS = 200
_MOST_TELL_AFTER = 1000
_ADDRESS = "an address such as https://example.org/feed.xml, without a login"


def read_errands(tables: dict[str, Any], *, mail: MailSettings, report: Report) -> Mapping[str, FeedErrand]:
    """
    The feeds that are watched, by name.

    Args:
        tables: `[errands]`.
        mail: who gets what names no recipient.
        report: gets what is wrong.
    """
    feeds = read_table(tables, ErrandsShape, ("errands",), report).feed
    key: Key = ("errands", "feed")
    if len(feeds) > MOST:
        report.add(key, f"there are {len(feeds)} feeds", expected=f"at most {MOST}")
        return MappingProxyType({})
    errands = {}
    for name, here, shape, is_whole in read_named(feeds, FeedShape, key, report, what="feed"):
        errand = _feed(name, shape, here, mail, report, is_whole=is_whole)
        if errand is not None:
            errands[name] = errand
    return MappingProxyType(errands)


def _feed(
    name: str, shape: FeedShape, key: Key, mail: MailSettings, report: Report, *, is_whole: bool
) -> FeedErrand | None:
    """
    The errand; None when it has no time or no address. With other problems it is of no use.

    When the table is not whole, what is missing may stand there wrong, and is told already.
    """
    timing = read_timing(shape.every, shape.at, key, report, is_whole=is_whole)
    to = read_mailboxes(shape.to, (*key, "to"), report, ours=mail.sender)
    if is_whole and not shape.to and not mail.to:
        expected = "an address, here or as `to` in [mail]"
        report.add((*key, "to"), "there is nobody to mail to", expected=expected)
    url = _address(shape.url, key, report) if is_whole or shape.url is not None else ""
    words = _words(shape.filter, (*key, "filter"), report)
    tell_after = _tell_after(shape.tell_after, (*key, "tell_after"), report)
    if timing is None or not url:
        return None
    return FeedErrand(name=name, url=url, timing=timing, to=to, words=words, tell_after=tell_after)


def _address(url: str | None, key: Key, report: Report) -> str:
    if url is None:
        report.add((*key, "url"), "this is missing", expected=_ADDRESS)
        return ""
    if not _is_address(url):
        # what stands there may be a login
        report.add((*key, "url"), "this is no address of a feed", expected=_ADDRESS)
        return ""
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_whole = parts.scheme in SCHEMES and "://" in url and bool(parts.hostname or parts.scheme == "file")
    return is_whole and url.isprintable() and " " not in url and "@" not in parts.netloc


def _words(words: list[str], key: Key, report: Report) -> tuple[str, ...]:
    if len(words) > _MOST_WORDS:
        report.add(key, f"there are {len(words)} words", expected=f"at most {_MOST_WORDS}")
        return ()
    for index, word in enumerate(words):
        if not word.strip() or len(word) > _WORD_CHARACTERS:
            expected = f"a word, or some, of at most {_WORD_CHARACTERS} characters"
            report.add((*key, index), "this is no word", expected=expected, found=found_in(word))
    return tuple(words)


def _tell_after(value: int | None, key: Key, report: Report) -> int:
    if value is None:
        return TELL_AFTER
    if not 1 <= value <= _MOST_TELL_AFTER:
        report.add(key, "this is out of range", expected=f"1 to {_MOST_TELL_AFTER}", found=found_in(value))
        return TELL_AFTER
    return value
