"""The tables `[doors.NAME]`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from doorward.config.report import Key, Report, found_in, one_of
from doorward.config.shapes import TcpShape, UnixShape
from doorward.config.tables import read_each, read_table
from doorward.core.addresses import SOCKET_PATH_BYTES, parse_address
from doorward.core.settings import DEFAULT_DOORS, TCP, UNIX, DoorSettings, LineSessionKind

NOT_BUILT = ("tls", "web", "ssh")
"""Doors that are designed and that this version does not have."""

KNOWN_DOORS = (TCP, UNIX, *NOT_BUILT)
"""Every name that a door can have; a command may name one that is not built yet."""

_DEFAULTS = {door.name: door for door in DEFAULT_DOORS}


def read_doors(tables: dict[str, Any], report: Report) -> Mapping[str, DoorSettings]:
    """The doors that have a table; with no table at all, those that are open without a configuration."""
    if not tables:
        return MappingProxyType(_DEFAULTS)
    doors = {}
    for name, key, table in read_each(tables, ("doors",), report):
        if name in NOT_BUILT:
            report.add(key, f"this version has no {name} door yet; take the table out")
        elif name not in KNOWN_DOORS:
            report.unknown(key, KNOWN_DOORS, what="door")
        elif (door := _read_door(name, table, key, report)) is not None:
            doors[name] = door
    return MappingProxyType(doors)


def _read_door(name: str, table: dict[str, Any], key: Key, report: Report) -> DoorSettings | None:
    kind: type[TcpShape | UnixShape] = TcpShape if name == TCP else UnixShape
    shape = read_table(table, kind, key, report)
    session = _session(shape.session, (*key, "session"), report)
    listen = _listen(name, shape.listen, (*key, "listen"), report)
    if session is None or listen is None:
        return None
    return DoorSettings(name=name, listen=listen, session=session)


def _session(word: str, key: Key, report: Report) -> LineSessionKind | None:
    try:
        return LineSessionKind(word)
    except ValueError:
        kinds = one_of(f'"{kind.value}"' for kind in LineSessionKind)
        report.add(key, "there is no such kind of session", expected=kinds, found=found_in(word))
        return None


def _listen(name: str, listen: str | list[str] | None, key: Key, report: Report) -> tuple[str, ...] | None:
    if listen is None:
        return _DEFAULTS[name].listen
    places = [(key, listen)] if isinstance(listen, str) else [((*key, i), at) for i, at in enumerate(listen)]
    if not places:
        report.add(key, "a door listens somewhere; to keep it shut, leave its whole table out")
        return None
    check = _check_loopback if name == TCP else _check_path
    good = [check(place, here, report) for here, place in places]
    if name == UNIX and len(places) > 1:
        report.add(key, "the unix door has one socket", expected="one path", found=found_in(listen))
        return None
    return _distinct(tuple(place for _, place in places), key, report) if all(good) else None


def _distinct(places: tuple[str, ...], key: Key, report: Report) -> tuple[str, ...] | None:
    for index, place in enumerate(places):
        if place in places[:index] and not place.endswith(":0"):
            report.add((*key, index), "this address stands here twice", found=found_in(place))
            return None
    return places


def _check_loopback(place: str, key: Key, report: Report) -> bool:
    expected = '"127.0.0.1:PORT" or "[::1]:PORT", with port 0 for a free one'
    try:
        address = parse_address(place)
    except ValueError:
        report.add(key, "this is no address with a port", expected=expected, found=found_in(place))
        return False
    if not address.is_loopback:
        report.add(
            key,
            "the tcp door knows neither login nor encryption, so it listens on loopback only",
            expected=expected,
            found=found_in(place),
        )
        return False
    return True


def _check_path(place: str, key: Key, report: Report) -> bool:
    expected = f"an absolute path of at most {SOCKET_PATH_BYTES} bytes"
    if not place.startswith("/") or place.endswith("/") or not place.isprintable():
        report.add(key, "a socket cannot stand there", expected=expected, found=found_in(place))
        return False
    if (size := len(place.encode())) > SOCKET_PATH_BYTES:
        report.add(key, "the path is too long for a socket", expected=expected, found=f"one of {size} bytes")
        return False
    return True
