"""Feeds of advisories."""

from datetime import UTC, datetime

import pytest

from doorward.core.feeds import Entry, Feed
from doorward.core.vulnerabilities import Product
from doorward.errands.cve.feed_accounts import accounts_of
from doorward.errands.feeds.parsing import parse_feed
from tests.errands.cve.documents import NVD_RSS, URL

DAY = datetime(2025, 11, 24, tzinfo=UTC)
SOURCE = "feed:https://sources.example.org/document"


def entry(
    title: str, summary: str = "", *, key: str = "https://e.org/1", link: str = "https://e.org/1"
) -> Entry:
    return Entry(key=key, title=title, link=link, summary=summary, published=DAY)


def ids(*entries: Entry) -> list[str]:
    feed = Feed(dialect="RSS 2.0", title="", link="", updated=None, entries=entries)
    return [each.id for each in accounts_of(feed, source=SOURCE)]


def test_the_classic_feed_names_id_and_product() -> None:
    accounts = accounts_of(parse_feed(NVD_RSS.read_bytes(), url=URL), source=SOURCE)
    assert len(accounts) == 1404
    git = accounts[0]
    assert (git.id, git.title, git.source) == ("CVE-2025-48384", "", SOURCE)
    assert git.products == (Product(vendor="", name="git"),)
    assert git.published is not None
    (bare,) = accounts_of(
        Feed(dialect="", title="", link="", updated=None, entries=(entry("CVE-2012-6656"),)), source=SOURCE
    )
    assert (bare.id, bare.products) == ("CVE-2012-6656", ())


def test_a_product_of_the_classic_feed_may_have_brackets_of_its_own() -> None:
    accounts = {
        each.id: each for each in accounts_of(parse_feed(NVD_RSS.read_bytes(), url=URL), source=SOURCE)
    }
    assert not [each.id for each in accounts.values() if each.title]
    bash = accounts["CVE-2014-6271"]
    assert bash.products == (Product(vendor="", name="bourne-again_shell_(bash)"),)
    # nor is anything else taken for a product, however long it takes to see that
    for title in (
        "CVE-2014-6271 (bash) fixed (at last)",
        f"CVE-2014-6271 ({'(a' * 5_000}",
        "CVE-2014-6271 ()",
    ):
        feed = Feed(dialect="", title="", link="", updated=None, entries=(entry(title),))
        (told,) = accounts_of(feed, source=SOURCE)
        assert told.products == ()
        assert told.title


@pytest.mark.parametrize(
    ("title", "summary", "found"),
    [
        ("DSA-5800-1 foo: cve-2024-1111, CVE-2024-2222", "CVE-2024-3333", ["CVE-2024-1111", "CVE-2024-2222"]),
        ("DSA-5800-1 foo - security update", "Fixes CVE-2024-3333.", ["CVE-2024-3333"]),
        ("[SECURITY] [DSA 5800-1] foo", "", ["https://e.org/1"]),
        ("DSA-5800-1 foo - security update", "", ["DSA-5800-1"]),
        ("USN-7000-2: regression", "", ["USN-7000-2"]),
        ("RHSA-2024:1234: Important", "", ["RHSA-2024:1234"]),
        ("openSUSE-SU-2024:0001-1", "", ["openSUSE-SU-2024:0001-1"]),
        ("FreeBSD-SA-24:01.bhyve", "", ["FreeBSD-SA-24:01"]),
        ("GLSA 202401-01: Xen", "", ["GLSA 202401-01"]),
        ("GHSA-vwqx-4fm8-6qc9", "", ["GHSA-vwqx-4fm8-6qc9"]),
        ("CERTFR-2024-AVI-0012 : Multiples", "", ["CERTFR-2024-AVI-0012"]),
        ("Ubuntu-22-04 and UTF-16-1 and ISO 8859-15", "", ["https://e.org/1"]),
        ("XCVE-2024-1111 CVE-2024-12345678901234567890 CVE-24-1", "", ["https://e.org/1"]),
    ],
)
def test_an_entry_tells_of_what_its_title_names_first(title: str, summary: str, found: list[str]) -> None:
    assert ids(entry(title, summary)) == found


def test_a_key_that_means_something_in_one_feed_only_gets_the_name_of_the_feed() -> None:
    assert ids(entry("news", key="12345")) == [f"{SOURCE}#12345"]
    assert ids(entry("news", key="urn:uuid:1")) == ["urn:uuid:1"]
    (long,) = ids(entry("news", key="https://e.org/" + "x" * 900))
    assert long.startswith("sha256:")
    (odd,) = ids(entry("news", key="https://e.org/\x1b[31m"))
    assert odd.startswith("sha256:")


def test_an_id_that_several_entries_tell_of_has_the_addresses_of_all() -> None:
    entries = (
        entry("CVE-2024-1111: new", link="https://e.org/b"),
        entry("CVE-2024-1111: old", link="https://e.org/a"),
    )
    feed = Feed(
        dialect="", title="", link="", updated=None, entries=(*entries, entry("x", link="javascript:1"))
    )
    first, other = accounts_of(feed, source=SOURCE)
    assert (first.title, first.references) == ("CVE-2024-1111: new", ("https://e.org/b", "https://e.org/a"))
    assert other.references == ()
