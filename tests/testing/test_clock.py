"""The manual clock against a list that is sorted anew for each step."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from doorward.core.ports import Clock, Timer
from doorward.testing.clock import ManualClock

# eighths of a second are exact in binary: the model and the clock add them in different orders
EIGHTHS = st.integers(min_value=0, max_value=80).map(lambda eighths: eighths / 8)


@dataclass
class Expected:
    due_at: float
    number: int


class ClockAgainstSortedList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(monotonic=0.0, wall=100.0)
        self.waiting: list[Expected] = []
        self.timers: dict[int, Timer] = {}
        self.called: list[tuple[int, float]] = []
        self.wall_offset = 100.0
        self.now = 0.0
        self.count = 0

    @rule(delay_seconds=EIGHTHS)
    def schedule(self, delay_seconds: float) -> None:
        number = self.count
        self.count += 1
        self.timers[number] = self.clock.call_later(
            delay_seconds, lambda: self.called.append((number, self.clock.monotonic()))
        )
        self.waiting.append(Expected(self.now + delay_seconds, number))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.timers:
            number = data.draw(st.sampled_from(sorted(self.timers)))
            self.timers[number].cancel()
            self.waiting = [expected for expected in self.waiting if expected.number != number]

    @rule(seconds=EIGHTHS)
    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [expected for expected in self.waiting if expected.due_at <= self.now]
        due.sort(key=lambda expected: (expected.due_at, expected.number))
        self.called.clear()
        self.clock.advance(seconds)
        assert self.called == [(expected.number, expected.due_at) for expected in due]
        self.waiting = [expected for expected in self.waiting if expected not in due]

    @rule(seconds=st.integers(min_value=-1000, max_value=1000))
    def jump(self, seconds: int) -> None:
        self.clock.jump(seconds)
        self.wall_offset += seconds

    @invariant()
    def time_is_as_told(self) -> None:
        assert self.clock.monotonic() == self.now
        assert self.clock.wall() == self.now + self.wall_offset
        assert self.clock.scheduled == len(self.waiting)


TestClockAgainstSortedList = ClockAgainstSortedList.TestCase


def test_it_meets_the_port() -> None:
    clock: Clock = ManualClock()
    assert clock.monotonic() == clock.monotonic()


def test_a_call_that_a_call_asks_for_is_made_when_it_is_due_within_the_same_step() -> None:
    clock = ManualClock(monotonic=0.0)
    called: list[float] = []

    def again() -> None:
        called.append(clock.monotonic())
        clock.call_later(2, again)

    clock.call_later(1, again)
    clock.advance(5)
    assert called == [1, 3, 5]
    assert clock.scheduled == 1


def test_a_call_can_take_back_one_that_is_due_at_the_same_moment() -> None:
    clock = ManualClock()
    called: list[str] = []
    clock.call_later(1, lambda: later.cancel())  # noqa: PLW0108 - there is no later yet
    later = clock.call_later(1, lambda: called.append("later"))
    clock.advance(1)
    assert called == []


def test_an_error_of_a_call_comes_out_and_the_next_call_is_still_due() -> None:
    clock = ManualClock(monotonic=0.0)
    called: list[float] = []
    clock.call_later(1, lambda: 1 // 0)
    clock.call_later(2, lambda: called.append(clock.monotonic()))
    with pytest.raises(ZeroDivisionError):
        clock.advance(3)
    assert clock.monotonic() == 1
    clock.advance(2)
    assert called == [2]


@pytest.mark.parametrize("seconds", [-0.5, float("nan"), float("inf")])
def test_a_delay_that_no_loop_would_keep_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="a delay of"):
        ManualClock().call_later(seconds, list)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)
