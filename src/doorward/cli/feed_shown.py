"""A feed on a terminal, as text and as JSON; all of it was written by a stranger."""

import os
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import click

from doorward.cli.screen import is_terminal, wants_colours
from doorward.core.columns import aligned
from doorward.core.counts import how_many
from doorward.core.errors import one_line
from doorward.core.feeds import Entry, Feed
from doorward.errands.feeds.texts import cut

_WIDTH = 88
_CELL_CHARACTERS = 120


def print_table(address: str, feed: Feed, limit: int | None) -> None:
    """Print the day and the title of each entry below the feed's; in a file, its link too."""
    click.echo(_heading(address, feed, limit))
    feed = limited(feed, limit)
    if not feed.entries:
        click.echo()
        return
    if is_terminal(sys.stdout):
        _print_rich(feed)
    else:
        click.echo(aligned([_cells(entry) for entry in feed.entries], indent=""), nl=False)
    click.echo()


def print_text(address: str, feed: Feed, limit: int | None) -> None:
    """Print all that each entry says."""
    click.echo(_heading(address, feed, limit))
    click.echo()
    for entry in limited(feed, limit).entries:
        click.echo("\n".join(_lines(entry)))
        click.echo()


def feed_members(address: str, feed: Feed) -> dict[str, object]:
    """What is told of a feed in JSON."""
    return {
        "url": address,
        "error": None,
        "is_unchanged": False,
        "dialect": feed.dialect,
        "title": feed.title,
        "link": feed.link or None,
        "updated": _iso(feed.updated),
        "is_whole": feed.is_whole,
        "notes": list(feed.notes),
        "entries": [_entry_members(entry) for entry in feed.entries],
    }


def _entry_members(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key,
        "title": entry.title,
        "link": entry.link or None,
        "published": _iso(entry.published),
        "authors": list(entry.authors),
        "categories": list(entry.categories),
        "summary": entry.summary,
    }


def limited(feed: Feed, limit: int | None) -> Feed:
    """`feed` with its first `limit` entries; None for all."""
    return feed if limit is None else replace(feed, entries=feed.entries[:limit])


def _heading(address: str, feed: Feed, limit: int | None) -> str:
    count = len(feed.entries)
    part = f"{limit:,} of " if limit is not None and limit < count else ""
    return one_line(f"{feed.title or address} ({feed.dialect}, {part}{how_many(count, 'entry')}) {address}")


def _print_rich(feed: Feed) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for entry in feed.entries:
        # Text: nothing in a title is markup
        table.add_row(_day(entry.published), Text(one_line(_title(entry))))
    Console(no_color=not wants_colours(sys.stdout, os.environ), highlight=False).print(table)


def _lines(entry: Entry) -> Iterator[str]:
    yield one_line(_title(entry))
    day = f"{entry.published:%Y-%m-%d %H:%M} UTC" if entry.published is not None else ""
    for part in (", ".join(filter(None, (day, *entry.authors))), entry.link, ", ".join(entry.categories)):
        if part:
            yield f"  {one_line(part)}"
    for paragraph in entry.summary.splitlines():
        yield textwrap.fill(one_line(paragraph), _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _cells(entry: Entry) -> tuple[str, str, str]:
    return _day(entry.published), cut(_title(entry), _CELL_CHARACTERS), entry.link


def _title(entry: Entry) -> str:
    return entry.title or textwrap.shorten(entry.summary, 80, placeholder="…") or entry.key


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
