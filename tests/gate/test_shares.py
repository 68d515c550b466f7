"""Shares of doors and sources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.limits import Limits
from doorward.gate.origins import LOCAL, Origin, origin_of_host
from doorward.gate.shares import Place, Refusal, Shares

FAR = origin_of_host("192.0.2.7")


def shares(limits: Limits, *, chance: float = 0.0, most: int = 10_000) -> Shares:
    return Shares(limits, most=most, chance=lambda: chance)


def enter(shares: Shares, origin: Origin, *, door: str = "tls", asks_login: bool = True) -> Place | Refusal:
    refusal = shares.refusal(door, origin, asks_login=asks_login, now=0.0)
    if refusal is not None:
        return refusal
    place = Place(door, origin, awaits_login=asks_login)
    shares.enter(place)
    return place


def fill(shares: Shares, number: int) -> list[Place]:
    """Have `number` wait for their login, each from another address."""
    places = []
    for index in range(number):
        place = Place("tls", origin_of_host(f"198.51.100.{index % 250}"), awaits_login=True)
        shares.enter(place)
        places.append(place)
    return places


@pytest.mark.parametrize(
    ("waiting", "percent"), [(9, 0), (10, 30), (55, 65), (99, 99.2), (100, 100), (500, 100)]
)
def test_the_more_wait_for_their_login_the_likelier_one_more_is_refused(waiting: int, percent: float) -> None:
    below, above = max(percent / 100 - 0.01, 0), min(percent / 100 + 0.01, 0.9999)
    for chance, is_refused in ((below, percent > 0), (above, percent == 100)):
        tried = shares(Limits(), chance=chance)
        fill(tried, waiting)
        assert (enter(tried, FAR) is Refusal.LOGINS_FULL) is is_refused


def test_early_refusals_are_for_doors_that_ask_for_a_login_and_each_has_its_own_count() -> None:
    full = shares(Limits(), chance=0.0)
    fill(full, 100)
    assert enter(full, FAR) is Refusal.LOGINS_FULL
    assert isinstance(enter(full, FAR, door="ssh"), Place)
    assert isinstance(enter(full, LOCAL, door="tcp", asks_login=False), Place)


def test_who_logs_in_makes_room_for_one_more() -> None:
    full = shares(Limits())
    places = fill(full, 100)
    full.log_in(places[0])
    full.log_in(places[0])
    full.leave(places[1])
    fill(full, 1)
    assert isinstance(enter(shares(Limits(), chance=0.9999), FAR), Place)
    assert enter(full, FAR) is Refusal.LOGINS_FULL  # 99 wait, and chance says 0


def test_one_source_waits_for_few_logins_and_loopback_for_as_many_as_the_door_has() -> None:
    tried = shares(Limits(not_logged_in_per_source=3, new_burst=100), chance=0.9999)
    assert [type(enter(tried, FAR)) for _ in range(3)] == [Place] * 3
    assert enter(tried, FAR) is Refusal.SOURCE_FULL
    loopback = origin_of_host("127.0.0.1")
    assert [type(enter(tried, loopback)) for _ in range(40)] == [Place] * 40


def test_who_comes_too_often_is_refused_where_a_login_is_asked_for() -> None:
    tried = shares(Limits(not_logged_in_per_source=100))
    for _ in range(10):
        place = enter(tried, FAR)
        assert isinstance(place, Place)
        tried.leave(place)
    assert enter(tried, FAR) is Refusal.TOO_FAST
    assert isinstance(enter(tried, FAR, door="unix", asks_login=False), Place)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["enter", "log_in", "leave"]),
            st.integers(0, 5),
            st.sampled_from(["tcp", "tls"]),
            st.integers(0, 30),
        ),
        max_size=200,
    )
)
def test_nothing_is_remembered_of_those_who_left(steps: list[tuple[str, int, str, int]]) -> None:
    tried = shares(Limits(new_burst=1000), chance=0.9999)
    inside: list[Place] = []
    for step, source, door, which in steps:
        if step == "enter":
            place = enter(tried, origin_of_host(f"192.0.2.{source}"), door=door, asks_login=door == "tls")
            inside += [place] if isinstance(place, Place) else []
        elif inside and step == "log_in":
            tried.log_in(inside[which % len(inside)])
        elif inside:
            tried.leave(inside.pop(which % len(inside)))
    for place in inside:
        tried.leave(place)
    assert tried._total == 0
    assert not any(tried._doors.values())
    assert not any(tried._awaiting.values())
    assert not tried._sources
    assert not tried._awaiting_of_sources
