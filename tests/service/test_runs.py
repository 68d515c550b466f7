"""One run: read, left, attached to, cancelled, stopped by its limits, given up."""

import pytest

from doorward.core.audit import AuditKind
from doorward.core.launch import Exited, Lost, NotStarted, Signalled, Stream, Unkillable
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.service.run import RunState
from doorward.testing.spawner import FakeSpawner
from tests.service.house import ALICE, BOB, GUEST, ROOT, House, Reader, a_guest, catalogue, program

SLEEP = program("sleep")
CAT = program("cat", takes_input=True, input_bytes=10)


def kind(reader: Reader) -> OutcomeKind | None:
    outcome = reader.outcome
    return None if outcome is None else outcome.kind


def deaf() -> FakeSpawner:
    """Whose children ignore TERM."""
    return FakeSpawner(children_end_when_stopped=False)


# Reading


def test_output_of_both_streams_is_read_in_order_as_it_comes() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    house.child.write(b"out")
    house.child.write(b"err", Stream.ERR)
    house.child.write(b"more")
    assert reader.streams == [(Stream.OUT, b"out"), (Stream.ERR, b"err"), (Stream.OUT, b"more")]
    assert not reader.is_over
    house.child.end(Exited(3))
    assert reader.outcome == Outcome(OutcomeKind.EXITED, status=3)
    house.assert_at_rest()


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (NotStarted(2, "No such file or directory"), OutcomeKind.FAILED),
        (Lost("the process that watched over it died"), OutcomeKind.FAILED),
        (Signalled(11), OutcomeKind.SIGNALLED),
        (Unkillable(), OutcomeKind.UNKILLABLE),
    ],
)
def test_every_ending_frees_the_place(
    ending: NotStarted | Lost | Signalled | Unkillable, outcome: OutcomeKind
) -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    house.child.end(ending)
    assert kind(reader) is outcome
    house.assert_at_rest()


# Left and attached to


def test_a_run_that_nobody_reads_is_stopped_after_it_has_lingered() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    house.clock.advance(3)
    reader.leave()
    reader.leave()
    house.clock.advance(9.999)
    assert house.child.stops == 0
    house.clock.advance(0.001)
    assert house.child.stops == 1
    assert house.runs.known().get(1) is not None
    again = house.ask(ALICE, "attach 1")
    assert again.outcome == Outcome(OutcomeKind.CANCELLED, signal=15, reason="nobody read it")
    house.assert_at_rest()


@pytest.mark.parametrize("seconds", [0.0, 2.5])
def test_a_command_has_a_lingering_of_its_own(seconds: float) -> None:
    house = House(program("sleep", linger_seconds=seconds))
    house.ask(ALICE, "sleep").leave()
    house.clock.advance(seconds)
    house.assert_at_rest()


def test_one_reader_is_enough_to_keep_it() -> None:
    house = House(SLEEP)
    first, second = house.ask(ALICE, "sleep"), house.ask(ALICE, "attach 1")
    first.leave()
    house.clock.advance(30)
    assert house.child.stops == 0
    second.leave()
    house.clock.advance(10)
    house.assert_at_rest()


def test_who_attaches_while_it_lingers_keeps_it_and_reads_it_from_its_start() -> None:
    house = House(SLEEP)
    house.child_of(ALICE, "sleep").write(b"from the start ")
    house.clock.advance(9)
    again = house.ask(ALICE, "attach 1")
    house.clock.advance(9)
    house.child.write(b"to the end")
    house.child.end()
    assert (again.text, again.outcome) == ("from the start to the end", SUCCESS)
    afterwards = house.ask(ALICE, "attach 1")
    assert (afterwards.text, afterwards.outcome, afterwards.told) == (again.text, SUCCESS, 0)
    house.assert_at_rest()


def test_a_detached_run_goes_on_unread_until_its_time_is_up() -> None:
    house = House(program("backup", detach=True, timeout_seconds=100.0))
    house.ask(ALICE, "backup").leave()
    house.clock.advance(99.9)
    assert house.child.stops == 0
    house.clock.advance(0.1)
    assert house.ask(ALICE, "attach 1").outcome == Outcome(
        OutcomeKind.TIMED_OUT, signal=15, after_seconds=100.0
    )
    house.assert_at_rest()


def test_a_waiting_run_that_its_last_reader_leaves_is_never_started() -> None:
    house = House(SLEEP, limits=Limits(runs=1))
    first = house.ask(ALICE, "sleep")
    house.ask(ALICE, "sleep").leave()
    assert house.runs.places.waiting == 0
    first.cancel()
    assert len(house.children) == 1
    house.assert_at_rest()


