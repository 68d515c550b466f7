"""Users in the state: kept whole, kept private, checked."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import ConfigurationError, DoorwardError, StateError, TrustError
from doorward.core.principal import User
from doorward.core.secret import Secret
from doorward.stores.passwords import HashCost, hash_password
from doorward.stores.users import UserFile
from tests.certificates import make_certificate

HASH = hash_password(Secret("correct horse"), cost=HashCost(memory_kib=8, passes=1, lanes=1))
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1"
CERTIFICATE, OTHER_CERTIFICATE = (make_certificate(name).der for name in ("alice", "bob"))
ALICE = User(
    name="alice",
    roles=frozenset({"operator"}),
    password_hash=HASH,
    keys=(f"{KEY} alice",),
    uid=1000,
    certificate=CERTIFICATE,
)
BOB = User(name="bob")
STRANGER_UID = 65_533


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    return UserFile(tmp_path)


def test_without_a_file_there_is_nobody(users: UserFile) -> None:
    assert users.load() == ()


def test_what_is_added_is_there_for_the_next_who_reads(users: UserFile) -> None:
    users.add(ALICE)
    users.add(BOB)
    assert UserFile(users.path.parent).load() == (ALICE, BOB)


def test_the_file_is_private_and_says_its_version(users: UserFile) -> None:
    users.add(ALICE)
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    assert json.loads(users.path.read_bytes())["version"] == 1


def test_each_thing_of_a_user_can_be_changed_alone(users: UserFile) -> None:
    users.add(BOB)
    users.add(ALICE)
    users.change("bob", lambda user: replace(user, password_hash=HASH))
    users.change("bob", lambda user: replace(user, roles=frozenset({"operator", "backup"})))
    users.change("bob", lambda user: replace(user, uid=1001, certificate=OTHER_CERTIFICATE))
    changed = User(
        name="bob",
        roles=frozenset({"operator", "backup"}),
        password_hash=HASH,
        uid=1001,
        certificate=OTHER_CERTIFICATE,
    )
    assert UserFile(users.path.parent).load() == (changed, ALICE)
    users.change("bob", lambda user: User(name=user.name))
    users.remove("alice")
    assert UserFile(users.path.parent).load() == (BOB,)


def test_a_file_of_the_version_before_certificates_is_read_and_stays_readable_for_it(users: UserFile) -> None:
    members = {"name": "bob", "roles": ["operator"], "password": None, "keys": [], "uid": 7}
    write(users, json.dumps({"version": 1, "users": [members]}).encode())
    assert users.load() == (User(name="bob", roles=frozenset({"operator"}), uid=7),)
    users.add(User(name="carl"))
    assert [set(each) for each in json.loads(users.path.read_bytes())["users"]] == [set(members)] * 2


def test_nobody_is_added_twice_and_no_uid_given_twice(users: UserFile) -> None:
    users.add(ALICE)
    for twin in (User(name="alice"), User(name="bob", uid=1000)):
        with pytest.raises(ConfigurationError, match="already"):
            users.add(twin)
    users.add(BOB)
    with pytest.raises(ConfigurationError, match="uid 1000 stands in"):
        users.change("bob", lambda user: replace(user, uid=1000))
    with pytest.raises(ConfigurationError, match="this certificate is alice's, who stands in"):
        users.change("bob", lambda user: replace(user, certificate=CERTIFICATE))
    assert UserFile(users.path.parent).load() == (ALICE, BOB)


def test_a_user_who_is_not_there_is_an_error_for_who_looks_and_for_each_change(users: UserFile) -> None:
    users.add(ALICE)
    assert users.find(ALICE.name) == ALICE
    changes: list[Callable[[], object]] = [
        lambda: users.find("bob"),
        lambda: users.remove("bob"),
        lambda: users.change("bob", lambda user: user),
    ]
    for change in changes:
        with pytest.raises(
            ConfigurationError, match=r"users\.json: users: there is no such user here; found 'bob'"
        ):
            change()


@pytest.mark.parametrize(
    "user",
    [
        User(name=""),
        User(name="guest"),
        User(name="Alice"),
        User(name="1st"),
        User(name="a b"),
        User(name="a" * 33),
        User(name="alice\n"),
        User(name="\x1b[2J"),
        User(name="\u0430lice"),
        User(name="admin"),
        User(name="admin", roles=frozenset({"operator"})),
        User(name="bob", roles=frozenset({"a b"})),
        User(name="bob", roles=frozenset({""})),
        User(name="bob", uid=-1),
        User(name="bob", uid=2**32 - 1),
        User(name="bob", keys=("two\nlines",)),
        User(name="bob", keys=("",)),
        User(name="bob", certificate=CERTIFICATE[:-1]),
        User(name="bob", password_hash="hunter2"),
        User(name="bob", password_hash="$argon2id$v=19$m=99999999,t=3,p=1$" + "A" * 22 + "$" + "A" * 43),
    ],
)
def test_what_cannot_be_a_user_is_refused_and_nothing_is_written(users: UserFile, user: User) -> None:
    with pytest.raises(ConfigurationError) as caught:
        users.add(user)
    assert str(caught.value).isprintable()
    assert "hunter2" not in str(caught.value)
    assert not users.path.exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o610, 0o666])
def test_a_file_that_others_can_reach_is_not_trusted(users: UserFile, mode: int) -> None:
    users.add(ALICE)
    users.path.chmod(mode)
    for use in (users.load, lambda: users.remove("alice")):
        with pytest.raises(TrustError, match=r"chmod 600 .*users\.json"):
            use()
    users.path.chmod(0o600)
    assert users.load() == (ALICE,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_a_stranger_is_not_trusted(users: UserFile) -> None:
    users.add(ALICE)
    os.chown(users.path, STRANGER_UID, STRANGER_UID)
    with pytest.raises(TrustError, match=f"belongs to uid {STRANGER_UID}"):
        users.load()


def test_a_link_in_the_place_of_the_file_is_not_followed(users: UserFile, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text('{"version": 1, "users": []}')
    target.chmod(0o600)
    users.path.symlink_to(target)
    with pytest.raises(StateError, match=r"users\.json cannot be read"):
        users.load()


def write(users: UserFile, data: bytes) -> None:
    users.path.write_bytes(data)
    users.path.chmod(0o600)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"users": []}',
        b'{"version": 2, "users": []}',
        b'{"version": 1}',
        b'{"version": 1, "users": {}}',
        b'{"version": 1, "users": [], "more": 1}',
        b'{"version": 1, "users": [1]}',
        b'{"version": 1, "users": [{}]}',
        b'{"version": 1, "users": [{"name": 1}]}',
        b'{"version": 1, "users": [{"name": "a", "shell": "x"}]}',
        b'{"version": 1, "users": [{"name": "a", "roles": "admin"}]}',
        b'{"version": 1, "users": [{"name": "a", "roles": [1]}]}',
        b'{"version": 1, "users": [{"name": "a", "uid": "0"}]}',
        b'{"version": 1, "users": [{"name": "a", "uid": true}]}',
        b'{"version": 1, "users": [{"name": "a", "uid": 1.0}]}',
        b'{"version": 1, "users": [{"name": "a", "password": 1}]}',
        b'{"version": 1, "users": [{"name": "a", "certificate": 1}]}',
        b'{"version": 1, "users": [{"name": "a", "certificate": "*"}]}',
        b'{"version": 1, "users": [{"name": "a", "certificate": "\xc3\xa9"}]}',
        b'{"version": 1, "users": [' + b"9" * 10_000 + b"]}",
        b"[" * 100_000,
        b" " * (4 * 1024 * 1024 + 1),
    ],
)
def test_garbage_is_an_error_that_names_the_file_and_stays(users: UserFile, data: bytes) -> None:
    users.add(ALICE)
    write(users, data)
    with pytest.raises(StateError, match=r"users\.json"):
        users.load()
    with pytest.raises(StateError, match=r"users\.json"):
        users.add(BOB)
    assert users.path.read_bytes() == data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "roles", "password", "keys", "uid", "certificate", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(members=st.lists(JSON, max_size=3))
def test_only_documented_errors_come_out_of_any_file(
    tmp_path_factory: pytest.TempPathFactory, members: list[object]
) -> None:
    users = UserFile(tmp_path_factory.mktemp("state"))
    write(users, json.dumps({"version": 1, "users": members}).encode())
    problem: DoorwardError | None = None
    try:
        users.load()
    except (StateError, ConfigurationError) as error:
        problem = error
    assert problem is None or str(users.path) in str(problem)


USERS = st.builds(
    User,
    name=st.from_regex(r"[a-fh-z_][a-z0-9_.-]{0,31}", fullmatch=True).filter(lambda name: name != "admin"),
    roles=st.frozensets(st.from_regex(r"[a-z_][a-z0-9_.-]{0,31}", fullmatch=True), max_size=4),
    password_hash=st.sampled_from([None, HASH]),
    keys=st.lists(st.sampled_from([KEY, f"{KEY} c"]), max_size=2).map(tuple),
    uid=st.none() | st.integers(min_value=0, max_value=2**32 - 2),
    certificate=st.sampled_from([None, CERTIFICATE]),
)


@given(
    all_users=st.lists(
        USERS,
        max_size=4,
        unique_by=(
            lambda user: user.name,
            lambda user: user.uid or id(user),
            lambda user: user.certificate or id(user),
        ),
    )
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, all_users: list[User]
) -> None:
    folder = tmp_path_factory.mktemp("state")
    if [user.uid for user in all_users].count(0) > 1:
        return
    for user in all_users:
        UserFile(folder).add(user)
    assert UserFile(folder).load() == tuple(all_users)


ADD = """
import sys
from collections.abc import Callable
from pathlib import Path
from doorward.core.principal import User
from doorward.stores.users import UserFile
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    UserFile(Path(sys.argv[1])).add(User(name=f"{sys.argv[2]}{number}"))
"""


def test_eight_processes_that_add_users_at_once_lose_none(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(tmp_path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in "abcdefgh"
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert {user.name for user in UserFile(tmp_path).load()} == {
        f"{name}{number}" for name in "abcdefgh" for number in range(5)
    }
    assert sorted(os.listdir(tmp_path)) == ["users.json", "users.lock"]


def test_what_a_killed_writer_left_goes_with_the_next_change(users: UserFile) -> None:
    users.path.with_name(".users.json.0123456789abcdef.new").touch()
    users.add(ALICE)
    assert sorted(os.listdir(users.path.parent)) == ["users.json", "users.lock"]


def test_of_two_users_only_the_one_who_is_named_is_removed(users: UserFile) -> None:
    users.add(ALICE)
    users.add(BOB)
    users.remove("alice")
    assert users.load() == (BOB,)
    users.remove("bob")
    assert users.load() == ()


def test_a_user_who_is_not_there_cannot_be_removed_even_when_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nobody"):
        UserFile(tmp_path).remove("nobody")
