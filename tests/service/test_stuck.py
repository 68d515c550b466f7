"""Runs that could not be killed take no place from others for longer than they are there."""

from doorward.core.launch import Unkillable
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.testing.spawner import FakeChild
from tests.service.house import ALICE, House, program
from tests.service.test_functions import Gate, gate, house_of, until

__all__ = ["gate"]

SLEEP = program("sleep")
LIMITS = Limits(runs=3, runs_per_user=3, unkillable_runs=1)
GIVEN_UP = Outcome(OutcomeKind.UNKILLABLE)


def given_up(house: House, count: int) -> list[FakeChild]:
    children = []
    for _ in range(count):
        reader = house.ask(ALICE, "sleep")
        house.child.end(Unkillable())
        assert reader.outcome == GIVEN_UP
        children.append(house.child)
    return children


def test_only_so_many_places_are_freed_while_what_had_them_is_still_there() -> None:
    house = House(SLEEP, limits=LIMITS)
    given_up(house, 4)
    assert (house.runs.places.taken, house.runs.stuck.now, house.runs.given_up) == (3, 4, 4)
    waiting = house.ask(ALICE, "sleep")
    assert len(house.children) == 4
    assert not waiting.is_over


def test_each_that_is_gone_gives_a_place_back_whichever_it_was() -> None:
    house = House(SLEEP, limits=LIMITS)
    first, second, third, fourth = given_up(house, 4)
    waiting = house.ask(ALICE, "sleep")
    third.go()
    assert len(house.children) == 5
    house.child.end()
    assert waiting.outcome == SUCCESS
    for child, taken in ((first, 1), (second, 0), (fourth, 0)):
        child.go()
        assert house.runs.places.taken == taken, child
    assert house.runs.stuck.now == 0
    house.assert_at_rest()


def test_what_is_gone_counts_no_more() -> None:
    house = House(SLEEP, limits=LIMITS)
    for _ in range(5):
        given_up(house, 1)[0].go()
    given_up(house, 1)
    assert house.runs.given_up == 6
    house.assert_at_rest()


async def test_a_function_that_ends_late_gives_its_place_back(gate: Gate) -> None:
    house = house_of(gate, limits=Limits(runs=4, runs_per_user=4, unkillable_runs=1, timeout_seconds=1.0))
    for _ in range(4):
        reader = house.ask(ALICE, "work")
        await gate.was_entered()
        house.clock.advance(1)
        house.clock.advance(5)
        assert reader.outcome == GIVEN_UP
    assert house.runs.places.taken == 3
    gate.opened.set()
    await until(lambda: house.runs.stuck.now == 0)
    house.assert_at_rest()
