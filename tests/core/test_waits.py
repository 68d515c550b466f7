"""Waits that grow with each try in vain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.waits import doubled_seconds


@pytest.mark.parametrize(("doublings", "seconds"), [(0, 1.5), (1, 3.0), (3, 12.0), (6, 60.0), (10_000, 60.0)])
def test_a_wait_doubles_up_to_the_longest(doublings: int, seconds: float) -> None:
    assert doubled_seconds(1.5, doublings=doublings, most_seconds=60.0) == seconds


@given(st.floats(0.001, 3600.0), st.integers(0, 1_000_000), st.floats(1.0, 1e6))
def test_no_wait_is_shorter_than_the_one_before_it(first: float, doublings: int, most: float) -> None:
    before = doubled_seconds(first, doublings=doublings, most_seconds=most)
    assert before <= doubled_seconds(first, doublings=doublings + 1, most_seconds=most) <= most
