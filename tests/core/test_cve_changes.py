"""What happened between two states of a vulnerability."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from doorward.core.cve_changes import Change, ChangeKind, changes_between, epss_change
from doorward.core.vulnerabilities import Account, Epss, Exposure, Score, Vulnerability
from tests.stores import vulnerability_strategies as made

ACCOUNT = Account(source="nvd", id="CVE-2025-0001")


def of(*accounts: Account, epss: Epss | None = None) -> Vulnerability:
    return Vulnerability(id="CVE-2025-0001", accounts=accounts, epss=epss)


def scored(value: float, version: str = "3.1") -> Account:
    return replace(ACCOUNT, scores=(Score(value=value, version=version, by="x"),))


def exposed(*exposures: Exposure) -> Account:
    return replace(ACCOUNT, source="debian", exposures=exposures)


def glibc(fixed: str = "", installed: str = "1") -> Exposure:
    return Exposure(package="glibc", binaries=("libc6",), installed=installed, fixed=fixed)


@given(made.accounts_of("nvd"), made.accounts_of("debian"))
def test_nothing_happened_to_what_is_as_it_was(one: Account, other: Account) -> None:
    same = Vulnerability(id=one.id, accounts=(other, one), epss=Epss(score=0.5, percentile=0.5))
    assert changes_between(same, same) == ()


def test_one_that_is_new_is_nothing_else() -> None:
    whole = replace(scored(9.8), exploited_since=date(2025, 3, 1), exposures=(glibc("2"),), is_rejected=True)
    assert changes_between(None, of(whole)) == (Change(kind=ChangeKind.NEW),)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (ACCOUNT, scored(7.5), Change(kind=ChangeKind.SCORE, after="7.5")),
        (scored(7.5), scored(9.8), Change(kind=ChangeKind.SCORE, before="7.5", after="9.8")),
        (scored(7.5), ACCOUNT, None),
        (scored(7.5), scored(7.5, "4.0"), None),
        (
            ACCOUNT,
            replace(ACCOUNT, exploited_since=date(2025, 3, 1)),
            Change(kind=ChangeKind.EXPLOITED, after="2025-03-01"),
        ),
        (replace(ACCOUNT, exploited_since=date(2025, 3, 1)), ACCOUNT, None),
        (ACCOUNT, exposed(glibc()), Change(kind=ChangeKind.EXPOSED, after="glibc 1")),
        (exposed(glibc()), exposed(glibc("2")), Change(kind=ChangeKind.FIX, after="glibc 2")),
        (exposed(glibc("2")), exposed(glibc("3")), Change(kind=ChangeKind.FIX, before="2", after="glibc 3")),
        (exposed(glibc("2")), exposed(glibc("2", "1.1")), None),
        (exposed(glibc("2")), exposed(), None),
        (exposed(glibc("2"), glibc("3")), exposed(glibc("2"), glibc("3"), glibc()), None),
        (ACCOUNT, replace(ACCOUNT, is_rejected=True), Change(kind=ChangeKind.REJECTED)),
        (replace(ACCOUNT, is_rejected=True), ACCOUNT, None),
        (ACCOUNT, replace(ACCOUNT, title="other", description="texts"), None),
    ],
)
def test_each_change_says_what_stood_there_and_what_does(
    before: Account, after: Account, change: Change | None
) -> None:
    assert changes_between(of(before), of(after)) == (() if change is None else (change,))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, 0.1, ("", "0.10")),
        (None, 0.09, None),
        (0.3, 0.4, ("0.30", "0.40")),
        (0.4, 0.3, ("0.40", "0.30")),
        (0.3, 0.39999, None),
        (0.9, None, None),
        (0.0, 0.1, ("0.00", "0.10")),
        (0.59204, 0.999, ("0.59204", "0.999")),
    ],
)
def test_epss_counts_by_steps(
    before: float | None, after: float | None, words: tuple[str, str] | None
) -> None:
    assert [(each.before, each.after) for each in epss_change(before, after)] == ([words] if words else [])
    states = (None if each is None else Epss(score=each, percentile=0.5) for each in (before, after))
    first, second = (of(ACCOUNT, epss=each) for each in states)
    assert changes_between(first, second) == epss_change(before, after)
