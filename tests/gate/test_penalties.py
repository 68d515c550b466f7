"""The one table of penalties."""

from dataclasses import replace

import pytest

from doorward.core.limits import PenaltyLimits
from doorward.core.penalties import Offence
from doorward.gate.penalties import PenaltyTable

LIMITS = PenaltyLimits(sources=16)
FAILED = Offence.FAILED_LOGIN


def offend(table: PenaltyTable, source: str, *, times: int = 1, now: float = 0.0) -> None:
    for _ in range(times):
        table.add(source, FAILED, host=source, now=now)


def seconds_left(table: PenaltyTable, source: str, *, now: float = 0.0) -> float:
    return table.seconds_left(source, host=source, now=now)


def test_a_source_is_shut_out_once_its_penalties_are_more_than_the_least_and_until_they_are_paid() -> None:
    table = PenaltyTable(LIMITS)
    offend(table, "192.0.2.1", times=3)
    assert seconds_left(table, "192.0.2.1") == 0
    offend(table, "192.0.2.1")
    assert seconds_left(table, "192.0.2.1") == 20
    assert seconds_left(table, "192.0.2.1", now=19.5) == 0.5
    assert seconds_left(table, "192.0.2.1", now=20) == 0
    assert seconds_left(table, "192.0.2.2") == 0


def test_what_is_paid_is_forgotten() -> None:
    table = PenaltyTable(LIMITS)
    offend(table, "192.0.2.1")
    table.forget(now=4.9)
    assert len(table) == 1
    table.forget(now=5.0)
    assert len(table) == 0


def test_small_offences_of_many_do_not_wipe_out_a_large_one() -> None:
    table = PenaltyTable(LIMITS)
    offend(table, "192.0.2.1", times=100)
    for number in range(10_000):
        table.add(f"2001:db8:0:{number:x}::/64", Offence.NO_LOGIN, host="2001:db8::1", now=number / 10_000)
    assert len(table) <= LIMITS.sources
    assert seconds_left(table, "192.0.2.1", now=1) == 499
    assert len(table._ends) <= 2 * LIMITS.sources + 65


def test_one_source_that_offends_for_ever_takes_one_place() -> None:
    table = PenaltyTable(LIMITS)
    offend(table, "192.0.2.1", times=10_000)
    assert len(table) == 1
    assert len(table._ends) < 200


@pytest.mark.parametrize(
    ("exempt", "host"),
    [
        ("192.0.2.0/24", "192.0.2.9"),
        ("192.0.2.0/24", "::ffff:192.0.2.9"),
        ("2001:db8::/32", "2001:db8::9"),
        ("fe80::/10", "fe80::1%eth0"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_whoever_is_exempt_pays_nothing(exempt: str, host: str) -> None:
    table = PenaltyTable(replace(LIMITS, exempt=(exempt,)))
    for _ in range(10):
        assert table.add("source", FAILED, host=host, now=0.0) is None
    assert len(table) == 0
    for _ in range(10):
        table.add("source", FAILED, host="198.51.100.1", now=0.0)
    assert table.seconds_left("source", host="198.51.100.1", now=0.0) > 0
    assert table.seconds_left("source", host=host, now=0.0) == 0


def test_a_host_that_is_no_address_is_not_exempt() -> None:
    table = PenaltyTable(replace(LIMITS, exempt=("0.0.0.0/0", "::/0")))
    assert table.add("gone", FAILED, host="gone", now=0.0) is not None


def test_other_limits_count_for_what_comes_after_them() -> None:
    table = PenaltyTable(LIMITS)
    offend(table, "192.0.2.1", times=3)
    table.replace_limits(replace(LIMITS, failed_login_seconds=100))
    offend(table, "192.0.2.1")
    assert seconds_left(table, "192.0.2.1") == 115
    assert table.shut_out(now=0.0) == 1
    assert table.shut_out(now=115.0) == 0
