"""Pages of the NVD CVE API 2.0."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import MOST_PRODUCTS, Account, Product, Score, Severity
from doorward.errands.cve.nvd import parse_nvd_page
from tests.errands.cve.documents import HTML, NVD_PAGE, URL, nvd


def account(**said: Any) -> Account:
    (read,) = parse_nvd_page(nvd(said), url=URL).accounts
    return read


def metric(score: float, **more: Any) -> dict[str, Any]:
    return {
        "source": "a@b",
        "type": "Secondary",
        "cvssData": {"baseScore": score, "vectorString": "V"},
    } | more


def test_all_of_a_real_page_is_read() -> None:
    page = parse_nvd_page(NVD_PAGE.read_bytes(), url=URL)
    assert (page.start, page.entries, page.total, len(page.accounts), page.notes) == (0, 47, 47, 47, ())
    assert page.at == datetime(2023, 3, 14, 17, 8, 31, 140_000, tzinfo=UTC)
    ifme = next(each for each in page.accounts if each.id == "CVE-2021-25992")
    assert ifme.description.startswith("In Ifme, versions 1.0.0 to v.7.33.2 don")
    assert ifme.products == (
        Product(
            vendor="if-me",
            name="ifme",
            versions="from 1.0.0 to 7.33.2",
            cpe="cpe:2.3:a:if-me:ifme:*:*:*:*:*:*:*:*",
        ),
    )
    assert ifme.published == datetime(2022, 2, 10, 10, 15, 13, 973_000, tzinfo=UTC)
    assert ifme.modified == datetime(2022, 2, 22, 21, 48, 6, 750_000, tzinfo=UTC)
    assert ifme.weaknesses == ("CWE-613",)
    assert len(ifme.references) == 2
    assert not ifme.is_rejected


def test_version_2_has_its_word_beside_its_score_and_every_score_is_taken() -> None:
    page = parse_nvd_page(NVD_PAGE.read_bytes(), url=URL)
    ifme = next(each for each in page.accounts if each.id == "CVE-2021-25992")
    second = next(each for each in ifme.scores if each.version == "2.0")
    assert second == Score(
        value=7.5, version="2.0", by="nvd@nist.gov", is_primary=True, vector="AV:N/AC:L/Au:N/C:P/I:P/A:P"
    )
    assert Severity.of(second.value) is Severity.HIGH
    metrics = {
        "cvssMetricV40": [metric(9.3)],
        "cvssMetricV31": [metric(8), metric(7.5, type="Primary")],
        "cvssMetricV30": [metric(7.1)],
        "cvssMetricV2": [metric(5, baseSeverity="MEDIUM")],
        "ssvcV203": [{"anything": 1}],
    }
    scores = account(metrics=metrics).scores
    assert [(each.version, each.value, each.is_primary) for each in scores] == [
        ("4.0", 9.3, False),
        ("3.1", 8.0, False),
        ("3.1", 7.5, True),
        ("3.0", 7.1, False),
        ("2.0", 5.0, False),
    ]
    assert account().scores == ()


@pytest.mark.parametrize(
    ("texts", "description"),
    [
        ([("es", "Hola"), ("en", "Hello")], "Hello"),
        ([("fr", "Salut"), ("en-US", "Hi")], "Hi"),
        ([("es", "Hola"), ("fr", "Salut")], "Hola"),
        ([("es", "Hola"), ("en", "")], "Hola"),
        ([], ""),
    ],
)
def test_english_is_preferred(texts: list[tuple[str, str]], description: str) -> None:
    said = [{"lang": lang, "value": value} for lang, value in texts]
    assert account(descriptions=said).description == description


@pytest.mark.parametrize("status", ["Rejected", "REJECTED", "rejected "])
def test_a_withdrawn_id_is_told_as_that(status: str) -> None:
    assert account(vulnStatus=status).is_rejected
    assert not account(vulnStatus="Deferred").is_rejected


def test_what_cisa_says_stands_in_nvd_too() -> None:
    told = account(
        cisaExploitAdd="2025-11-24",
        cisaActionDue="2025-12-15",
        cisaRequiredAction="Update.",
        cisaVulnerabilityName="Some Flaw",
    )
    assert (told.exploited_since, told.due) == (date(2025, 11, 24), date(2025, 12, 15))
    assert (told.action, told.title) == ("Update.", "Some Flaw")


def test_only_what_is_vulnerable_is_a_product_and_only_so_many() -> None:
    cpes = [f"cpe:2.3:a:v:p{n}:1.{n}:*:*:*:*:*:*:*" for n in range(MOST_PRODUCTS + 50)]
    nodes = [
        {"negate": True, "cpeMatch": [{"vulnerable": True, "criteria": cpes[0]}]},
        {"cpeMatch": [{"vulnerable": False, "criteria": cpes[1]}]},
        {"cpeMatch": [{"vulnerable": True, "criteria": cpe, "matchCriteriaId": "x"} for cpe in cpes[2:]]},
    ]
    products = account(configurations=[{"nodes": nodes}], references=[]).products
    assert products[0] == Product(vendor="v", name="p2", versions="1.2", cpe=cpes[2])
    assert len(products) == MOST_PRODUCTS


def test_an_odd_name_of_a_product_is_kept_as_it_stands() -> None:
    match = {"vulnerable": True, "criteria": "cpe:/a:odd\x1b", "versionEndExcluding": "2"}
    (product,) = account(configurations=[{"nodes": [{"cpeMatch": [match]}]}]).products
    assert product == Product(vendor="", name="cpe:/a:odd", versions="before 2", cpe="cpe:/a:odd")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the answer is empty"),
        (HTML, "HTML page, not a page of the NVD"),
        (nvd({})[:40], "is cut short"),
        (b"{}", "missing required field `startIndex`"),
        (nvd({}, totalResults="1"), r"Expected `int`, got `str` - at `\$.totalResults`"),
        (nvd({}, format="NVD_CPE"), "this is 'NVD_CPE', not 'NVD_CVE'"),
        (nvd({}, resultsPerPage=5, totalResults=9), "says that it has 5 entries, and has 1"),
        (nvd({}, {}, resultsPerPage=1, totalResults=9), "says that it has 1 entries, and has 2"),
        (nvd({}, totalResults=0), "which cannot be"),
        (nvd({}, startIndex=-1), "which cannot be"),
    ],
)
def test_what_is_no_page_is_told(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        parse_nvd_page(body, url=URL)


def test_a_page_without_entries_is_one() -> None:
    page = parse_nvd_page(nvd(), url=URL)
    assert (page.accounts, page.total) == ((), 0)


def test_ill_formed_entries_are_counted_as_read_and_told() -> None:
    bad: list[dict[str, Any]] = [
        {"id": "CVE-1"},
        {"metrics": {"cvssMetricV31": [metric(11)]}},
        {"metrics": {"cvssMetricV31": [metric(5, cvssData={})]}},
        {"configurations": [{"nodes": [{"cpeMatch": [{"vulnerable": True}]}]}]},
        {"published": 2025},
    ]
    page = parse_nvd_page(nvd({}, *bad), url=URL)
    assert (page.entries, len(page.accounts), len(page.notes)) == (6, 1, 5)
    with pytest.raises(SourceError, match="more than 5 entries"):
        parse_nvd_page(nvd(*bad, {"id": 1}), url=URL)
