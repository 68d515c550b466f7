"""What repeats is counted, and told apart by all that matters but the visitor's number."""

import math
from collections.abc import Callable

import pytest

from doorward.core.audit import AuditEvent, AuditKind, AuditValue
from doorward.core.principal import Peer
from doorward.stores.repeats import REPEAT_SECONDS, SOURCES, Repeats
from doorward.testing.clock import ManualClock


def given_again(
    *, who: str = "guest", door: str = "tcp", address: str = "127.0.0.1", visitor: int = 1, run: int = 7
) -> AuditEvent:
    details: dict[str, AuditValue] = {"run": run, "command": "df", "shared": True}
    return AuditEvent(AuditKind.RUN, who, Peer(door, address, visitor=visitor), details)


def refusal(reason: str = "guest may not run reboot", *, visitor: int = 1) -> AuditEvent:
    details: dict[str, AuditValue] = {"command": "reboot", "reason": reason}
    return AuditEvent(AuditKind.REFUSAL, "guest", Peer("tcp", "127.0.0.1", visitor=visitor), details)


@pytest.mark.parametrize("make", [given_again, refusal])
def test_what_comes_again_is_told_once_with_how_often_and_the_last_visitor(
    make: Callable[..., AuditEvent],
) -> None:
    clock = ManualClock()
    repeats = Repeats(clock.monotonic)
    assert [repeats.swallow(make(visitor=visitor)) for visitor in (1, 2, 3)] == [False, True, True]
    assert repeats.due(now=clock.monotonic()) == []
    clock.advance(REPEAT_SECONDS)
    (told,) = repeats.due(now=clock.monotonic())
    assert told.peer is not None
    assert (told.peer.visitor, told.details["times"]) == (3, 2)
    assert repeats.swallow(make(visitor=4)) is False


@pytest.mark.parametrize(
    "other",
    [
        given_again(run=8),
        given_again(who="alice"),
        given_again(door="unix"),
        given_again(address="::1"),
        refusal(),
        refusal("another reason"),
    ],
)
def test_what_differs_in_anything_but_the_visitor_is_written_out(other: AuditEvent) -> None:
    repeats = Repeats(ManualClock().monotonic)
    assert repeats.swallow(given_again()) is False
    assert repeats.swallow(other) is False
    assert repeats.swallow(given_again()) is True
    assert repeats.swallow(other) is True


def test_a_run_that_is_new_its_end_and_what_nobody_asked_for_are_always_written_out() -> None:
    repeats = Repeats(ManualClock().monotonic)
    peer = Peer("tcp", "127.0.0.1", visitor=1)
    for event in (
        AuditEvent(AuditKind.RUN, "guest", peer, {"run": 7, "command": "df"}),
        AuditEvent(AuditKind.END, "guest", peer, {"run": 7, "command": "df"}),
        AuditEvent(AuditKind.RELOAD),
    ):
        assert [repeats.swallow(event) for _ in range(3)] == [False, False, False]
    assert repeats.due(now=math.inf) == []


def test_more_sources_than_are_told_apart_are_written_out_and_take_no_memory() -> None:
    repeats = Repeats(ManualClock().monotonic)
    for number in range(SOURCES + 10):
        assert repeats.swallow(given_again(run=number)) is False
    assert len(repeats) == SOURCES
    assert repeats.swallow(given_again(run=SOURCES + 5)) is False
