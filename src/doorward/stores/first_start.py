"""The first user of a daemon that was started without anything: somebody has to be able to log in."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from doorward.core.principal import ADMIN, User
from doorward.core.secret import Secret
from doorward.stores.passwords import generated_password, hash_password
from doorward.stores.users import UserFile

_STDOUT = 1


@dataclass(frozen=True, slots=True)
class FirstUser:
    """
    Who was made.

    Attributes:
        name: `admin`.
        password: to be shown to whoever started the daemon, and then forgotten: it is kept nowhere.
    """

    name: str
    password: Secret


def needs_first_user(*, is_default: bool, users: Collection[User], is_seen: bool) -> bool:
    """
    Whether somebody has to be made who can log in.

    Args:
        is_default: no configuration was found; whoever wrote one says in it who may.
        users: of the state.
        is_seen: what is printed is read by a person, and not kept in a log.
    """
    return is_default and not users and is_seen


def make_first_user(file: UserFile, *, is_default: bool, environment: Mapping[str, str]) -> FirstUser | None:
    """
    Make the user `admin` with a random password in a state that has nobody, if that is due.

    Blocks for the 200 ms of a hash when it is; so never on a loop. A daemon that dies before the password is
    shown has its keeper type `doorward user passwd admin`.

    Args:
        file: of the state that this daemon holds.
        is_default: as for `needs_first_user`.
        environment: of the process; systemd says in it what the journal reads.

    Raises:
        DoorwardError: the users cannot be read or written.
    """
    is_seen = not _goes_to_the_journal(environment)
    if not is_default or not needs_first_user(is_default=is_default, users=file.load(), is_seen=is_seen):
        return None
    password = generated_password()
    file.add(User(name=ADMIN, roles=frozenset({ADMIN}), password_hash=hash_password(password)))
    return FirstUser(ADMIN, password)


def _goes_to_the_journal(environment: Mapping[str, str]) -> bool:
    """Whether the journal keeps what is printed. Source: $JOURNAL_STREAM of systemd.exec(5)."""
    stream = environment.get("JOURNAL_STREAM", "")
    if not stream:
        return False
    try:
        facts = os.fstat(_STDOUT)
    except OSError:
        return False
    return stream == f"{facts.st_dev}:{facts.st_ino}"
