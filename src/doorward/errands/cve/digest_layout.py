"""A digest laid out as text and as HTML: headings, entries, and lines between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from doorward.errands.cve.digest_entries import Entry
from doorward.errands.shown import anchor, page_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    A part of a digest.

    Attributes:
        heading: on a line of its own; empty for none.
        entries: in their order.
        lines: after them.
    """

    heading: str = ""
    entries: tuple[Entry, ...] = ()
    lines: tuple[str, ...] = ()


def text_of_sections(sections: Sequence[Section]) -> str:
    """All of it as text that ends in a line's end."""
    return "\n\n".join(map(_text, sections)) + "\n"


def html_of_sections(sections: Sequence[Section]) -> str:
    """All of it as a page, everything in it escaped."""
    return page_of("".join(map(_html, sections)))


def _text(section: Section) -> str:
    blocks = [f"{section.heading}\n{'-' * len(section.heading)}"] if section.heading else []
    lasting: list[str] = []
    for entry in section.entries:
        block = _entry_text(entry)
        # what has a title alone is a line of a list
        if "\n" in block:
            blocks += _joined(lasting)
            lasting = []
            blocks.append(block)
        else:
            lasting.append(block)
    blocks += _joined(lasting) + _joined(section.lines)
    return "\n\n".join(blocks)


def _joined(lines: Sequence[str]) -> list[str]:
    return ["\n".join(lines)] if lines else []


def _entry_text(entry: Entry) -> str:
    head = f"{entry.id}: {entry.title}" if entry.title else entry.id
    facts = (f"  {name}: {fact}" for name, fact in entry.facts)
    rest = (f"  {part}" for part in (entry.about, *entry.links) if part)
    return "\n".join((head, *facts, *rest))


def _html(section: Section) -> str:
    heading = f"<h3>{escape(section.heading)}</h3>\n" if section.heading else ""
    items = "".join(f"<li><p>{_entry_html(entry)}</p></li>\n" for entry in section.entries)
    listed = f"<ul>\n{items}</ul>\n" if items else ""
    lines = "<br>\n".join(map(escape, section.lines))
    paragraph = f"<p>{lines}</p>\n" if lines else ""
    return f"{heading}{listed}{paragraph}"


def _entry_html(entry: Entry) -> str:
    first = entry.links[0] if entry.links else ""
    title = f": {escape(entry.title)}" if entry.title else ""
    facts = "".join(f"<br><i>{escape(name)}:</i> {escape(fact)}" for name, fact in entry.facts)
    about = f"<br>{escape(entry.about)}" if entry.about else ""
    links = "".join(f"<br>{anchor(link, link)}" for link in entry.links[1:])
    return f"<b>{anchor(first, entry.id)}</b>{title}{facts}{about}{links}"
