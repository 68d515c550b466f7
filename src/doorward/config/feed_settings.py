"""The tables `[errands.feed.NAME]`."""

from urllib.parse import urlsplit

from doorward.config.errand_tables import read_tell_after, read_to, read_words
from doorward.config.report import Key, Report
from doorward.config.shapes import FeedShape
from doorward.config.timing_settings import read_timing
from doorward.core.feed_errands import FeedErrand
from doorward.core.mail_settings import MailSettings

SCHEMES = ("http", "https", "ftp", "ftps", "gopher", "file")

_ADDRESS = "an address such as https://example.org/feed.xml, without a login"


def read_feed(
    name: str, shape: FeedShape, key: Key, mail: MailSettings, report: Report, *, is_whole: bool
) -> FeedErrand | None:
    """
    The errand; None when it has no time or no address. With other problems it is of no use.

    When the table is not whole, what is missing may stand there wrong, and is told already.
    """
    timing = read_timing(shape.every, shape.at, key, report, is_whole=is_whole)
    to = read_to(shape.to, key, mail, report, is_whole=is_whole)
    url = _address(shape.url, key, report) if is_whole or shape.url is not None else ""
    words = read_words(shape.filter, (*key, "filter"), report)
    tell_after = read_tell_after(shape.tell_after, key, report)
    if timing is None or not url:
        return None
    return FeedErrand(name=name, url=url, timing=timing, to=to, words=words, tell_after=tell_after)


def _address(url: str | None, key: Key, report: Report) -> str:
    if url is None:
        report.add((*key, "url"), "this is missing", expected=_ADDRESS)
        return ""
    if not is_address(url):
        # what stands there may be a login
        report.add((*key, "url"), "this is no address of a feed", expected=_ADDRESS)
        return ""
    return url


def is_address(url: str) -> bool:
    """Whether `url` is one that can be fetched, with no login in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_whole = parts.scheme in SCHEMES and "://" in url and bool(parts.hostname or parts.scheme == "file")
    return is_whole and url.isprintable() and " " not in url and "@" not in parts.netloc
