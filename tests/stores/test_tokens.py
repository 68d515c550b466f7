"""Tokens in the state: kept whole, kept private, checked, and never enough to show one."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import ConfigurationError, DoorwardError, StateError, TrustError
from doorward.core.tokens import LAST_SECOND, SUMMARY_CHARACTERS, Token, new_token
from doorward.stores.tokens import TokenFile

FIRST_SHOWN, SECOND_SHOWN, THIRD_SHOWN = (new_token(Random(seed).randbytes) for seed in range(3))
FIRST = Token(
    id=FIRST_SHOWN.id,
    user="alice",
    digest=FIRST_SHOWN.digest,
    roles=frozenset({"operator", "backup"}),
    expires_at=1_800_000_000,
    summary="the backup's",
    created_at=1_750_000_000,
)
SECOND = Token(id=SECOND_SHOWN.id, user="bob", digest=SECOND_SHOWN.digest)
THIRD = Token(id=THIRD_SHOWN.id, user="alice", digest=THIRD_SHOWN.digest, roles=frozenset())
MOST = 10


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path)


def test_without_a_file_there_are_none(tokens: TokenFile) -> None:
    assert tokens.load() == ()


def test_what_is_added_is_there_for_the_next_who_reads_and_what_is_removed_is_not(tokens: TokenFile) -> None:
    for token in (FIRST, SECOND, THIRD):
        tokens.add(token, most=MOST)
    assert TokenFile(tokens.path.parent).load() == (FIRST, SECOND, THIRD)
    assert tokens.find(SECOND.id) == SECOND
    tokens.remove(SECOND.id)
    tokens.remove(SECOND.id)
    assert TokenFile(tokens.path.parent).load() == (FIRST, THIRD)


def test_the_file_is_private_and_no_secret_stands_in_it(tokens: TokenFile) -> None:
    tokens.add(FIRST, most=MOST)
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert FIRST_SHOWN.secret.revealed not in tokens.path.read_text()
    assert json.loads(tokens.path.read_bytes())["version"] == 1


def test_all_of_one_user_are_removed_at_once(tokens: TokenFile) -> None:
    for token in (FIRST, SECOND, THIRD):
        tokens.add(token, most=MOST)
    assert tokens.remove_of("alice") == (FIRST, THIRD)
    assert tokens.remove_of("alice") == ()
    assert tokens.load() == (SECOND,)


def test_nothing_is_made_for_a_user_without_any(tokens: TokenFile) -> None:
    assert tokens.remove_of("alice") == ()
    assert os.listdir(tokens.path.parent) == []


def test_no_id_is_given_twice(tokens: TokenFile) -> None:
    tokens.add(FIRST, most=MOST)
    with pytest.raises(ConfigurationError, match="two tokens have this id"):
        tokens.add(replace(SECOND, id=FIRST.id), most=MOST)
    assert tokens.load() == (FIRST,)


def test_there_are_no_more_than_may_be(tokens: TokenFile) -> None:
    tokens.add(FIRST, most=2)
    tokens.add(SECOND, most=2)
    with pytest.raises(ConfigurationError, match=r"limits\.tokens"):
        tokens.add(THIRD, most=2)
    assert tokens.load() == (FIRST, SECOND)
    tokens.remove(FIRST.id)
    tokens.add(THIRD, most=2)
    assert tokens.load() == (SECOND, THIRD)


def test_a_whole_token_that_is_looked_for_is_not_shown(tokens: TokenFile) -> None:
    tokens.add(FIRST, most=MOST)
    with pytest.raises(ConfigurationError, match=f"there is no such token here; found '{SECOND.id}'"):
        tokens.find(SECOND.id)
    with pytest.raises(ConfigurationError, match=r"there is no such token here$") as caught:
        tokens.find(FIRST_SHOWN.text.revealed)
    assert FIRST_SHOWN.secret.revealed not in repr(caught.value)


@pytest.mark.parametrize(
    "token",
    [
        replace(FIRST, id="x"),
        replace(FIRST, user="a b"),
        replace(FIRST, digest=b"short"),
        replace(FIRST, roles=frozenset({"\n"})),
        replace(FIRST, summary="two\nlines"),
        replace(FIRST, expires_at=-1),
    ],
)
def test_what_cannot_be_one_is_refused_and_nothing_is_written(tokens: TokenFile, token: Token) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tokens.add(token, most=MOST)
    assert str(caught.value).isprintable()
    assert not tokens.path.exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_not_trusted(tokens: TokenFile, mode: int) -> None:
    tokens.add(FIRST, most=MOST)
    tokens.path.chmod(mode)
    for use in (tokens.load, lambda: tokens.remove(FIRST.id), lambda: tokens.remove_of("alice")):
        with pytest.raises(TrustError, match=r"chmod 600 .*tokens\.json"):
            use()


def test_a_link_in_the_place_of_the_file_is_not_followed(tokens: TokenFile, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text('{"version": 1, "tokens": []}')
    target.chmod(0o600)
    tokens.path.symlink_to(target)
    with pytest.raises(StateError, match=r"tokens\.json cannot be read"):
        tokens.load()


def write(tokens: TokenFile, members: object) -> bytes:
    data = json.dumps({"version": 1, "tokens": members}).encode()
    tokens.path.write_bytes(data)
    tokens.path.chmod(0o600)
    return data


GOOD: dict[str, object] = {
    "id": FIRST.id,
    "user": "alice",
    "digest": FIRST.digest.hex(),
    "roles": None,
    "expires_at": None,
    "summary": "",
    "created_at": 7,
}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    "member",
    [
        1,
        None,
        [],
        {},
        *map(without, GOOD),
        {**GOOD, "more": 1},
        {**GOOD, "id": 1},
        {**GOOD, "id": "short"},
        {**GOOD, "user": None},
        {**GOOD, "user": "guest"},
        {**GOOD, "digest": FIRST_SHOWN.secret.revealed},
        {**GOOD, "digest": "00"},
        {**GOOD, "digest": None},
        {**GOOD, "roles": "operator"},
        {**GOOD, "roles": [1]},
        {**GOOD, "roles": ["\x1b[2J"]},
        {**GOOD, "expires_at": "never"},
        {**GOOD, "expires_at": 1.5},
        {**GOOD, "expires_at": False},
        {**GOOD, "expires_at": 10**30},
        {**GOOD, "created_at": None},
        {**GOOD, "summary": None},
        {**GOOD, "summary": "x\n"},
    ],
    ids=repr,
)
def test_what_is_no_token_is_an_error_that_names_the_file_and_stays(
    tokens: TokenFile, member: object
) -> None:
    data = write(tokens, [member])
    changes: list[Callable[[], object]] = [
        tokens.load,
        lambda: tokens.add(SECOND, most=MOST),
        lambda: tokens.remove(FIRST.id),
    ]
    for use in changes:
        with pytest.raises((StateError, ConfigurationError), match=r"tokens\.json") as caught:
            use()
        assert str(caught.value).isprintable()
        assert FIRST_SHOWN.secret.revealed not in str(caught.value)
    assert tokens.path.read_bytes() == data
    write(tokens, [GOOD])
    assert [token.id for token in tokens.load()] == [FIRST.id]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner),
    max_leaves=12,
)
NEARLY = st.builds(lambda name, value: {**GOOD, name: value}, st.sampled_from([*GOOD]), JSON)


@given(members=st.lists(JSON | NEARLY, max_size=3))
def test_only_documented_errors_come_out_of_any_file(
    tmp_path_factory: pytest.TempPathFactory, members: list[object]
) -> None:
    tokens = TokenFile(tmp_path_factory.mktemp("state"))
    write(tokens, members)
    problem: DoorwardError | None = None
    try:
        tokens.load()
    except (StateError, ConfigurationError) as error:
        problem = error
    assert problem is None or str(tokens.path) in str(problem)


SECONDS = st.integers(0, LAST_SECOND)
TOKENS = st.builds(
    Token,
    id=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8),
    user=st.from_regex(r"[a-fh-z_][a-z0-9_.-]{0,31}", fullmatch=True),
    digest=st.binary(min_size=32, max_size=32),
    roles=st.none() | st.frozensets(st.from_regex(r"[a-z_][a-z0-9_.-]{0,31}", fullmatch=True), max_size=4),
    expires_at=st.none() | SECONDS,
    summary=st.text(max_size=SUMMARY_CHARACTERS).filter(str.isprintable),
    created_at=SECONDS,
)


@given(all_tokens=st.lists(TOKENS, max_size=4, unique_by=lambda token: token.id))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, all_tokens: list[Token]
) -> None:
    folder = tmp_path_factory.mktemp("state")
    for token in all_tokens:
        TokenFile(folder).add(token, most=MOST)
    assert TokenFile(folder).load() == tuple(all_tokens)


ADD = """
import secrets, sys
from pathlib import Path
from doorward.core.tokens import Token, new_token
from doorward.stores.tokens import TokenFile
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    shown = new_token(secrets.token_bytes)
    token = Token(id=shown.id, user=f"{sys.argv[2]}{number}", digest=shown.digest)
    TokenFile(Path(sys.argv[1])).add(token, most=20)
"""


def test_four_processes_that_add_tokens_at_once_lose_none(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(tmp_path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in "abcd"
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
    found = {token.user for token in TokenFile(tmp_path).load()}
    assert found == {f"{name}{number}" for name in "abcd" for number in range(5)}
    assert sorted(os.listdir(tmp_path)) == ["tokens.json", "tokens.lock"]


def test_what_a_killed_writer_left_goes_with_the_next_change(tokens: TokenFile) -> None:
    tokens.path.with_name(".tokens.json.0123456789abcdef.new").touch()
    tokens.add(FIRST, most=MOST)
    assert sorted(os.listdir(tokens.path.parent)) == ["tokens.json", "tokens.lock"]
