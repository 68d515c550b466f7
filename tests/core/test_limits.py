import math
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from doorward.core.limits import LimitFacts, Limits, PenaltyLimits, facts

FACTS = {name: (default, about) for table in (Limits, PenaltyLimits) for name, default, about in facts(table)}


def test_every_limit_has_facts_in_the_order_of_the_fields() -> None:
    assert [name for name, _, _ in facts()] == [
        field.name for field in fields(Limits) if field.name != "penalties"
    ]
    assert [name for name, _, _ in facts(PenaltyLimits)] == [
        field.name for field in fields(PenaltyLimits) if field.name != "exempt"
    ]


def test_the_tables_have_no_name_in_common() -> None:
    assert len(FACTS) == len([*facts(), *facts(PenaltyLimits)])


@pytest.mark.parametrize("name", FACTS)
def test_a_limit_says_its_unit_its_source_and_its_bounds(name: str) -> None:
    default, about = FACTS[name]
    assert isinstance(about, LimitFacts)
    assert about.unit.strip()
    assert about.source.strip()
    assert 0 <= about.least <= default <= about.most
    assert math.isfinite(about.most)
    table = Limits() if hasattr(Limits(), name) else PenaltyLimits()
    assert getattr(table, name) == default


@pytest.mark.parametrize("name", FACTS)
def test_the_unit_in_the_name_is_the_unit_of_the_facts(name: str) -> None:
    _, about = FACTS[name]
    unit = next((unit for unit in ("bytes", "seconds") if name.endswith(f"_{unit}")), None)
    assert about.unit.split()[0] == unit if unit else not about.unit.startswith(("bytes", "seconds"))


def test_whole_limits_are_integers_and_times_are_floats() -> None:
    for name, (default, _) in FACTS.items():
        is_time = name.endswith("_seconds") and not name.startswith(
            "keepalive_"
        )  # the kernel counts whole ones
        assert type(default) is (float if is_time else int), name


def test_limits_are_values() -> None:
    assert Limits() == Limits()
    assert replace(Limits(), runs=1).runs == 1
    with pytest.raises(FrozenInstanceError):
        Limits().runs = 1  # type: ignore[misc]


def test_defaults_are_those_that_users_were_promised() -> None:
    limits = Limits()
    assert (limits.line_bytes, limits.frame_bytes, limits.output_bytes) == (8192, 65_536, 1_048_576)
    assert (limits.runs, limits.runs_per_user, limits.runs_of_guests, limits.runs_of_builtins) == (
        32,
        8,
        16,
        4,
    )
    assert (limits.queue, limits.arguments, limits.argument_bytes) == (64, 64, 4096)
    assert (limits.timeout_seconds, limits.grace_seconds, limits.linger_seconds) == (60, 5, 10)
    assert limits.unkillable_runs == 8
    assert (limits.connections, limits.connections_per_source, limits.not_logged_in_per_source) == (
        1024,
        32,
        10,
    )
    assert (limits.early_refusals_from, limits.early_refusals_percent, limits.not_logged_in) == (10, 30, 100)
    assert (limits.penalties.failed_login_seconds, limits.penalties.no_login_seconds) == (5, 1)
    assert (limits.penalties.least_seconds, limits.penalties.most_seconds) == (15, 600)
