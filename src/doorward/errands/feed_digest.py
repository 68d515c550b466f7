"""The mail about a feed: what is new in it, that it cannot be read, and that it can again."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from doorward.core.counts import how_many, times, times_in_a_row
from doorward.core.feed_errands import FeedErrand
from doorward.core.feeds import Entry, Feed
from doorward.core.moments import minute_utc
from doorward.errands.composing import Draft
from doorward.errands.feeds.texts import cut
from doorward.errands.health import Health
from doorward.errands.shown import anchor, page_of, shown

WITH_SUMMARY = 100
"""So many entries of a mail are told with what they say; of the others, title and link."""

LISTED = 500
"""So many are in a mail at most; the others are counted in it."""

OF_FIRST = 10
"""So many are shown of a feed that is new to us."""

_SUMMARY_CHARACTERS = 500
_TITLE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class _Line:
    title: str
    link: str
    about: str
    summary: str


def digest_of(errand: FeedErrand, feed: Feed, new: Sequence[Entry]) -> Draft:
    """The mail that tells of `new`, at least one entry."""
    count = how_many(len(new), "new entry")
    subject = f"{errand.name}: {shown(new[0].title) or count}" if len(new) == 1 else f"{errand.name}: {count}"
    return _draft(errand, feed, subject=subject, opening=f"{count} in {_name_of(errand, feed)}.", entries=new)


def summary_of(errand: FeedErrand, feed: Feed, wanted: Sequence[Entry]) -> Draft:
    """The mail about a feed that was not watched before: how much there is, and the first few."""
    there = f"It has {how_many(len(feed.entries), 'entry')} now"
    of_words = f", {len(wanted):,} of them with the words asked for" if errand.words else ""
    first = f" The first {min(len(wanted), OF_FIRST)}:" if wanted else ""
    what = f"{_name_of(errand, feed)} is watched from now on"
    return _draft(
        errand,
        feed,
        subject=f"{errand.name}: watched from now on",
        opening=f"{what}. {there}{of_words}; what was there already is not told.{first}",
        entries=wanted[:OF_FIRST],
    )


def trouble_with(errand: FeedErrand, problem: str, health: Health) -> Draft:
    """The mail that a feed cannot be read, which is so now."""
    since = minute_utc(health.since_at)
    text = (
        f"The feed {errand.name} could not be read {times_in_a_row(health.failures)}, since {since}.\n\n"
        f"{shown(problem)}\n\nNothing that was in it before is told again when it comes back, and nothing "
        "more is told of this trouble until then.\n"
    )
    return _of(errand, subject=f"{errand.name}: cannot be read", text=text)


def recovery_of(errand: FeedErrand, health: Health) -> Draft:
    """The mail that a feed can be read again, whose trouble was told; that was its health."""
    failed = f"Since {minute_utc(health.since_at)} it failed {times(health.failures)}."
    text = f"The feed {errand.name} can be read again. {failed}\n"
    return _of(errand, subject=f"{errand.name}: can be read again", text=text)


def _of(errand: FeedErrand, *, subject: str, text: str, html: str | None = None) -> Draft:
    return Draft(subject=subject, text=text, html=html, to=errand.to, list_id=f"feed.{errand.name}")


def _name_of(errand: FeedErrand, feed: Feed) -> str:
    return shown(feed.title) or errand.name


def _draft(errand: FeedErrand, feed: Feed, *, subject: str, opening: str, entries: Sequence[Entry]) -> Draft:
    lines = [_line(entry, with_summary=at < WITH_SUMMARY) for at, entry in enumerate(entries[:LISTED])]
    more = [f"and {len(entries) - LISTED:,} more"] if len(entries) > LISTED else []
    notes = [*more, *(f"Note: {shown(note)}." for note in feed.notes)]
    return _of(
        errand, subject=subject, text=_text(opening, lines, notes), html=_html(feed, opening, lines, notes)
    )


def _line(entry: Entry, *, with_summary: bool) -> _Line:
    day = f"{entry.published:%Y-%m-%d}" if entry.published is not None else ""
    about = ", ".join(part for part in (day, *map(shown, entry.authors[:3])) if part)
    summary = shown(entry.summary)
    title = shown(entry.title) or cut(summary, _TITLE_CHARACTERS) or shown(entry.key)
    summary = cut(summary, _SUMMARY_CHARACTERS) if with_summary else ""
    return _Line(title, shown(entry.link), about, summary)


def _text(opening: str, lines: Sequence[_Line], notes: Sequence[str]) -> str:
    blocks = [opening]
    for line in lines:
        indented = (f"  {part}" for part in (line.about, line.link, line.summary) if part)
        blocks.append("\n".join((line.title, *indented)))
    return "\n\n".join((*blocks, *notes)) + "\n"


def _html(feed: Feed, opening: str, lines: Sequence[_Line], notes: Sequence[str]) -> str:
    items = "".join(f"<li>{_item(line)}</li>\n" for line in lines)
    page = f"<p>{anchor(shown(feed.link), shown(feed.link))}</p>\n" if feed.link else ""
    said = "".join(f"<p>{escape(note)}</p>\n" for note in notes)
    return page_of(f"<p>{escape(opening)}</p>\n{page}<ul>\n{items}</ul>\n{said}")


def _item(line: _Line) -> str:
    about = f"<br>{escape(line.about)}" if line.about else ""
    summary = f"<br>{escape(line.summary)}" if line.summary else ""
    return f"<b>{anchor(line.link, line.title)}</b>{about}{summary}"
