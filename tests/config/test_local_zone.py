"""Which zone the local clock is of."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doorward.config.local_zone import local_zone, zone_of_rule

SUMMER = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - asked of a zone
PARIS = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.mark.parametrize(
    "value", ["Nowhere/At/All", "../../etc/passwd", "", "é", "/no/such/file", "nonsense"]
)
def test_what_names_no_zone_is_utc(value: str) -> None:
    assert local_zone({"TZ": value}).utcoffset(SUMMER) == timedelta()


def test_a_rule_of_posix_is_a_zone() -> None:
    zone = local_zone({"TZ": PARIS})
    assert zone.utcoffset(SUMMER) == timedelta(hours=2)
    assert zone.utcoffset(datetime(2026, 1, 1)) == timedelta(hours=1)  # noqa: DTZ001 - asked of the zone
    assert zone_of_rule("") is None


def test_without_a_variable_the_file_counts_and_one_that_is_damaged_is_utc(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    assert local_zone({}, local_time=file) is UTC
    for damage in (b"", b"no zone", b"TZif2" + bytes(10), b"TZif2" + b"\xff" * 39):
        file.write_bytes(damage)
        assert local_zone({}, local_time=file) is UTC
    header = b"TZif2" + bytes(15) + bytes(19) + b"\x01" + bytes(3) + b"\x01" + bytes(7)
    file.write_bytes(header * 2 + b"\n" + PARIS.encode() + b"\n")
    assert local_zone({}, local_time=file).utcoffset(SUMMER) == timedelta(hours=2)
    assert local_zone({"TZ": f":{file}"}).utcoffset(SUMMER) == timedelta(hours=2)
