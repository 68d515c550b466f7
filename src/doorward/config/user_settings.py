"""The tables `[users.NAME]`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from doorward.config.machine import Machine
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import UserShape
from doorward.config.tables import read_each, read_table
from doorward.core.principal import User
from doorward.core.users import Shared, UserProblem, clashes, role_problems, user_problems


def read_users(tables: dict[str, Any], *, machine: Machine, report: Report) -> Mapping[str, User]:
    """The users that have a table, by name."""
    users: dict[str, User] = {}
    for name, key, table in read_each(tables, ("users",), report, shows=False):
        shape = read_table(table, UserShape, key, report)
        users[name] = _user(name, shape, key, machine, report)
        for problem in user_problems(users[name]):
            _report(problem, shape, key, report)
        if shape.uid in {0, machine.uid}:
            report.note((*key, "uid"), f"uid {shape.uid} is admin at the unix door, whatever stands here")
    for clash in clashes((user, report.file) for user in users.values()):
        here: Key = ("users", clash.user.name, clash.shared.value)
        found = found_in(clash.user.uid) if clash.shared is Shared.UID else ""
        report.add(here, f"{clash.other.name} has this {clash.shared.value} already", found=found)
    return MappingProxyType(users)


def _user(name: str, shape: UserShape, key: Key, machine: Machine, report: Report) -> User:
    certificate = None
    if shape.certificate is not None:
        from doorward.config.user_certificates import read_user_certificate

        certificate = read_user_certificate(shape.certificate, (*key, "certificate"), machine, report)
    return User(
        name=name,
        roles=frozenset(shape.roles),
        password_hash=shape.password,
        keys=tuple(shape.keys),
        uid=shape.uid,
        certificate=certificate,
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
