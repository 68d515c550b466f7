"""Ended runs are kept within three bounds."""

from doorward.core.limits import Limits
from doorward.core.outcome import OutcomeKind
from tests.service.house import ALICE, ROOT, House, program

SLEEP = program("sleep")


def end_runs(house: House, *sizes: int) -> None:
    for size in sizes:
        house.ask(ALICE, "sleep")
        if size:
            house.child.write(b"x" * size)
        house.child.end()


def known(house: House) -> list[int]:
    return [run.number for run in house.runs.known()]


def test_as_many_are_kept_as_may_be_and_the_oldest_go_first() -> None:
    house = House(SLEEP, limits=Limits(kept_runs=3))
    end_runs(house, *[0] * 5)
    assert known(house) == [5, 4, 3]
    outcome = house.ask(ALICE, "attach 2").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.REFUSED


def test_the_bytes_of_all_are_bounded() -> None:
    house = House(SLEEP, limits=Limits(kept_bytes=100))
    end_runs(house, 40, 40, 20)
    assert known(house) == [3, 2, 1]
    end_runs(house, 1)
    assert known(house) == [4, 3, 2]
    end_runs(house, 100)
    assert known(house) == [5]
    end_runs(house, 101)
    assert known(house) == []
    assert house.runs.history._ended_bytes == 0


def test_none_is_kept_longer_than_it_may_be_even_when_no_other_ends() -> None:
    house = House(SLEEP, limits=Limits(kept_seconds=10.0))
    end_runs(house, 1)
    house.clock.advance(10)
    assert house.ask(ALICE, "attach 1").text == "x"
    house.clock.advance(0.1)
    outcome = house.ask(ALICE, "attach 1").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.REFUSED
    assert house.ask(ROOT, "runs").text == "No runs.\n"


def test_live_runs_are_never_forgotten() -> None:
    house = House(SLEEP, limits=Limits(kept_runs=0, kept_seconds=0.0, kept_bytes=0))
    reader = house.ask(ALICE, "sleep")
    house.child.write(b"x")
    house.clock.advance(50)
    assert known(house) == [1]
    house.child.end()
    assert (reader.text, known(house)) == ("x", [])


def test_narrower_limits_forget_at_once() -> None:
    house = House(SLEEP)
    end_runs(house, *[0] * 5)
    house.runs.replace_limits(Limits(kept_runs=2))
    assert known(house) == [5, 4]


def test_numbers_are_never_used_again() -> None:
    house = House(SLEEP, limits=Limits(kept_runs=0))
    end_runs(house, 0, 0)
    assert house.ask(ALICE, "sleep").answer.number == 3


def test_the_live_ones_are_listed_first_and_the_youngest_first() -> None:
    house = House(SLEEP)
    for _ in range(4):
        house.ask(ALICE, "sleep")
    house.children[1].end()
    house.children[0].end()
    assert known(house) == [4, 3, 1, 2]
