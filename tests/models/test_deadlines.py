"""Many deadlines, and the next of them."""

import weakref
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from doorward.models._deadlines import Deadlines


@dataclass(eq=False)
class One:
    deadline_at: float


def test_a_deadline_that_was_put_off_is_not_due_at_its_old_time() -> None:
    deadlines, one = Deadlines[One](), One(1.0)
    deadlines.watch(one)
    one.deadline_at = 5.0
    deadlines.watch(one)
    assert list(deadlines.take_due(2.0)) == []
    assert deadlines.wait_seconds(2.0) == 3.0
    assert list(deadlines.take_due(5.0)) == [one]
    assert deadlines.wait_seconds(5.0) is None


def test_a_deadline_that_came_nearer_is_due_then_and_once() -> None:
    deadlines, one = Deadlines[One](), One(5.0)
    deadlines.watch(one)
    one.deadline_at = 1.0
    deadlines.watch(one)
    assert deadlines.wait_seconds(0.0) == 1.0
    assert list(deadlines.take_due(1.0)) == [one]
    assert list(deadlines.take_due(9.0)) == []


def test_who_is_forgotten_is_never_due() -> None:
    deadlines, one = Deadlines[One](), One(1.0)
    deadlines.watch(one)
    deadlines.forget(one)
    assert list(deadlines.take_due(9.0)) == []


def test_a_crowd_that_comes_and_goes_is_not_kept() -> None:
    deadlines = Deadlines[One]()
    gone = [come_and_go(deadlines, at=60.0 + number) for number in range(10_000)]
    assert sum(each() is not None for each in gone) < 1_000


def come_and_go(deadlines: Deadlines[One], *, at: float) -> "weakref.ref[One]":
    one = One(at)
    deadlines.watch(one)
    deadlines.forget(one)
    return weakref.ref(one)


moves = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20), st.booleans()), max_size=40)


@given(moves)
def test_due_are_exactly_those_whose_time_is_up(moves: list[tuple[int, int, bool]]) -> None:
    deadlines = Deadlines[One]()
    crowd: dict[int, One] = {}
    for now, (number, at, stays) in enumerate(moves):
        one = crowd.setdefault(number, One(0.0))
        one.deadline_at = float(at)
        deadlines.watch(one)
        if not stays:
            deadlines.forget(crowd.pop(number))
        expected = {each for each in crowd.values() if each.deadline_at <= now}
        due = set(deadlines.take_due(float(now)))
        assert due == expected
        for each in due:
            each.deadline_at = now + 100.0
            deadlines.watch(each)
