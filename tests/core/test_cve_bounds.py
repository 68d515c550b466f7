"""What of an account is kept, whatever came."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.cve_bounds import ADDRESS_CHARACTERS, MOST_BINARIES, MOST_SCORES, NAME_CHARACTERS, bounded
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    MOST_REFERENCES,
    TITLE_CHARACTERS,
    Account,
    Exposure,
    Score,
)
from tests.stores import vulnerability_strategies as made

HUGE = "x" * 10_000


@given(made.accounts_of("nvd"))
def test_what_is_within_the_bounds_is_kept_and_once_is_enough(account: Account) -> None:
    kept = bounded(account)
    assert bounded(kept) == kept
    assert (kept.published, kept.exploited_since, kept.is_rejected) == (
        account.published,
        account.exploited_since,
        account.is_rejected,
    )


@given(st.text(max_size=400))
def test_a_text_is_cut_and_can_be_written(text: str) -> None:
    kept = bounded(Account(source="nvd", id="CVE-2025-0001", title=text)).title
    assert len(kept) == min(len(text), TITLE_CHARACTERS)
    assert "\0" not in kept
    kept.encode()
    assert all(one in (other, "\ufffd") for one, other in zip(kept, text, strict=False))


def test_lists_and_their_texts_are_cut() -> None:
    account = bounded(
        Account(
            source="nvd",
            id="CVE-2025-0001",
            description=HUGE,
            action=HUGE,
            scores=(Score(value=5.0, version=HUGE, by=HUGE, vector=HUGE),) * 1000,
            exposures=(Exposure(package=HUGE, binaries=(HUGE,) * 1000, installed=HUGE),) * 1000,
            weaknesses=(HUGE,) * 1000,
            references=(HUGE,) * 1000,
        )
    )
    assert len(account.description) == len(account.action) == DESCRIPTION_CHARACTERS
    assert len(account.scores) == MOST_SCORES
    assert len(account.exposures[0].binaries) == MOST_BINARIES
    assert account.exposures[0].package == "x" * NAME_CHARACTERS
    assert account.references == ("x" * ADDRESS_CHARACTERS,) * MOST_REFERENCES


def test_scores_that_are_none_are_left_out_and_the_others_are_not_crowded_out() -> None:
    def score(value: float) -> Score:
        return Score(value=value, version="3.1", by="x")

    bad = [score(value) for value in (float("nan"), -0.1, 10.1, float("inf"))] * 10
    account = Account(source="nvd", id="CVE-2025-0001", scores=(*bad, score(0.0), score(10.0)))
    assert [each.value for each in bounded(account).scores] == [0.0, 10.0]


def test_times_are_utc() -> None:
    there = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    account = Account(source="nvd", id="cve-2025-0001", published=there, modified=datetime(2025, 1, 1))  # noqa: DTZ001
    assert bounded(account) == replace(
        account,
        id="CVE-2025-0001",
        published=datetime(2024, 12, 31, 23, tzinfo=UTC),
        modified=datetime(2025, 1, 1, tzinfo=UTC),
    )
    assert bounded(account).published is not None
    assert str(bounded(account).published) == "2024-12-31 23:00:00+00:00"
