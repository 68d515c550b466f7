"""What the pages make of the JSON of `cve`: links that may be followed, and plots."""

from typing import Any

import pytest

from doorward.core.vulnerabilities import Account, Exposure, Vulnerability
from doorward.doors.web.pages.cve_asking import said_by
from doorward.doors.web.pages.cve_plot import HEIGHT, plot_of
from doorward.doors.web.pages.cve_rows import path_of, row_of, whole_of
from doorward.doors.web.pages.english import ENGLISH
from doorward.doors.web.pages.french import FRENCH
from doorward.errands.cve.members import whole_members


def whole(**account: object) -> dict[str, Any]:
    told = Account(source="nvd", id="CVE-2025-0001", **account)  # type: ignore[arg-type]
    vulnerability = Vulnerability(id=told.id, accounts=(told,))
    return whole_of(ENGLISH, {**whole_members(vulnerability), "note": None})


@pytest.mark.parametrize(
    ("address", "is_link"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://example.org", True),
        ("HTTPS://EXAMPLE.ORG/", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt://example.org/%0aalert(1)", False),
        ("data:text/html,x", False),
        ("//example.org/", False),
        ("/cve", False),
        ("https://", False),
        ("https://[", False),
        ("https://example.org/\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", False),
        (" javascript:alert(1)", False),
    ],
)
def test_only_pages_of_the_web_are_linked(address: str, *, is_link: bool) -> None:
    (found,) = whole(references=(address,))["references"]
    assert bool(found["link"]) is is_link
    assert found["text"].isprintable()


def test_ids_of_strangers_stay_one_part_of_a_path() -> None:
    assert path_of("CVE-2025-0001") == "/cve/CVE-2025-0001"
    assert path_of("../a/b?c#d \N{LATIN SMALL LETTER E WITH ACUTE}") == "/cve/..%2Fa%2Fb%3Fc%23d%20%C3%A9"


def test_a_package_says_what_to_do_and_how_many_more_there_are() -> None:
    exposures = (
        Exposure(package="a", binaries=("a",), installed="1"),
        Exposure(package="b", binaries=("b",), installed="1", fixed="2"),
    )
    account = Account(source="debian", id="CVE-2025-0001", exposures=exposures)
    members = whole_members(Vulnerability(id=account.id, accounts=(account,)))
    assert row_of(ENGLISH, members)["package"] == {"name": "b", "words": "upgrade to 2", "more": "and 1 more"}
    assert row_of(FRENCH, members)["package"] == {"name": "b", "words": "passer à 2", "more": "et 1 de plus"}


def test_what_there_is_at_all_is_seen_in_a_plot() -> None:
    counts = [
        {"period": "2025-01-01", "published": 4000, "exploited": 0},
        {"period": "2025-02-01", "published": 1, "exploited": 2},
    ]
    plot = plot_of(ENGLISH, counts)
    assert plot is not None
    (_, published, bars), (_, exploited, others) = plot.rows
    assert (published, exploited) == ("Published, 4,000 at most", "Exploited, 2 at most")
    assert [bar.height for bar in bars] == [HEIGHT, 1.5]
    assert [bar.height for bar in others] == [0, HEIGHT]
    assert all(bar.y + bar.height == pytest.approx(HEIGHT) for bar in (*bars, *others))
    assert plot.words == ("From 2025-01 to 2025-02, 4,001 were published and 2 became known to be exploited.")
    assert plot_of(ENGLISH, [{"period": "2025-01-01", "published": 0, "exploited": 0}]) is None
    assert plot_of(ENGLISH, []) is None


def test_an_address_says_filters_and_nothing_else() -> None:
    pairs = (
        ("word", "a"),
        ("word", " b "),
        ("kev", ""),
        ("limit", "9999"),
        ("what", "show"),
        ("form", "text"),
    )
    assert said_by(pairs) == {"word": "b"}
