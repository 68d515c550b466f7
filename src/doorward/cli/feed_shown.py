"""A feed on a terminal, as text and as JSON; all of it was written by a stranger."""

import os
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime

import click

from doorward.cli.screen import aligned, is_terminal, wants_colours
from doorward.core.errors import one_line
from doorward.core.feeds import Entry, Feed

_WIDTH = 88


def print_table(address: str, feed: Feed) -> None:
    """Print the day and the title of each entry below the feed's; in a file, its link too."""
    click.echo(_heading(address, feed))
    if not feed.entries:
        click.echo()
        return
    if is_terminal(sys.stdout):
        _print_rich(feed)
    else:
        click.echo(
            aligned([(_day(each.published), _title(each), each.link) for each in feed.entries], indent=""),
            nl=False,
        )
    click.echo()


def print_text(address: str, feed: Feed) -> None:
    """Print all that each entry says."""
    click.echo(_heading(address, feed))
    click.echo()
    for entry in feed.entries:
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


def _heading(address: str, feed: Feed) -> str:
    noun = "entry" if len(feed.entries) == 1 else "entries"
    return one_line(f"{feed.title or address} ({feed.dialect}, {len(feed.entries)} {noun}) {address}")


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


def _title(entry: Entry) -> str:
    return entry.title or textwrap.shorten(entry.summary, 80, placeholder="…") or entry.key


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
