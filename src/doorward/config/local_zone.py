"""The zone of the local clock: what $TZ says, else /etc/localtime, else UTC."""

import struct
from collections.abc import Mapping
from datetime import UTC, tzinfo
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

_LOCAL_TIME = Path("/etc/localtime")
_ZONE_BYTES = 256 * 1024


def local_zone(environment: Mapping[str, str], *, local_time: Path = _LOCAL_TIME) -> tzinfo:
    """
    Read it from the disk.

    $TZ may name a zone (`Europe/Paris`), a file (`:/etc/localtime`), or be a rule of POSIX
    (`CET-1CEST,M3.5.0,M10.5.0/3`). What names nothing counts as UTC, as the C library has it.

    Source: tzset(3).
    """
    name = environment.get("TZ")
    if name is None:
        return _zone_in(local_time) or UTC
    name = name.removeprefix(":")
    if name.startswith("/"):
        return _zone_in(Path(name)) or UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return zone_of_rule(name) or UTC


def zone_of_rule(rule: str) -> tzinfo | None:
    """
    The zone that a rule of POSIX means; None when it is none.

    Source: RFC 8536 section 3.3: a file of no transitions, whose footer is the rule.
    """
    # magic, version, reserved bytes, six counts: one type of local time, one byte of its name
    header = b"TZif2" + bytes(15) + struct.pack(">6L", 0, 0, 0, 0, 1, 1)
    block = header + struct.pack(">lbb", 0, 0, 0) + b"\0"
    try:
        return ZoneInfo.from_file(BytesIO(block * 2 + b"\n" + rule.encode("ascii") + b"\n")) if rule else None
    except (ValueError, LookupError):
        return None


def _zone_in(path: Path) -> tzinfo | None:
    try:
        with path.open("rb") as file:
            data = file.read(_ZONE_BYTES)
        return ZoneInfo.from_file(BytesIO(data))
    except (OSError, ValueError, LookupError, struct.error):
        return None
