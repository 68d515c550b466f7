"""Whatever comes: accounts within bounds, or the documented error; of real documents, cut and changed."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.cve_ids import ID_CHARACTERS
from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    MOST_PRODUCTS,
    MOST_REFERENCES,
    TITLE_CHARACTERS,
    Account,
)
from doorward.errands.cve.debian import parse_debian
from doorward.errands.cve.epss import parse_epss
from doorward.errands.cve.feed_accounts import accounts_of
from doorward.errands.cve.kev import parse_kev
from doorward.errands.cve.nvd import parse_nvd_page
from doorward.errands.feeds.parsing import parse_feed
from tests.errands.cve.documents import KEV, NVD_PAGE, NVD_RSS, URL, epss, machine, said, tracker
from tests.plugins.soak import IS_SOAK

pytestmark = pytest.mark.timeout(300)

MACHINE = machine(("glibc", "2.36-9"), ("bash", "5.2-1"))


def small(real: bytes, count: int) -> bytes:
    """A real document of JSON with its first entries alone."""
    document = json.loads(real)
    document["vulnerabilities"] = document["vulnerabilities"][:count]
    counts = {"count", "resultsPerPage", "totalResults"} & document.keys()
    return json.dumps(document | dict.fromkeys(counts, count)).encode()


def kev_of(body: bytes) -> list[Account]:
    return list(parse_kev(body, url=URL).accounts)


def nvd_of(body: bytes) -> list[Account]:
    return list(parse_nvd_page(body, url=URL).accounts)


def debian_of(body: bytes) -> list[Account]:
    return list(parse_debian(body, installed=MACHINE, suite="bookworm", url=URL).accounts)


def feed_of(body: bytes) -> list[Account]:
    return list(accounts_of(parse_feed(body, url=URL), source="feed:x"))


def epss_of(body: bytes) -> list[Account]:
    table = parse_epss(body, url=URL, most_bytes=100_000)
    scores = list(table)
    assert len(scores) == len(table) > 0
    assert all(0.0 <= score.score <= 1.0 for _, score in scores)
    return []


TRACKER = tracker(
    {
        "glibc": {"CVE-2024-0001": said("resolved", "2.36-10"), "CVE-2024-0002": said("open")},
        "bash": {"CVE-2024-0003": said("undetermined"), "TEMP-0000001-AB": said("resolved", "0")},
    }
)
ROWS = epss(*(f"CVE-2024-{number},0.{number},0.5" for number in range(1000, 1020)))
READERS: list[tuple[Callable[[bytes], list[Account]], bytes]] = [
    (kev_of, small(KEV.read_bytes(), 8)),
    (nvd_of, small(NVD_PAGE.read_bytes(), 8)),
    (debian_of, TRACKER),
    (feed_of, NVD_RSS.read_bytes()[-4000:].partition(b"<item ")[2]),
    (epss_of, ROWS),
    (epss_of, gzip.compress(ROWS, mtime=0)),
]
HEAD = NVD_RSS.read_bytes().partition(b"<items>")[0] + b"</channel><item "
READERS[3] = (feed_of, HEAD + READERS[3][1])
PIECES = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"null",
        b"-1",
        b"1e999",
        b'"\\ud800"',
        b'"\\u0000"',
        b"true",
    ),
    *(
        b"\\",
        b"\xff",
        b"\xc3",
        b"\0",
        b"<",
        b"<!DOCTYPE html>",
        b"CVE-2024-1",
        b"\n",
        b'"cve"',
        b'"cveID":7,',
    ),
    *(b"[" * 5000, b'{"a":' * 5000, b"9" * 5000, b'"\\u202e"', b'"id": null,', b'"releases": {},'),
]
READING = st.sampled_from(READERS)
PUT = st.one_of(st.just(b""), st.sampled_from(PIECES), st.binary(max_size=12))


def check(read: Callable[[bytes], list[Account]], body: bytes) -> None:
    try:
        accounts = read(body)
    except SourceError as error:
        told = str(error)
        assert told.startswith(f"{URL}: ")
        assert told.isprintable()
        assert len(told) < 700
        return
    for account in accounts:
        assert 0 < len(account.id) <= ID_CHARACTERS
        assert account.id.isprintable()
        assert account.title.isprintable()
        assert len(account.title) <= TITLE_CHARACTERS
        assert account.description.replace("\n", "").isprintable()
        assert len(account.description) <= DESCRIPTION_CHARACTERS
        assert len(account.products) <= MOST_PRODUCTS
        assert len(account.references) <= MOST_REFERENCES
        assert all(each.startswith(("http", "ftp")) and each.isprintable() for each in account.references)
        for product in account.products:
            assert (product.vendor + product.name + product.versions + product.cpe).isprintable()
        for score in account.scores:
            assert 0.0 <= score.value <= 10.0
            assert (score.by + score.vector).isprintable()
        for exposure in account.exposures:
            assert (exposure.fixed + exposure.urgency).isprintable()


def test_the_documents_are_read_as_they_are() -> None:
    assert [len(read(body)) for read, body in READERS[:4]] == [8, 8, 3, 8]
    for read, body in READERS:
        check(read, body)


@given(READING, st.integers(0, 1_000_000))
def test_what_is_cut_anywhere_is_the_documented_error(
    reading: tuple[Callable[[bytes], list[Account]], bytes], at: int
) -> None:
    read, body = reading
    cut = body[: at % len(body.rstrip())]
    try:
        accounts = read(cut)
    except SourceError:
        check(read, cut)
    else:
        # a table that ends with a line is whole for all that anybody can know
        assert read is epss_of
        assert cut.endswith(b"\n")
        assert accounts == []


@given(READING, st.integers(0, 1_000_000), st.integers(0, 60), PUT)
def test_what_is_changed_anywhere_is_read_or_the_documented_error(
    reading: tuple[Callable[[bytes], list[Account]], bytes], at: int, gone: int, put: bytes
) -> None:
    read, body = reading
    at %= len(body)
    check(read, body[:at] + put + body[at + gone :])


@pytest.mark.parametrize(("read", "file"), [(kev_of, KEV), (nvd_of, NVD_PAGE), (feed_of, NVD_RSS)])
def test_a_whole_real_document_cut_or_changed_is_read_or_the_documented_error(
    read: Callable[[bytes], list[Account]], file: Path
) -> None:
    body = file.read_bytes()
    seeded = random.Random(5)
    for _ in range(40 if IS_SOAK else 4):
        at = seeded.randrange(len(body))
        with pytest.raises(SourceError):
            read(body[: min(at, len(body.rstrip()) - 1)])
        check(read, body[:at] + seeded.choice(PIECES) + body[at + seeded.randrange(40) :])


@given(st.sampled_from([read for read, _ in READERS]), st.lists(st.sampled_from(PIECES)).map(b"".join))
@example(kev_of, b"[" * 1_000_000)
@example(debian_of, b'{"glibc":' + b"[" * 1_000_000)
@example(nvd_of, b'{"startIndex":0,"totalResults":1,"vulnerabilities":[' + b"[" * 1_000_000)
@example(
    debian_of, b'{"glibc":{"CVE-2024-0001":{"releases":{"bookworm":{"status":"open"}},"description":"\xff"}}}'
)
def test_any_bytes_are_read_or_the_documented_error(
    read: Callable[[bytes], list[Account]], body: bytes
) -> None:
    check(read, body)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(READING, st.integers(0, 10_000), values)
def test_any_value_in_the_place_of_another_is_read_or_the_documented_error(
    reading: tuple[Callable[[bytes], list[Account]], bytes], place: int, value: object
) -> None:
    read, body = reading
    if not body.startswith(b"{"):
        return
    document = json.loads(body)
    holders = list(_holders(document))
    holder, key = holders[place % len(holders)]
    holder[key] = value
    check(read, json.dumps(document).encode("utf-8", "surrogatepass"))


def _holders(document: object) -> "list[tuple[dict[object, object], object]]":
    """Every place in a document, as what holds it and where in that."""
    found: list[tuple[dict[object, object], object]] = []
    ahead = [document]
    while ahead:
        each = ahead.pop()
        if isinstance(each, dict):
            found += [(each, key) for key in each]
            ahead += each.values()
        elif isinstance(each, list):
            ahead += each
    return found