def test_a_waiting_run_whose_reader_comes_back_is_given_up_as_late_as_a_live_one() -> None:
    house = House(SLEEP, limits=Limits(runs=1, linger_seconds=10.0))
    first = house.ask(ALICE, "sleep")
    second, third = house.ask(ALICE, "sleep"), house.ask(ALICE, "sleep")
    for each in (second, third):
        house.desk.leave(each.answer, comes_back=True)
    house.clock.advance(9)
    assert house.runs.places.waiting == 2
    back = house.ask(ALICE, "attach 2")
    house.clock.advance(9)
    assert (house.runs.places.waiting, third.run.state, kind(back)) == (1, RunState.ENDED, None)
    first.cancel()
    assert back.run.state is RunState.LIVE
    back.cancel()
    house.assert_at_rest()


@pytest.mark.parametrize("verb", ["attach", "cancel"])
def test_others_are_told_the_same_of_a_run_as_of_none(verb: str) -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep")
    refused = house.ask(BOB, f"{verb} 1").outcome
    assert refused == house.ask(BOB, f"{verb} 99").outcome
    assert refused is not None
    assert refused.kind is OutcomeKind.REFUSED
    house.child.end()
    assert house.ask(BOB, f"{verb} 1").outcome == refused
    assert house.child.stops == 0


@pytest.mark.parametrize("verb", ["attach 1", "cancel 1", "runs"])
def test_a_guest_does_nothing_with_runs(verb: str) -> None:
    house = House()
    house.ask(GUEST, "uptime")
    assert kind(house.ask(GUEST, verb)) is OutcomeKind.REFUSED


def test_an_administrator_attaches_to_any_run_and_its_owner_goes_on_owning_it() -> None:
    house = House(SLEEP)
    alice = house.ask(ALICE, "sleep")
    root = house.ask(ROOT, "attach 1")
    house.child.write(b"x")
    assert root.text == "x"
    assert alice.run.owners == {"alice"}
    root.cancel()
    assert (kind(root), kind(alice)) == (OutcomeKind.CANCELLED, None)


# Cancelled


def test_a_waiting_run_is_cancelled_without_ever_being_started() -> None:
    house = House(SLEEP, limits=Limits(runs=1))
    house.ask(ALICE, "sleep")
    waiting = house.ask(ALICE, "sleep")
    waiting.cancel()
    assert waiting.outcome == Outcome(OutcomeKind.CANCELLED)
    house.child.end()
    assert len(house.children) == 1
    house.assert_at_rest()


def test_a_live_run_is_cancelled_once_however_often_it_is_asked() -> None:
    house = House(SLEEP, spawner=deaf())
    reader = house.ask(ALICE, "sleep")
    reader.cancel()
    reader.cancel()
    assert house.ask(ALICE, "cancel 1").text == "Run 1 is being stopped.\n"
    assert (reader.run.state, house.child.stops, kind(reader)) == (RunState.STOPPING, 1, None)
    house.child.write(b"last words")
    house.child.end(Signalled(9))
    assert (reader.text, reader.outcome) == ("last words", Outcome(OutcomeKind.CANCELLED, signal=9))
    reader.cancel()
    assert house.ask(ALICE, "cancel 1").text == "Run 1 has ended already.\n"
    assert len(house.trail(AuditKind.CANCEL)) == 1
    house.assert_at_rest()


def test_cancelling_the_words_of_the_desk_does_nothing() -> None:
    house = House()
    reader = house.ask(ALICE, "whoami")
    reader.cancel()
    reader.leave()
    assert reader.outcome == SUCCESS
    assert house.trail() == []


# Stopped by a limit


def test_time_counts_from_the_start_and_not_from_the_wait() -> None:
    house = House(program("sleep", timeout_seconds=20.0), limits=Limits(runs=1))
    house.ask(ALICE, "sleep")
    second = house.ask(ALICE, "sleep")
    house.clock.advance(20)
    assert (len(house.children), kind(second)) == (2, None)
    house.clock.advance(19.9)
    assert kind(second) is None
    house.clock.advance(0.1)
    assert second.outcome == Outcome(OutcomeKind.TIMED_OUT, signal=15, after_seconds=20.0)
    house.assert_at_rest()


def test_a_wall_clock_that_jumps_stops_nothing() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    house.clock.jump(1e6)
    house.clock.jump(-2e6)
    house.clock.advance(59.9)
    assert kind(reader) is None
    house.clock.advance(0.1)
    assert kind(reader) is OutcomeKind.TIMED_OUT


def test_a_wait_for_a_place_has_an_end() -> None:
    house = House(program("sleep", timeout_seconds=500.0), limits=Limits(runs=1, queue_seconds=30.0))
    house.ask(ALICE, "sleep")
    waiting = house.ask(ALICE, "sleep")
    house.clock.advance(30)
    assert waiting.outcome == Outcome(OutcomeKind.BUSY, reason="busy, no place became free in time")
    house.child.end()
    assert len(house.children) == 1
    house.assert_at_rest()


