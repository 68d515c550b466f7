"""How often a source may come."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.limits import Limits
from doorward.gate.rates import SOURCES_MOST, SourceRates

LIMITS = Limits(new_per_second=10, new_burst=10)


def test_ten_come_at_once_and_then_one_in_each_tenth_of_a_second() -> None:
    rates = SourceRates()
    assert [rates.takes("a", LIMITS, now=100.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert rates.takes("b", LIMITS, now=100.0)
    assert [rates.takes("a", LIMITS, now=100.11) for _ in range(2)] == [True, False]
    assert [rates.takes("a", LIMITS, now=200.0) for _ in range(11)] == [True] * 10 + [False]


@given(gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=300))
def test_no_span_of_time_has_more_than_its_rate_and_one_burst(gaps: list[float]) -> None:
    rates, now, taken = SourceRates(), 0.0, []
    for gap in gaps:
        now += gap
        if rates.takes("a", LIMITS, now=now):
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= LIMITS.new_burst + 10 * (taken[last] - taken[first]) + 1e-6


def test_who_stays_away_is_forgotten() -> None:
    rates = SourceRates()
    rates.takes("a", LIMITS, now=0.0)
    rates.takes("b", LIMITS, now=0.05)
    rates.forget(now=0.12)
    assert len(rates) == 1
    rates.forget(now=1.0)
    assert len(rates) == 0


def test_however_many_sources_come_few_are_remembered() -> None:
    rates = SourceRates()
    assert all(rates.takes(str(number), LIMITS, now=0.0) for number in range(SOURCES_MOST + 1000))
    assert len(rates) == SOURCES_MOST
