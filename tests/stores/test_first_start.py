"""Who is made when a daemon starts with nothing."""

import os
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.stores.first_start import make_first_user
from doorward.stores.passwords import argon2_check
from doorward.stores.users import UserFile


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    return UserFile(tmp_path)


def test_the_first_start_makes_an_administrator_with_a_password_of_chance(
    users: UserFile, tmp_path: Path
) -> None:
    made = make_first_user(users, is_default=True, is_seen=True)
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
    assert make_first_user(users, is_default=True, is_seen=True)
    before = users.path.read_bytes()
    assert make_first_user(users, is_default=True, is_seen=True) is None
    assert users.path.read_bytes() == before


def test_with_a_configuration_nothing_is_written(users: UserFile, tmp_path: Path) -> None:
    assert make_first_user(users, is_default=False, is_seen=True) is None
    assert os.listdir(tmp_path) == []


def test_nobody_is_made_whose_password_nobody_would_see(users: UserFile, tmp_path: Path) -> None:
    assert make_first_user(users, is_default=True, is_seen=False) is None
    assert os.listdir(tmp_path) == []


def test_nobody_is_made_beside_a_user_who_is_there(users: UserFile) -> None:
    users.add(User(name="bob"))
    assert make_first_user(users, is_default=True, is_seen=True) is None
    assert [user.name for user in users.load()] == ["bob"]