def test_one_that_finds_no_place_to_wait_in_is_told_busy_and_leaves_no_run() -> None:
    house = House(SLEEP, limits=Limits(runs=1, queue=1))
    house.ask(ALICE, "sleep")
    house.ask(ALICE, "sleep")
    busy = house.ask(BOB, "sleep")
    assert busy.outcome == Outcome(OutcomeKind.BUSY, reason="busy, try again later")
    assert busy.answer.run is None
    assert len(house.runs.history.live()) == 2


@pytest.mark.parametrize("sizes", [[64], [63, 1], [1] * 64])
def test_output_of_exactly_its_limit_is_whole(sizes: list[int]) -> None:
    house = House(SLEEP, limits=Limits(output_bytes=64))
    reader = house.ask(ALICE, "sleep")
    assert all(house.child.write(b"x" * size) for size in sizes)
    house.child.end()
    assert (len(reader.output), reader.outcome) == (64, SUCCESS)


@pytest.mark.parametrize("sizes", [[65], [64, 1], [1] * 70, [1000]])
def test_output_beyond_its_limit_is_cut_and_says_so(sizes: list[int]) -> None:
    house = House(SLEEP, limits=Limits(output_bytes=64))
    reader = house.ask(ALICE, "sleep")
    wanted = [house.child.write(b"x" * size) for size in sizes]
    assert wanted[-1] is False
    house.child.end()
    assert (len(reader.output), reader.outcome) == (64, Outcome(OutcomeKind.EXITED, cut_at_bytes=64))


def test_a_flood_of_output_is_not_kept_and_time_ends_it() -> None:
    house = House(program("yes", output_bytes=100))
    reader = house.ask(ALICE, "yes")
    for _ in range(1000):
        house.child.write(b"y\n" * 1000)
    assert reader.run.transcript.size_bytes == 100
    assert reader.told == 1
    house.clock.advance(60)
    assert reader.outcome is not None
    assert (reader.outcome.kind, reader.outcome.cut_at_bytes) == (OutcomeKind.TIMED_OUT, 100)
    house.assert_at_rest()


# Input


def test_input_before_the_start_reaches_the_child_in_order_and_with_its_end() -> None:
    house = House(CAT, SLEEP, limits=Limits(runs=1))
    holder = house.ask(ALICE, "sleep")
    reader = house.ask(ALICE, "cat")
    reader.write(b"one ")
    reader.write(b"two")
    reader.end_input()
    holder.cancel()
    assert (house.child.input, house.child.is_input_closed) == (b"one two", True)


def test_input_after_its_end_is_dropped() -> None:
    house = House(CAT)
    reader = house.ask(ALICE, "cat")
    assert reader.answer.takes_input
    reader.write(b"in")
    reader.end_input()
    reader.end_input()
    reader.write(b"late")
    assert (house.child.input, house.child.is_input_closed) == (b"in", True)
    assert house.ask(ALICE, "attach 1").answer.takes_input is False
    house.child.end()
    reader.write(b"later")
    reader.end_input()


@pytest.mark.parametrize("waits", [False, True])
def test_more_input_than_its_limit_ends_the_run(*, waits: bool) -> None:
    house = House(CAT, SLEEP, limits=Limits(runs=1))
    holder = house.ask(ALICE, "sleep") if waits else None
    reader = house.ask(ALICE, "cat")
    reader.write(b"x" * 10)
    assert kind(reader) is None
    reader.write(b"y")
    assert reader.outcome is not None
    assert (reader.outcome.kind, reader.outcome.reason) == (
        OutcomeKind.INVALID,
        "input is more than 10 bytes",
    )
    reader.write(b"z")
    if holder is not None:
        holder.cancel()
    house.assert_at_rest()


def test_a_command_without_input_gets_none() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    assert not reader.answer.takes_input
    reader.write(b"x")
    assert (house.child.input, house.child.is_input_closed) == (b"", True)


def test_who_attached_neither_writes_nor_ends_the_input() -> None:
    house = House(CAT)
    first, second = house.ask(ALICE, "cat"), house.ask(ALICE, "attach 1")
    assert (first.answer.takes_input, second.answer.takes_input) == (True, False)
    second.write(b"not mine")
    second.end_input()
    first.write(b"mine")
    assert (house.child.input, house.child.is_input_closed) == (b"mine", False)


def test_input_that_never_reached_a_child_is_not_kept_with_the_history() -> None:
    house = House(CAT, SLEEP, limits=Limits(runs=1))
    house.ask(ALICE, "sleep")
    reader = house.ask(ALICE, "cat")
    reader.write(b"0123456789")
    reader.cancel()
    assert reader.run.pending_input == b""
    assert house.runs.known().get(reader.answer.number) is reader.run


