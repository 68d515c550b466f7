"""Who is made when a daemon starts with nothing."""

import os
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.stores.first_start import make_first_user, needs_first_user
from doorward.stores.passwords import argon2_check
from doorward.stores.users import UserFile

SOMEBODY = User(name="bob")


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    return UserFile(tmp_path)


def test_somebody_is_made_only_where_nobody_said_who_may_and_somebody_looks() -> None:
    assert needs_first_user(is_default=True, users=(), is_seen=True)
    assert not needs_first_user(is_default=False, users=(), is_seen=True)
    assert not needs_first_user(is_default=True, users=(SOMEBODY,), is_seen=True)
    assert not needs_first_user(is_default=True, users=(), is_seen=False)


def test_the_first_start_makes_an_administrator_with_a_password_of_chance(
    users: UserFile, tmp_path: Path
) -> None:
    made = make_first_user(users, is_default=True, environment={})
    assert made is not None
    (stored,) = users.load()
    assert (stored.name, stored.roles, stored.uid) == ("admin", frozenset({"admin"}), None)
    assert stored.password_hash is not None
    assert argon2_check(stored.password_hash, made.password.revealed.encode())
    assert len(made.password.revealed) == 20
    # kept nowhere, and shown by nobody by mistake
    assert made.password.revealed not in repr(made)
    for file in tmp_path.iterdir():
        assert made.password.revealed.encode() not in file.read_bytes()


def test_the_second_start_makes_nobody(users: UserFile) -> None:
    assert make_first_user(users, is_default=True, environment={})
    before = users.path.read_bytes()
    assert make_first_user(users, is_default=True, environment={}) is None
    assert users.path.read_bytes() == before


def test_with_a_configuration_nothing_is_written(users: UserFile, tmp_path: Path) -> None:
    assert make_first_user(users, is_default=False, environment={}) is None
    assert os.listdir(tmp_path) == []


def test_no_password_goes_to_the_journal(users: UserFile) -> None:
    facts = os.fstat(1)
    to_the_journal = {"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"}
    assert make_first_user(users, is_default=True, environment=to_the_journal) is None
    # set for a service of which this process is a part, while its own output goes elsewhere
    elsewhere = {"JOURNAL_STREAM": "1:1"}
    assert make_first_user(users, is_default=True, environment=elsewhere) is not None
