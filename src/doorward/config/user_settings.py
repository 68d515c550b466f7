"""The tables `[users.NAME]`."""

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import UserShape
from doorward.config.tables import read_each, read_table
from doorward.core.principal import GUEST, User

USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
ROLE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
UID_MOST = 2**32 - 2

_HASH = re.compile(
    r"\$argon2id\$v=19\$m=(?P<memory>[0-9]{1,8}),t=(?P<passes>[0-9]{1,4}),p=(?P<lanes>[0-9]{1,3})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<hash>[A-Za-z0-9+/]{16,172})"
)
# One check may take this much of the machine: a quarter of an hour's typing error would stop every login.
_MEMORY_KIB_MOST = 1024 * 1024
_PASSES_MOST = 64
_LANES_MOST = 64

_KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)


def read_users(tables: dict[str, Any], *, daemon_uid: int, report: Report) -> Mapping[str, User]:
    """The users that have a table, by name."""
    users: dict[str, User] = {}
    by_uid: dict[int, str] = {}
    for name, key, table in read_each(tables, ("users",), report, shows=False):
        problems = len(report.problems)
        _check_name(name, key, report)
        shape = read_table(table, UserShape, key, report)
        _check_credentials(shape, key, report)
        _check_uid(shape.uid, by_uid, daemon_uid, (*key, "uid"), report)
        if shape.uid is not None:
            by_uid.setdefault(shape.uid, name)
        if len(report.problems) == problems:
            users[name] = _user(name, shape)
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
        if not ROLE.fullmatch(role):
            expected = "a-z, then a-z, 0-9, - and _, at most 32 characters"
            found = found_in(role)
            report.add((*key, index), "a role cannot be called this", expected=expected, found=found)


def _check_name(name: str, key: Key, report: Report) -> None:
    if name == GUEST:
        report.add(key, "guest is whoever did not log in, and cannot be declared")
    elif not USER_NAME.fullmatch(name):
        expected = "a-z or _, then a-z, 0-9, _, . and -, at most 32 characters"
        report.add(key, "a user cannot be called this", expected=expected)


def _check_credentials(shape: UserShape, key: Key, report: Report) -> None:
    if shape.password is not None:
        _check_password(shape.password, (*key, "password"), report)
    for index, text in enumerate(shape.keys):
        _check_key(text, (*key, "keys", index), report)
    check_roles(shape.roles, (*key, "roles"), report)


def _check_password(text: str, key: Key, report: Report) -> None:
    # what stands there is never shown: it may be the password itself
    expected = "a hash of argon2id, as `doorward hash-password` prints it"
    match = _HASH.fullmatch(text)
    if match is None:
        found = "something else" if text else "an empty text"
        report.add(key, "this is no hash of a password", expected=expected, found=found)
        return
    memory, passes, lanes = int(match["memory"]), int(match["passes"]), int(match["lanes"])
    if not (
        8 * lanes <= memory <= _MEMORY_KIB_MOST and 1 <= passes <= _PASSES_MOST and 1 <= lanes <= _LANES_MOST
    ):
        report.add(
            key,
            "to check this hash would cost too much, or nothing",
            expected=f"m up to {_MEMORY_KIB_MOST}, t up to {_PASSES_MOST}, p up to {_LANES_MOST}",
            found=f"m={memory},t={passes},p={lanes}",
        )


def _check_key(text: str, key: Key, report: Report) -> None:
    if is_public_key(text):
        return
    report.add(
        key,
        "this is no public key",
        expected='one line of OpenSSH, "ssh-ed25519 AAAA... comment", without options',
        # it may be the private one
        found="something else" if "PRIVATE" in text else found_in(text),
    )


def is_public_key(line: str) -> bool:
    """
    Whether `line` is a public key in OpenSSH's one-line format, of a type that is still trusted.

    Source: RFC 4253 section 6.6: the key's bytes begin with the length and the name of its type.
    """
    words = line.split(None, 2)
    if len(words) < 2 or words[0] not in _KEY_TYPES or not line.isprintable():
        return False
    try:
        content = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return False
    name = words[0].encode()
    return content.startswith(len(name).to_bytes(4, "big") + name) and len(content) > 4 + len(name) + 32


def _check_uid(uid: int | None, taken: Mapping[int, str], daemon_uid: int, key: Key, report: Report) -> None:
    if uid is None:
        return
    if not 0 <= uid <= UID_MOST:
        report.add(key, "this is no uid", expected=f"0 to {UID_MOST}", found=found_in(uid))
    elif uid in taken:
        report.add(key, f"{taken[uid]} has this uid already", found=found_in(uid))
    elif uid in {0, daemon_uid}:
        report.note(key, f"uid {uid} is admin at the unix door, whatever stands here")