def test_an_ended_run_does_not_keep_its_child() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    house.child.end()
    assert reader.run.child is None


# Given up


def test_eight_that_could_not_be_killed_free_their_places_and_the_ninth_does_not() -> None:
    house = House(SLEEP, spawner=deaf())
    for number in range(1, 11):
        reader = house.ask(ALICE, "sleep")
        reader.cancel()
        house.child.end(Unkillable())
        assert kind(reader) is OutcomeKind.UNKILLABLE
        assert house.runs.places.taken == max(0, number - 8)
    assert house.runs.given_up == 10
    assert house.runs.history.is_idle


def test_a_run_that_is_given_up_takes_no_more_output() -> None:
    house = House(SLEEP, spawner=deaf())
    reader = house.ask(ALICE, "sleep")
    child = house.child
    child.end(Unkillable())
    assert child.events.output_received(Stream.OUT, b"a ghost") is False
    assert (reader.text, reader.run.transcript.size_bytes) == ("", 0)


# Spawners that break their word


class HastySpawner(FakeSpawner):
    """Tells of a child before the start has returned."""

    def spawn(self, launch, events):  # type: ignore[no-untyped-def]
        child = super().spawn(launch, events)
        self.children[-1].write(b"at once")
        self.children[-1].end()
        return child


class FailingSpawner(FakeSpawner):
    def spawn(self, launch, events):  # type: ignore[no-untyped-def]
        raise RuntimeError("canary of the spawner")


def test_a_spawner_that_tells_at_once_loses_nothing() -> None:
    house = House(SLEEP, CAT, spawner=HastySpawner())
    readers = [house.ask(ALICE, line) for line in ("sleep", "cat", "sleep")]
    assert [(reader.text, reader.outcome) for reader in readers] == [("at once", SUCCESS)] * 3
    assert [reader.told for reader in readers] == [0, 0, 0]
    house.assert_at_rest()


def test_a_spawner_that_raises_fails_one_run_and_keeps_no_place(caplog: pytest.LogCaptureFixture) -> None:
    house = House(SLEEP, spawner=FailingSpawner(), limits=Limits(runs=1))
    for _ in range(3):
        outcome = house.ask(ALICE, "sleep").outcome
        assert outcome is not None
        assert outcome.kind is OutcomeKind.FAILED
        assert "canary" not in outcome.reason
        assert outcome.reason.rpartition(" ")[2] in caplog.text
    house.assert_at_rest()


def test_a_reload_does_not_touch_what_runs() -> None:
    house = House(program("sleep", timeout_seconds=50.0))
    reader = house.ask(ALICE, "sleep")
    house.desk.replace_catalogue(catalogue(), Limits(timeout_seconds=1.0))
    house.clock.advance(49.9)
    assert kind(reader) is None
    assert kind(house.ask(BOB, "sleep")) is OutcomeKind.UNKNOWN
    house.clock.advance(0.1)
    assert reader.outcome == Outcome(OutcomeKind.TIMED_OUT, signal=15, after_seconds=50.0)
    house.assert_at_rest()


def test_guests_together_have_sixteen_places() -> None:
    house = House(program("hold", roles=frozenset({"guest"})))
    for visitor in range(20):
        house.ask(a_guest(visitor), "hold")
    assert (len(house.children), house.runs.places.waiting) == (16, 4)
    house.ask(ALICE, "hold")
    assert len(house.children) == 17


# The next


def test_an_end_is_told_before_the_next_is_started_and_may_keep_it_from_it() -> None:
    house = House(SLEEP, limits=Limits(runs=1))
    reader = house.ask(ALICE, "sleep")
    waiting = house.ask(ALICE, "sleep")
    children: list[int] = []

    def hear() -> None:
        children.append(len(house.children))
        waiting.cancel()

    house.desk.ask(ALICE, "attach 1", hear)
    house.child.end()
    assert children == [1]
    assert reader.is_over
    assert kind(waiting) is OutcomeKind.CANCELLED
    assert len(house.children) == 1
    house.assert_at_rest()


def test_who_asks_again_as_soon_as_it_ends_comes_after_those_who_wait() -> None:
    house = House(SLEEP, limits=Limits(runs=1, queue=1))
    house.ask(ALICE, "sleep")
    waiting = house.ask(BOB, "sleep")
    again: list[Reader] = []
    house.desk.ask(ALICE, "attach 1", lambda: again.append(house.ask(ALICE, "sleep")))
    house.child.end()
    assert [run.number for run in house.runs.history.live()] == [2, 3]
    assert (waiting.run.state, again[0].run.state) == (RunState.LIVE, RunState.WAITING)
