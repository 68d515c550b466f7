"""`doorward token`, alone and beside a running daemon."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.core.tokens import Token, parse_token
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile
from tests.clients.lines.peers import listening_at
from tests.daemon import DOORS, RunningDaemon, Shell, StartDaemon
from tests.doors.daemon import until

ALICE = User(name="alice", roles=frozenset({"operator", "backup"}))
BOB = User(name="bob")
ROOT = User(name="boss", roles=frozenset({"admin"}))
OTHER = Token(id="aaaaaaaa", user="bob", digest=bytes(32))
KNOWS = "The running daemon knows it already.\n"


@pytest.fixture
def state(shell: Shell) -> Path:
    """A state with three users, in a folder that every call names."""
    folder = shell.folder / "s"
    folder.mkdir(mode=0o700)
    for user in (ALICE, BOB, ROOT):
        UserFile(folder).add(user)
    return folder


def only_token(state: Path) -> Token:
    (token,) = TokenFile(state).load()
    return token


def test_a_token_alone_goes_to_stdout_and_is_known_by_what_is_kept(shell: Shell, state: Path) -> None:
    run = shell.run("token", "new", "--user", "alice", "--summary", "her laptop", "--state", "s")
    assert run.returncode == 0, run.stderr
    shown = parse_token(run.stdout.removesuffix("\n"))
    assert shown is not None
    token = only_token(state)
    assert shown.is_of(token)
    assert (token.id, token.user, token.roles, token.summary) == (shown.id, "alice", None, "her laptop")
    assert token.expires_at == token.created_at + 90 * 86_400
    end = datetime.fromtimestamp(token.expires_at, UTC)
    assert run.stderr == (
        f"A token of alice with all roles, until {end:%Y-%m-%d %H:%M} UTC; its ID is {token.id}.\n"
        "It is shown this once:\n"
        "No daemon runs on this state.\n"
    )
    assert shown.secret.revealed not in (state / "tokens.json").read_text()


def test_as_json_it_has_all_that_is_known_of_it(shell: Shell, state: Path) -> None:
    words = ("--user", "alice", "--roles", "backup", "--expires", "never", "--state", "s", "--json")
    members = json.loads(shell.run("token", "new", *words).stdout)
    shown = parse_token(members.pop("token"))
    assert shown is not None
    assert shown.is_of(only_token(state))
    assert (members.pop("created_at"), members.pop("id")) == (
        datetime.fromtimestamp(only_token(state).created_at, UTC).isoformat(),
        shown.id,
    )
    assert members == {
        "user": "alice",
        "roles": ["backup"],
        "summary": "",
        "expires_at": None,
        "expired": False,
    }


@pytest.mark.parametrize(
    ("user", "roles", "kept"),
    [
        ("alice", "backup", {"backup"}),
        ("alice", "backup, operator", {"backup", "operator"}),
        ("alice", "", set()),
        ("bob", "", set()),
        ("boss", "operator", {"operator"}),
        ("boss", "admin", {"admin"}),
    ],
)
def test_some_of_the_user_s_roles_are_given_on(
    shell: Shell, state: Path, user: str, roles: str, kept: set[str]
) -> None:
    assert shell.run("token", "new", "--user", user, "--roles", roles, "--state", "s").returncode == 0
    assert only_token(state).roles == frozenset(kept)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--user", "alcie"], 1, 'there is no such user; did you mean alice?; found "alcie"'),
        (["--user", "zzz\x1b[2J"], 1, r'there is no such user; found "zzz\x1b[2J"'),
        (["--user", "alice", "--roles", "admin"], 1, "expected backup, operator; found 'admin'"),
        (["--user", "alice", "--roles", "backup,,x"], 1, "found '', 'x'"),
        (["--user", "bob", "--roles", "x"], 1, "expected no roles at all (--roles ''); found 'x'"),
        (["--user", "boss", "--roles", "A b"], 1, "a role cannot be called this"),
        (["--user", "alice", "--summary", "two\nlines"], 1, "this is no summary"),
        (["--user", "alice", "--expires", "soon"], 2, "'soon' is no end; expected a while such as"),
        (["--user", "alice", "--expires", "2020-01-01"], 2, "2020-01-01 00:00 UTC is over"),
        ([], 2, "say whose it is with --user: alice, bob, boss"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    shell: Shell, state: Path, words: list[str], status: int, said: str
) -> None:
    run = shell.run("token", "new", *words, "--state", "s")
    assert (run.returncode, run.stdout) == (status, "")
    assert said in run.stderr
    assert not (state / "tokens.json").exists()


def test_where_there_is_one_user_it_is_theirs_and_without_any_there_is_none(shell: Shell) -> None:
    none = shell.run("token", "new", "--state", "s")
    assert (none.returncode, "there is no user yet; type: doorward user add NAME" in none.stderr) == (1, True)
    assert not (shell.folder / "s").exists()
    assert shell.run("user", "add", "zoe", "--no-password", "--state", "s").returncode == 0
    assert shell.run("token", "new", "--state", "s").returncode == 0
    assert only_token(shell.folder / "s").user == "zoe"


def test_whoever_means_the_daemon_of_this_folder_is_told_how_to_name_its_state(shell: Shell) -> None:
    (shell.folder / ".doorward").mkdir(mode=0o700)
    (shell.folder / ".doorward" / "doors.json").write_text('{"web": ["127.0.0.1:7024"]}')
    run = shell.run("token", "new")
    assert run.returncode == 1
    assert "a daemon runs on ./.doorward; type: doorward token new --state .doorward" in run.stderr


def test_a_user_of_the_configuration_can_have_one_and_its_limit_counts(shell: Shell) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text('[limits]\ntokens = 1\n[users.carl]\nroles = ["operator"]\n')
    file.chmod(0o600)
    words = ("token", "new", "--roles", "operator", "--state", "s", "--config", str(file))
    assert shell.run(*words).returncode == 0
    state = shell.folder / "s"
    assert (only_token(state).user, only_token(state).roles) == ("carl", frozenset({"operator"}))
    assert state.stat().st_mode & 0o777 == 0o700
    second = shell.run(*words)
    assert (second.returncode, second.stdout) == (1, "")
    assert "2 tokens are more than limits.tokens allows; revoke some, or raise it" in second.stderr
    assert only_token(state).user == "carl"


def test_the_list_shows_what_is_kept_and_what_expired(shell: Shell, state: Path) -> None:
    far = 4_000_000_000
    for token in (
        Token(id="bbbbbbbb", user="alice", digest=bytes(32), expires_at=far, created_at=0),
        Token(id="cccccccc", user="bob", digest=bytes(32), roles=frozenset(), expires_at=86_400),
        Token(
            id="dddddddd", user="boss", digest=bytes(32), roles=frozenset({"b", "a"}), summary="für's Büro"
        ),
    ):
        TokenFile(state).add(token, most=3)
    run = shell.run("token", "list", "--state", "s")
    assert (run.returncode, run.stderr) == (0, "")
    assert [re.split(" {2,}", line) for line in run.stdout.splitlines()] == [
        ["ID", "USER", "ROLES", "CREATED", "EXPIRES", "SUMMARY"],
        ["bbbbbbbb", "alice", "all roles", "1970-01-01", "2096-10-02 07:06 UTC"],
        ["cccccccc", "bob", "no roles", "1970-01-01", "1970-01-02 00:00 UTC (expired)"],
        ["dddddddd", "boss", "a, b", "1970-01-01", "never", "für's Büro"],
    ]
    found = json.loads(shell.run("token", "list", "--state", "s", "--json").stdout)
    assert [each["expired"] for each in found] == [False, True, False]
    assert found[1] == {
        "id": "cccccccc",
        "user": "bob",
        "roles": [],
        "summary": "",
        "created_at": "1970-01-01T00:00:00+00:00",
        "expires_at": "1970-01-02T00:00:00+00:00",
        "expired": True,
    }
    assert "0" * 32 not in json.dumps(found) + run.stdout


def test_a_list_of_none_says_so_and_makes_nothing(shell: Shell) -> None:
    run = shell.run("token", "list", "--state", "s")
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == f"doorward: {shell.folder}/s/tokens.json has no tokens\n"
    assert json.loads(shell.run("token", "list", "--state", "s", "--json").stdout) == []
    assert not (shell.folder / "s").exists()


def test_one_is_revoked_by_its_id(shell: Shell, state: Path) -> None:
    TokenFile(state).add(OTHER, most=2)
    shown = parse_token(shell.run("token", "new", "--user", "alice", "--state", "s").stdout.strip())
    assert shown is not None
    run = shell.run("token", "revoke", shown.id, "--state", "s")
    assert (run.returncode, run.stdout) == (
        0,
        f"The token {shown.id} of alice is revoked.\nNo daemon runs on this state.\n",
    )
    assert only_token(state) == OTHER
    again = shell.run("token", "revoke", shown.id, "--state", "s")
    assert (again.returncode, again.stdout) == (1, "")
    assert f"there is no such token here; found '{shown.id}'" in again.stderr


def test_a_whole_token_is_no_id_and_is_not_said_again(shell: Shell, state: Path) -> None:
    text = shell.run("token", "new", "--user", "alice", "--state", "s").stdout.strip()
    run = shell.run("token", "revoke", text, "--state", "s")
    assert (run.returncode, run.stdout) == (2, "")
    assert f"revoke it by its ID: doorward token revoke {only_token(state).id}" in run.stderr
    cut = shell.run("token", "revoke", text[:-1], "--state", "s")
    assert (cut.returncode, "there is no such token here" in cut.stderr) == (1, True)
    assert text[20:60] not in run.stderr + cut.stderr


def test_the_tokens_of_a_user_who_is_removed_are_gone_with_them(shell: Shell, state: Path) -> None:
    assert shell.run("token", "new", "--user", "alice", "--state", "s").returncode == 0
    token = only_token(state)
    TokenFile(state).add(OTHER, most=2)
    run = shell.run("user", "remove", "alice", "--state", "s")
    assert run.returncode == 0, run.stderr
    assert f"Revoked: the token {token.id}.\n" in run.stdout
    # whoever is called alice next begins with none
    assert only_token(state) == OTHER
    assert "Revoked" not in shell.run("user", "remove", "boss", "--state", "s").stdout


@pytest.mark.parametrize(
    ("words", "status"), [(["new", "--user", "alice"], 1), (["list"], 1), (["revoke", "aaaaaaaa"], 1)]
)
def test_a_file_that_is_broken_is_told_and_stays(
    shell: Shell, state: Path, words: list[str], status: int
) -> None:
    path = state / "tokens.json"
    path.write_text("{")
    path.chmod(0o600)
    run = shell.run("token", *words, "--state", "s")
    assert (run.returncode, run.stdout) == (status, "")
    assert "tokens.json is no JSON; restore it from a backup" in run.stderr
    assert path.read_text() == "{"


def test_check_tells_of_tokens_with_which_no_daemon_would_start(shell: Shell, state: Path) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text("[limits]\ntokens = 0\n[doors.unix]\n")
    file.chmod(0o600)
    assert shell.run("check", "--state", "s", str(file)).returncode == 0
    TokenFile(state).add(OTHER, most=1)
    over = shell.run("check", "--state", "s", str(file))
    assert (over.returncode, "1 tokens are more than limits.tokens allows" in over.stdout + over.stderr) == (
        1,
        True,
    )
    (state / "tokens.json").write_text("[]")
    broken = shell.run("check", "--state", "s", str(file))
    assert (broken.returncode, "is not a file of tokens" in broken.stdout + broken.stderr) == (1, True)


def test_a_running_daemon_hears_of_each_change(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS + "[users.carl]\nuid = 7\n")
    words = ("--state", str(daemon.state))
    made = daemon.shell.run("token", "new", *words)
    assert (made.returncode, made.stderr.endswith(KNOWS)) == (0, True), made.stderr
    token = only_token(daemon.state)
    assert token.user == "carl"
    assert daemon.shell.run("token", "revoke", token.id, *words).stdout.endswith(KNOWS)
    until(lambda: reloads_of(daemon) == [1, 0], "both reloads in the audit trail")


def reloads_of(daemon: RunningDaemon) -> list[int]:
    """How many tokens each reload found, as far as its line is written."""
    lines, _, _ = (daemon.state / "audit.jsonl").read_text().rpartition("\n")
    audited = map(json.loads, lines.splitlines())
    return [members["tokens"] for members in audited if members["event"] == "reload"]


def test_what_the_running_daemon_does_not_take_is_undone(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS + "[users.bob]\nuid = 7\n[users.carl]\n")
    # behind the daemon's back, and behind that of this program
    UserFile(daemon.state).add(User(name="bob"))
    run = daemon.shell.run("token", "new", "--user", "carl", "--state", str(daemon.state))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("doorward: no token is made, as the running daemon refuses it: ")
    assert TokenFile(daemon.state).load() == ()


def test_one_that_a_daemon_does_not_hear_of_is_shown_and_fails(shell: Shell, state: Path) -> None:
    path = state / "x.sock"
    (state / "doors.json").write_text(f'{{"unix": ["{path}"]}}')
    with listening_at(path, lambda peer: peer.sendall(b"Uh? not you\n")):
        run = shell.run("token", "new", "--user", "bob", "--state", "s")
        revoked = shell.run("token", "revoke", only_token(state).id, "--state", "s")
    shown = parse_token(run.stdout.strip())
    assert shown is not None
    for each in (run, revoked):
        assert each.returncode == 1
        assert "the running daemon goes on with the users that it had: not you" in each.stderr
    assert "is revoked" in revoked.stdout
    assert TokenFile(state).load() == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps the tokens of another's daemon")
def test_root_makes_one_in_another_user_s_state_and_the_file_is_theirs(shell: Shell, state: Path) -> None:
    way = [state, *state.iterdir()]
    for part in (state.parent, *state.parents):
        if not part.stat().st_mode & 0o001:
            part.chmod(0o755)
    for each in way:
        os.chown(each, 4321, 4321)
    run = shell.run("token", "new", "--user", "alice", "--state", "s")
    assert run.returncode == 0, run.stderr
    assert (state / "tokens.json").stat().st_uid == 4321
    assert shell.run("token", "revoke", only_token(state).id, "--state", "s").returncode == 0
