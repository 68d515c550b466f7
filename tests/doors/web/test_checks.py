"""Passwords that are looked at, once for all who show the same, and those that were good lately."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from doorward.core.principal import Login, User, principal_of
from doorward.core.secret import Secret
from doorward.doors.web.checks import REMEMBERED_PAIRS, REMEMBERED_SECONDS, PairChecks
from doorward.service.admission import Admission, Admitted, Refused
from doorward.testing.clock import ManualClock

ALICE = User(name="alice")
ADMITTED = Admitted(principal_of(ALICE, Login.PASSWORD), ALICE)
SESAME = Secret("sesame")


def saying(admission: Admission) -> Callable[[], Awaitable[Admission]]:
    async def check() -> Admission:
        return admission

    return check


class Held:
    """A check that ends when the test says so."""

    def __init__(self, admission: Admission) -> None:
        self.begun = 0
        self.ended = 0
        self.go = asyncio.Event()
        self._admission = admission

    async def __call__(self) -> Admission:
        self.begun += 1
        await self.go.wait()
        self.ended += 1
        return self._admission


async def test_a_good_pair_is_known_for_a_while_and_another_is_not() -> None:
    clock = ManualClock()
    pairs = PairChecks(clock)
    assert await pairs.admit("alice", SESAME, saying(ADMITTED)) is ADMITTED
    assert pairs.known("alice", SESAME) is ADMITTED
    assert pairs.known("alice", Secret("Sesame")) is None
    assert pairs.known("alice\0sesame", Secret("")) is None
    assert pairs.known("alice", Secret("\ud800")) is None
    clock.advance(REMEMBERED_SECONDS)
    assert pairs.known("alice", SESAME) is None


async def test_a_wrong_pair_is_looked_at_every_time() -> None:
    pairs = PairChecks(ManualClock())
    for _ in range(2):
        assert await pairs.admit("alice", SESAME, saying(Refused("no"))) == Refused("no")
        assert pairs.known("alice", SESAME) is None


async def test_one_pair_is_looked_at_once_for_all_who_show_it_meanwhile() -> None:
    pairs, held = PairChecks(ManualClock()), Held(ADMITTED)
    waiting = [asyncio.create_task(pairs.admit("alice", SESAME, held)) for _ in range(6)]  # noqa: TID251
    await asyncio.sleep(0)
    held.go.set()
    assert await asyncio.gather(*waiting) == [ADMITTED] * 6
    assert held.begun == 1


async def test_a_check_goes_on_when_whoever_began_it_leaves() -> None:
    pairs, held = PairChecks(ManualClock()), Held(Refused("no"))
    first, second = (
        asyncio.create_task(pairs.admit("alice", SESAME, held))  # noqa: TID251
        for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    held.go.set()
    assert await second == Refused("no")
    assert held.ended == 1


async def test_a_clear_forgets_all_and_too_many_forget_the_oldest() -> None:
    pairs = PairChecks(ManualClock())
    for number in range(REMEMBERED_PAIRS + 1):
        await pairs.admit("alice", Secret(str(number)), saying(ADMITTED))
    assert pairs.known("alice", Secret("0")) is None
    assert pairs.known("alice", Secret("1")) is not None
    pairs.clear()
    assert pairs.known("alice", Secret("1")) is None
