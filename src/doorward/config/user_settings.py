"""The tables `[users.NAME]`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import UserShape
from doorward.config.tables import read_each, read_table
from doorward.core.principal import User
from doorward.core.users import UserProblem, clashes, role_problems, user_problems


def read_users(tables: dict[str, Any], *, daemon_uid: int, report: Report) -> Mapping[str, User]:
    """The users that have a table, by name."""
    users: dict[str, User] = {}
    for name, key, table in read_each(tables, ("users",), report, shows=False):
        shape = read_table(table, UserShape, key, report)
        users[name] = _user(name, shape)
        for problem in user_problems(users[name]):
            _report(problem, shape, key, report)
        if shape.uid in {0, daemon_uid}:
            report.note((*key, "uid"), f"uid {shape.uid} is admin at the unix door, whatever stands here")
    for clash in clashes((user, report.file) for user in users.values()):
        uid = (*("users", clash.user.name), "uid")
        report.add(uid, f"{clash.other.name} has this uid already", found=found_in(clash.user.uid))
    return MappingProxyType(users)


def _user(name: str, shape: UserShape) -> User:
    return User(
        name=name,
        roles=frozenset(shape.roles),
        password_hash=shape.password,
        keys=tuple(shape.keys),
        uid=shape.uid,
    )


def holds_secrets(tables: object) -> bool:
    """Whether any user in the table `[users]` has a password, well written or not."""
    return isinstance(tables, dict) and any(
        isinstance(table, dict) and "password" in table for table in tables.values()
    )


def check_roles(roles: list[str], key: Key, report: Report) -> None:
    """Make sure that each of `roles` can be the name of one."""
    for index, role in enumerate(roles):
        for each in role_problems(role):
            report.add((*key, index), each.problem, expected=each.expected, found=each.found)


def _report(each: UserProblem, shape: UserShape, key: Key, report: Report) -> None:
    if not each.key:
        # the key itself shows the name
        report.add(key, each.problem, expected=each.expected)
        return
    here: Key = (*key, each.key)
    if each.element is not None:
        elements = shape.roles if each.key == "roles" else shape.keys
        here = (*here, elements.index(each.element))
    report.add(here, each.problem, expected=each.expected, found=each.found)
