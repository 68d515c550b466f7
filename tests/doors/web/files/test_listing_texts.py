"""Listings as they are shown."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.files.listing import SHOWN_MOST, Column, Entry, Order, arranged, order_of
from doorward.doors.web.files.listing_texts import json_of, page_of, size_text, text_of
from doorward.doors.web.files.targets import parse_target

NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: b"/" not in name and b"\0" not in name and not name.startswith(b".")
)


def entry(name: bytes, *, size: int = 1, at: float = 0.0, is_folder: bool = False) -> Entry:
    return Entry(name, is_folder=is_folder, size_bytes=size, modified_at=at)


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href" and value is not None]


@given(st.lists(NAMES, max_size=5, unique=True))
def test_whatever_files_are_called_a_page_has_their_links_and_nothing_else(names: list[bytes]) -> None:
    listing = arranged((b"<b>",), [entry(name) for name in names], Order(), is_whole=True)
    page = Links()
    page.feed(page_of(listing, mount="/pub"))
    assert page.tags <= {"html", "meta", "title", "style", "body", "main", "h1", "a", "table", "thead"} | {
        "tr",
        "th",
        "tbody",
        "td",
        "p",
        "time",
    }
    found = [
        parse_target(link.removeprefix("."), shows_hidden=False) for link in page.links if link[:3] == "./%"
    ]
    shown = {name for target in found if target for name in target.names}
    assert shown <= set(names)


@given(NAMES)
def test_a_link_leads_to_its_file(name: bytes) -> None:
    listing = arranged((), [entry(name)], Order(), is_whole=True)
    url = json.loads(json_of(listing))["entries"][0]["url"]
    target = parse_target(url.removeprefix("."), shows_hidden=True)
    assert target is not None
    assert target.names == (name,)


@given(NAMES)
def test_a_line_is_one_line_and_steers_no_terminal(name: bytes) -> None:
    text = text_of(arranged((), [entry(name)], Order(), is_whole=True))
    assert text.endswith("\n")
    assert text[:-1].isprintable()


def test_folders_come_first_whatever_the_order() -> None:
    entries = [entry(b"b", size=5, at=1), entry(b"a", size=9, at=9), entry(b"z", is_folder=True)]
    for text, names in [
        ("name", b"zab"),
        ("-name", b"zba"),
        ("size", b"zba"),
        ("-size", b"zab"),
        ("time", b"zba"),
        ("-time", b"zab"),
        ("nonsense", b"zab"),
    ]:
        listing = arranged((), entries, order_of(text), is_whole=True)
        assert b"".join(each.name for each in listing.entries) == names, text


def test_a_thousand_entries_are_shown_and_the_rest_is_counted() -> None:
    entries = [entry(b"%05d" % number) for number in range(SHOWN_MOST + 7)]
    listing = arranged((), entries, Order(), is_whole=True)
    assert len(listing.entries) == SHOWN_MOST
    assert "7 entries are not shown" in page_of(listing, mount="/")
    assert text_of(listing).endswith("# 7 entries are not shown\n")
    assert json.loads(json_of(listing))["left_out"] == 7


def test_all_that_a_page_shows_stands_in_its_main_landmark() -> None:
    page = page_of(arranged((), [], Order(), is_whole=True), mount="/")
    shown = page.partition("<body>")[2].partition("</body>")[0].strip()
    assert shown.startswith("<main>")
    assert shown.endswith("</main>")


def test_a_heading_turns_the_order_round() -> None:
    listing = arranged((), [], Order(Column.SIZE, is_reversed=True), is_whole=True)
    page = page_of(listing, mount="/")
    assert 'href="?sort=size"' in page
    assert 'href="?sort=-time"' in page
    assert 'aria-sort="descending"' in page


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (10**12, "1.0 TB")],
)
def test_sizes_are_short(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text
