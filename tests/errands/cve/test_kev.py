"""The catalogue of CISA: what it says, and what is none of it."""

from datetime import date
from typing import Any

import pytest

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import MOST_REFERENCES, Product
from doorward.errands.cve.documents import MOST_ILL_FORMED
from doorward.errands.cve.kev import parse_kev
from tests.errands.cve.documents import HTML, KEV, URL, kev


def test_all_of_the_real_catalogue_is_read() -> None:
    read = parse_kev(KEV.read_bytes(), url=URL)
    assert (len(read.accounts), read.notes) == (1404, ())
    git = next(each for each in read.accounts if each.id == "CVE-2025-48384")
    assert git.title == "Git Link Following Vulnerability"
    assert git.description.startswith("Git contains a link following vulnerability")
    assert git.products == (Product(vendor="Git", name="Git"),)
    assert (git.exploited_since, git.due) == (date(2025, 8, 25), date(2025, 9, 15))
    assert git.weaknesses == ("CWE-59", "CWE-436")
    assert git.references[-1] == "https://nvd.nist.gov/vuln/detail/CVE-2025-48384"
    assert len(git.references) == 6
    assert git.action.startswith("Apply mitigations")
    assert sum(each.in_ransomware for each in read.accounts) == 293
    assert all(each.exploited_since and each.due for each in read.accounts)


def test_what_is_not_said_is_empty_and_what_is_not_known_passed_over() -> None:
    body = kev({"newKey": {"deep": [1]}, "dueDate": "", "knownRansomwareCampaignUse": "Known"}, future=1)
    (account,) = parse_kev(b"\xef\xbb\xbf" + body, url=URL).accounts
    assert (account.source, account.id, account.due, account.in_ransomware) == (
        "kev",
        "CVE-2025-0001",
        None,
        True,
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the answer is empty"),
        (b" \n", "the answer is empty"),
        (HTML, "HTML page, not the catalogue of CISA"),
        (kev({})[:-9], "is cut short"),
        (b"\xff\xfe{", "is no JSON"),
        (kev({}).decode().encode("utf-16"), "is no JSON"),
        (b"[]", "as we know it: Expected `object`, got `array`"),
        (b'{"count": 1}', "missing required field `vulnerabilities`"),
        (kev({}, count="many"), r"Expected `int | null`, got `str` - at `\$.count`"),
        (kev({}, count=2), "says that it has 2 entries, and has 1"),
        (kev({}, {}, count=1), "says that it has 1 entries, and has 2"),
        (kev(), "has no entry, which cannot be"),
        (b"[" * 100_000, "nested too deeply|cut short|Expected `object`"),
    ],
)
def test_what_is_no_catalogue_is_told_with_its_address(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as refused:
        parse_kev(body, url=URL)
    assert str(refused.value).startswith(f"{URL}: ")
    assert refused.value.next_step


def test_a_few_ill_formed_entries_are_left_out_and_told() -> None:
    bad: list[dict[str, Any]] = [
        {"cveID": "CVE-1"},
        {"dateAdded": "soon"},
        {"cveID": 7},
        {"vendorProject": None},
        {"cwes": "CWE-1"},
    ]
    assert len(bad) == MOST_ILL_FORMED
    read = parse_kev(kev({"cveID": "CVE-2025-7777"}, *bad), url=URL)
    assert [each.id for each in read.accounts] == ["CVE-2025-7777"]
    assert len(read.notes) == MOST_ILL_FORMED
    assert read.notes[0] == "one entry was left out, entry 2: 'CVE-1' is no id of a CVE"
    with pytest.raises(SourceError, match="more than 5 entries are not as we know them, such as entry 7"):
        parse_kev(kev({"cveID": "CVE-2025-7777"}, *bad, {"cveID": "no"}), url=URL)


def test_texts_are_plain_and_bounded() -> None:
    turned = "a\x1b[31m\u202eb\tc\r\n\n\nd\x00" + "x" * 50_000
    notes = " ; ".join(f"https://e.org/{n}" for n in range(500)) + " javascript:alert(1) ftp://e.org/a)."
    entry = {
        "vulnerabilityName": turned,
        "shortDescription": turned,
        "notes": notes,
        "vendorProject": turned,
        "cwes": ["CWE-1", "CWE-1", "NVD-CWE-noinfo", "<b>"],
    }
    (account,) = parse_kev(kev(entry), url=URL).accounts
    assert account.title.startswith("a[31mb c dxxx")
    assert (len(account.title), account.title[-1]) == (300, "…")
    assert account.description.startswith("a[31mb c\ndxxx")
    assert len(account.description) == 4000
    assert len(account.products[0].vendor) == 1000
    assert len(account.references) == MOST_REFERENCES
    assert account.weaknesses == ("CWE-1",)


def test_an_id_that_stands_there_twice_is_told_of_once() -> None:
    read = parse_kev(kev({"product": "first"}, {"product": "second"}), url=URL)
    assert [each.products[0].name for each in read.accounts] == ["first"]


def test_a_text_that_is_no_utf_8_makes_its_entry_ill_formed() -> None:
    body = kev({"product": "Caf\xe9"}, {"cveID": "CVE-2025-0002"}).replace(b"\\u00e9", b"\xe9")
    read = parse_kev(body, url=URL)
    assert [each.id for each in read.accounts] == ["CVE-2025-0002"]
    assert len(read.notes) == 1
