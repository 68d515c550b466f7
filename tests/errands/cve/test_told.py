"""What was told, as a value and as a mark."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.vulnerabilities import Account, Exposure, Score, Vulnerability
from doorward.errands.cve.told import Told, first_told, mark_of, news_of, told_by
from doorward.stores.seen import MARK_CHARACTERS

TODAY = datetime(2026, 11, 27, tzinfo=UTC).date()
LATER = date(2026, 11, 28)

_SCORES = st.none() | st.sampled_from([0.0, 3.9, 7.0, 7.1, 9.8, 10.0])
_EXPOSURES = st.builds(
    Exposure,
    package=st.sampled_from(["glibc", "zlib", "linux"]),
    binaries=st.just(()),
    installed=st.just("1"),
    fixed=st.sampled_from(["", "2", "3"]),
)


@st.composite
def vulnerabilities(draw: st.DrawFn) -> Vulnerability:
    value = draw(_SCORES)
    scores = () if value is None else (Score(value=value, version="3.1", by="x"),)
    account = Account(
        source="nvd",
        id="CVE-2026-0001",
        scores=scores,
        exploited_since=draw(st.none() | st.just(TODAY)),
        exposures=tuple(draw(st.lists(_EXPOSURES, max_size=3, unique_by=lambda each: each.package))),
        is_rejected=draw(st.booleans()),
    )
    return Vulnerability(id=account.id, accounts=(account,))


@given(st.lists(vulnerabilities(), min_size=1))
def test_what_was_told_once_is_never_news_again(states: list[Vulnerability]) -> None:
    told = first_told(states[0], TODAY)
    for state in states:
        told = told.with_all_of(state, LATER)
    for state in states:
        assert news_of(told, state) == ()
        assert told.with_all_of(state, TODAY) is told


@given(vulnerabilities(), vulnerabilities())
def test_a_mark_is_what_it_was_made_of(one: Vulnerability, other: Vulnerability) -> None:
    told = first_told(one, TODAY).with_all_of(other, LATER)
    assert told_by(mark_of(told)) == told


def test_a_mark_has_room_whatever_it_tells() -> None:
    exposures = tuple(
        Exposure(package=f"p{number}", binaries=(), installed="1", fixed="2") for number in range(100)
    )
    account = Account(source="debian", id="CVE-2026-0001", exposures=exposures)
    whole = Vulnerability(id=account.id, accounts=(account,))
    mark = mark_of(first_told(whole, TODAY))
    assert len(mark) <= MARK_CHARACTERS
    assert news_of(told_by(mark), whole) == ()


def test_a_lower_score_is_kept_as_the_higher() -> None:
    told = Told(day=TODAY, score=9.8)
    low = Vulnerability(
        id="CVE-2026-0001",
        accounts=(
            Account(source="nvd", id="CVE-2026-0001", scores=(Score(value=4.0, version="3.1", by="x"),)),
        ),
    )
    assert told.with_all_of(low, LATER) is told
