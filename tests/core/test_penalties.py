"""What an offence costs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.limits import PenaltyLimits
from doorward.core.penalties import Offence, Penalty, penalty_after

LIMITS = PenaltyLimits()


@pytest.mark.parametrize(
    ("offence", "seconds"), [(Offence.FAILED_LOGIN, 5), (Offence.LATE_LOGIN, 10), (Offence.NO_LOGIN, 1)]
)
def test_the_first_offence_costs_what_the_limits_say_and_does_not_count_yet(
    offence: Offence, seconds: float
) -> None:
    assert penalty_after(None, offence, LIMITS, now=100.0) == Penalty(100.0 + seconds)


def test_penalties_add_up_and_count_once_they_are_more_than_the_least() -> None:
    penalty = None
    counts = []
    for _ in range(5):
        penalty = penalty_after(penalty, Offence.FAILED_LOGIN, LIMITS, now=0.0)
        counts.append(penalty.counts)
    assert penalty == Penalty(25.0, counts=True)
    assert counts == [False, False, False, True, True]


def test_one_that_counts_does_so_until_it_is_paid_however_little_is_left() -> None:
    penalty = penalty_after(Penalty(20.0, counts=True), Offence.NO_LOGIN, LIMITS, now=19.0)
    assert penalty == Penalty(21.0, counts=True)


def test_what_is_paid_is_paid() -> None:
    assert penalty_after(Penalty(20.0, counts=True), Offence.NO_LOGIN, LIMITS, now=20.0) == Penalty(21.0)


@given(
    offences=st.lists(st.tuples(st.sampled_from(Offence), st.floats(0, 60)), min_size=1, max_size=200),
    least_seconds=st.floats(0, 100),
    most_seconds=st.floats(0, 1000),
)
def test_nobody_is_shut_out_for_longer_than_the_most(
    offences: list[tuple[Offence, float]], least_seconds: float, most_seconds: float
) -> None:
    limits = replace(LIMITS, least_seconds=least_seconds, most_seconds=most_seconds)
    penalty, now = None, 1000.0
    for offence, gap in offences:
        now += gap
        penalty = penalty_after(penalty, offence, limits, now=now)
        assert now <= penalty.until_at <= now + most_seconds
