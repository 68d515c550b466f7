"""A listing as a page, as text and as JSON; nothing of it can be taken for anything but a name."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from typing import Any

from doorward.core.counts import how_many
from doorward.core.errors import one_line
from doorward.doors.web.files.listing import Column, Entry, Listing, Order
from doorward.doors.web.files.targets import escaped

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #767676; --link: #0b57d0; --row: #8881; }
@media (prefers-color-scheme: dark) { :root { --quiet: #9a9a9a; --link: #8ab4f8; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
table { border-collapse: collapse; width: 100%; }
th { border-bottom: 1px solid var(--line); font-weight: 600; text-align: left; }
td, th { padding: .3rem .5rem; vertical-align: top; }
td:first-child { overflow-wrap: anywhere; }
td + td, th + th { color: var(--quiet); text-align: right; white-space: nowrap; }
td + td { font-variant-numeric: tabular-nums; }
tbody tr:hover { background: var(--row); }
p { color: var(--quiet); }
@media (max-width: 32rem) { td:nth-child(3), th:nth-child(3) { display: none; } }
"""

PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + b64encode(sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
"""The Content-Security-Policy of a page: no script, and of styles its own alone."""

_TITLES = {Column.NAME: "Name", Column.SIZE: "Size", Column.TIME: "Changed"}
_BEGINS_REVERSED = frozenset({Column.SIZE, Column.TIME})
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def page_of(listing: Listing, *, mount: str) -> str:
    """
    A page of HTML that needs no script.

    Args:
        listing: it.
        mount: what the root is called.
    """
    title = escape("/".join([mount.rstrip("/"), *map(shown, listing.names)]) or "/")
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n<body>\n<main>\n",
            f"<h1>{_breadcrumbs(listing, mount=mount)}</h1>\n",
            "<table>\n<thead><tr>",
            *(_heading(column, listing.order) for column in Column),
            "</tr></thead>\n<tbody>\n",
            *(_parent() if listing.names else ()),
            *map(_row, listing.entries),
            "</tbody>\n</table>\n",
            f"<p>{escape(_summary(listing))}</p>\n</main>\n</body>\n</html>\n",
        )
    )


def text_of(listing: Listing) -> str:
    """A line for each entry: size in bytes, when it was changed, the name with a slash if it is a folder."""
    width = max((len(str(entry.size_bytes)) for entry in listing.entries), default=1)
    lines = [
        f"{'-' if entry.is_folder else entry.size_bytes:>{width}}  {_time_of(entry)}  {_called(entry)}\n"
        for entry in listing.entries
    ]
    if listing.left_out or not listing.is_whole:
        lines.append(f"# {_left_out(listing)}\n")
    return "".join(lines)


def json_of(listing: Listing) -> str:
    """
    An object with `entries` and how many more there are.

    `url` is relative to the folder's own address, and exact where a name is not UTF-8.
    """
    members: dict[str, Any] = {
        "entries": [
            {
                "name": shown(entry.name),
                "type": "folder" if entry.is_folder else "file",
                "size_bytes": None if entry.is_folder else entry.size_bytes,
                "modified": _moment(entry).isoformat().replace("+00:00", "Z"),
                "url": _address(entry),
            }
            for entry in listing.entries
        ],
        "left_out": listing.left_out,
        "is_whole": listing.is_whole,
    }
    return json.dumps(members, ensure_ascii=False) + "\n"


def shown(name: bytes) -> str:
    """A name for people: what is not UTF-8 and what would deceive a reader or steer a terminal is escaped."""
    return one_line(os.fsdecode(name))


def size_text(size_bytes: int) -> str:
    """`size_bytes` in the largest unit that leaves a whole number before the point."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[unit]}"


def _breadcrumbs(listing: Listing, *, mount: str) -> str:
    depth = len(listing.names)
    crumbs = [(mount or "/", "../" * depth or "./")]
    crumbs += [(shown(name), "../" * (depth - at) or "./") for at, name in enumerate(listing.names, 1)]
    return " / ".join(f'<a href="{href}">{escape(text)}</a>' for text, href in crumbs)


def _heading(column: Column, order: Order) -> str:
    is_sorted_so = order.column is column
    goes_down = not order.is_reversed if is_sorted_so else column in _BEGINS_REVERSED
    sort = Order(column, is_reversed=goes_down)
    says = f' aria-sort="{"descending" if order.is_reversed else "ascending"}"' if is_sorted_so else ""
    arrow = (" ↓" if order.is_reversed else " ↑") if is_sorted_so else ""
    return f'<th scope="col"{says}><a href="?sort={sort}">{_TITLES[column]}{arrow}</a></th>'


def _parent() -> Iterator[str]:
    yield '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n'


def _row(entry: Entry) -> str:
    size = "" if entry.is_folder else size_text(entry.size_bytes)
    return (
        f'<tr><td><a href="{escape(_address(entry))}">{escape(_called(entry))}</a></td>'
        f'<td>{size}</td><td><time datetime="{_moment(entry).isoformat()}">{_time_of(entry)}</time></td>'
        "</tr>\n"
    )


def _address(entry: Entry) -> str:
    return "./" + escaped(entry.name) + ("/" if entry.is_folder else "")


def _called(entry: Entry) -> str:
    return shown(entry.name) + ("/" if entry.is_folder else "")


def _moment(entry: Entry) -> datetime:
    try:
        return datetime.fromtimestamp(int(entry.modified_at), UTC)
    except (ValueError, OverflowError, OSError):  # a file system may say any year
        return datetime.fromtimestamp(0, UTC)


def _time_of(entry: Entry) -> str:
    return _moment(entry).strftime("%Y-%m-%d %H:%M")


def _summary(listing: Listing) -> str:
    folders = sum(entry.is_folder for entry in listing.entries)
    files = len(listing.entries) - folders
    size = size_text(sum(entry.size_bytes for entry in listing.entries))
    text = f"{how_many(folders, 'folder')}, {how_many(files, 'file')}, {size}. Times are UTC."
    return f"{text} {_left_out(listing)}." if listing.left_out or not listing.is_whole else text


def _left_out(listing: Listing) -> str:
    return f"{listing.left_out}{'' if listing.is_whole else ' or more'} entries are not shown"
