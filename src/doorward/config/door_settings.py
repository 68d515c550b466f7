"""The tables `[doors.NAME]`."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import SshShape, TcpShape, TlsShape, UnixShape, WebShape
from doorward.config.ssh_settings import read_path, read_ssh
from doorward.config.tables import read_each, read_table
from doorward.config.web_settings import with_web
from doorward.config.words import read_word
from doorward.core.addresses import SOCKET_PATH_BYTES, Address, parse_address
from doorward.core.principal import ADMIN, User
from doorward.core.settings import (
    DEFAULT_DOORS,
    DOOR_KINDS,
    SSH,
    TCP,
    TLS,
    UNIX,
    WEB,
    DoorSettings,
    LineSessionKind,
)
from doorward.core.users import user_problems

_SHAPES: Mapping[str, type[TcpShape | TlsShape | UnixShape | WebShape | SshShape]] = MappingProxyType(
    {TCP: TcpShape, TLS: TlsShape, UNIX: UnixShape, WEB: WebShape, SSH: SshShape}
)


def read_doors(
    tables: dict[str, Any], *, users: Mapping[str, User], report: Report
) -> Mapping[str, DoorSettings]:
    """
    The doors that have a table; with no table at all, those that are open without a configuration.

    Args:
        tables: `[doors]`.
        users: those of the same file, by name; a door may also name one of the state, who is not known here.
        report: gets what is wrong.
    """
    if not tables:
        return MappingProxyType({door.name: door for door in DEFAULT_DOORS})
    doors = {}
    for name, key, table in read_each(tables, ("doors",), report):
        if name not in DOOR_KINDS:
            report.unknown(key, DOOR_KINDS, what="door")
        elif (door := _read_door(name, table, key, users, report)) is not None:
            doors[name] = door
    return MappingProxyType(doors)


def _read_door(
    name: str, table: dict[str, Any], key: Key, users: Mapping[str, User], report: Report
) -> DoorSettings | None:
    shape = read_table(table, _SHAPES[name], key, report)
    listen = _listen(name, shape.listen, (*key, "listen"), report)
    if listen is None:
        return None
    door = DoorSettings(name=name, listen=listen)
    if isinstance(shape, SshShape):
        return replace(door, ssh=read_ssh(shape, key, report))
    if isinstance(shape, WebShape):
        return with_web(_with_certificate(door, shape, key, report), shape, key, report)
    session = read_word(
        shape.session,
        LineSessionKind.ONCE,
        (*key, "session"),
        report,
        problem="there is no such kind of session",
    )
    door = replace(door, session=session)
    return _with_login(door, shape, key, users, report) if isinstance(shape, TlsShape) else door


def _with_login(
    door: DoorSettings, shape: TlsShape, key: Key, users: Mapping[str, User], report: Report
) -> DoorSettings:
    if shape.user is not None:
        _check_user(shape.user, (*key, "user"), users, report)
    return replace(_with_certificate(door, shape, key, report), user=shape.user or "")


def _with_certificate(
    door: DoorSettings, shape: TlsShape | WebShape, key: Key, report: Report
) -> DoorSettings:
    if shape.key is not None and shape.certificate is None:
        report.add(
            (*key, "key"), "a key needs the certificate that it belongs to", expected="certificate too"
        )
    return replace(
        door,
        certificate=read_path(shape.certificate, (*key, "certificate"), report),
        key=read_path(shape.key, (*key, "key"), report),
    )


def _check_user(name: str, key: Key, users: Mapping[str, User], report: Report) -> None:
    user = users.get(name)
    if user is None:
        # whoever is called admin needs that role, which is not what is asked here
        problems = user_problems(User(name=name, roles=frozenset({ADMIN})))
        for problem in problems:
            report.add(key, problem.problem, expected=problem.expected, found=found_in(name))
    elif user.password_hash is None:
        report.add(
            key,
            f"{name} has no password that could be asked for",
            expected=f"a user with one; doorward hash-password makes it for [users.{name}]",
        )


def _listen(name: str, listen: str | list[str] | None, key: Key, report: Report) -> tuple[str, ...] | None:
    if listen is None:
        return DOOR_KINDS[name].listen
    places = [(key, listen)] if isinstance(listen, str) else [((*key, i), at) for i, at in enumerate(listen)]
    if not places:
        report.add(key, "a door listens somewhere; to keep it shut, leave its whole table out")
        return None
    check = _CHECKS[name]
    good = [check(place, here, report) for here, place in places]
    if DOOR_KINDS[name].is_path and len(places) > 1:
        report.add(key, f"the {name} door has one socket", expected="one path", found=found_in(listen))
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
    address = _address(place, expected, key, report)
    if address is None or address.is_loopback:
        return address is not None
    report.add(
        key,
        "the tcp door knows neither login nor encryption, so it listens on loopback only",
        expected=expected,
        found=found_in(place),
    )
    return False


def _check_address(place: str, key: Key, report: Report) -> bool:
    expected = '"0.0.0.0:PORT" or "[::]:PORT" for all addresses of this machine, or one of them'
    return _address(place, expected, key, report) is not None


def _address(place: str, expected: str, key: Key, report: Report) -> Address | None:
    try:
        return parse_address(place)
    except ValueError:
        report.add(key, "this is no address with a port", expected=expected, found=found_in(place))
        return None


def _check_path(place: str, key: Key, report: Report) -> bool:
    expected = f"an absolute path of at most {SOCKET_PATH_BYTES} bytes"
    if not place.startswith("/") or place.endswith("/") or not place.isprintable():
        report.add(key, "a socket cannot stand there", expected=expected, found=found_in(place))
        return False
    if (size := len(place.encode())) > SOCKET_PATH_BYTES:
        report.add(key, "the path is too long for a socket", expected=expected, found=f"one of {size} bytes")
        return False
    return True


_CHECKS = MappingProxyType(
    {
        TCP: _check_loopback,
        TLS: _check_address,
        WEB: _check_address,
        UNIX: _check_path,
        SSH: _check_address,
    }
)
