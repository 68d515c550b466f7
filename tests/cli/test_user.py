"""`doorward user`, alone and beside a running daemon."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorward.core.certificates import fingerprint_of
from doorward.core.principal import User
from doorward.stores.passwords import argon2_check
from doorward.stores.users import UserFile
from tests.certificates import make_certificate
from tests.clients.lines.peers import listening_at
from tests.daemon import DOORS, Shell, StartDaemon, typed_at_prompts


def stored_hash(state: Path, name: str) -> str:
    user = next(user for user in UserFile(state).load() if user.name == name)
    assert user.password_hash is not None
    return user.password_hash


UNCOMPARED = "No configuration was compared; `doorward check` does that with both, before a start.\n"


def test_a_user_is_added_listed_and_removed(shell: Shell) -> None:
    added = shell.run(
        "user",
        "add",
        "alice",
        "--role",
        "operator",
        "--uid",
        "1234",
        "--password-file",
        "-",
        "--state",
        "s",
        stdin="open sesame\n",
    )
    state = shell.folder / "s"
    assert added.returncode == 0, added.stderr
    said = f"alice is added to {state}/users.json.\n{UNCOMPARED}No daemon runs on this state.\n"
    assert added.stdout == said
    assert argon2_check(stored_hash(state, "alice"), b"open sesame")
    assert state.stat().st_mode & 0o777 == 0o700
    listed = shell.run("user", "list", "--state", "s").stdout.splitlines()
    assert listed[1].split() == ["alice", "operator", "1234", "password,", "uid"]
    assert json.loads(shell.run("user", "list", "--state", "s", "--json").stdout) == [
        {
            "name": "alice",
            "roles": ["operator"],
            "uid": 1234,
            "password": True,
            "keys": 0,
            "certificate": None,
        }
    ]
    assert shell.run("user", "remove", "alice", "--state", "s").returncode == 0
    assert json.loads(shell.run("user", "list", "--state", "s", "--json").stdout) == []


def test_a_generated_password_is_shown_once_and_is_right(shell: Shell) -> None:
    first = generated(shell.run("user", "add", "robot", "--generate", "--state", "s").stdout)
    assert argon2_check(stored_hash(shell.folder / "s", "robot"), first)
    second = generated(shell.run("user", "passwd", "robot", "--generate", "--state", "s").stdout)
    assert argon2_check(stored_hash(shell.folder / "s", "robot"), second)
    assert first != second


def generated(text: str) -> bytes:
    match = re.search(r"shown this once: (\S{20})\n", text)
    assert match is not None
    return match[1].encode()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["add", "Alice", "--no-password"], "users: a user cannot be called this"),
        (["add", "guest", "--no-password"], "users.guest: guest is whoever did not log in"),
        (["add", "bob", "--no-password"], "bob: this user stands in"),
        (["passwd", "nobody", "--generate"], "there is no such user here; found 'nobody'"),
        (["remove", "nobody"], "there is no such user here; found 'nobody'"),
        (["add", "eve"], "there is no terminal to ask for it; use --password-file or --generate"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(shell: Shell, words: list[str], expected: str) -> None:
    assert shell.run("user", "add", "bob", "--no-password", "--state", "s").returncode == 0
    before = (shell.folder / "s" / "users.json").read_bytes()
    run = shell.run("user", *words, "--state", "s")
    assert run.returncode == 1
    assert expected in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert (shell.folder / "s" / "users.json").read_bytes() == before


def test_a_user_of_the_configuration_is_not_added_again(shell: Shell) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text("[users.alice]\nuid = 7\n")
    file.chmod(0o600)
    words = ("--no-password", "--state", "s", "--config", str(file))
    run = shell.run("user", "add", "alice", *words)
    assert (run.returncode, f"stands in {file} already" in run.stderr) == (1, True)
    run = shell.run("user", "add", "bob", "--uid", "7", *words)
    assert (run.returncode, f"uid 7 stands in {file} already" in run.stderr) == (1, True)


def test_a_named_configuration_with_faults_is_not_passed_over_in_silence(shell: Shell) -> None:
    (shell.folder / "faulty.toml").write_text('[commands.x]\nrun = ["no-such-program-anywhere"]\n')
    run = shell.run("user", "add", "bob", "--no-password", "--state", "s", "--config", "faulty.toml")
    assert run.returncode == 0
    assert "faulty.toml has faults and was not compared; `doorward check` tells them." in run.stdout


def test_a_user_of_the_configuration_is_changed_there_and_that_is_said(shell: Shell) -> None:
    file = Path(shell.environment["HOME"]) / ".config/doorward/doorward.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[users.alice]\nuid = 7\n")
    file.chmod(0o600)
    assert UNCOMPARED not in shell.run("user", "add", "bob", "--no-password", "--state", "s").stdout
    for words in (["change", "--uid", "8"], ["remove"], ["passwd", "--generate"], ["certificate", "--none"]):
        run = shell.run("user", words[0], "alice", *words[1:], "--state", "s")
        assert run.returncode == 1
        assert f"{file}: users.alice: this user stands in the configuration" in run.stderr


def test_options_that_contradict_are_a_mistake_in_the_words(shell: Shell) -> None:
    assert shell.run("user", "add", "x", "--generate", "--no-password").returncode == 2
    assert shell.run("user", "add", "x", "--generate", "--password-file", "-", "--state", "s").returncode == 2


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="doorward-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - what it is for
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_running_daemon_knows_a_new_user_at_once(start_daemon: StartDaemon, open_folder: Path) -> None:
    path = open_folder / "d.sock"
    daemon = start_daemon(f'[doors.unix]\nlisten = "{path}"\n')
    state = str(daemon.state)
    added = daemon.shell.run("user", "add", "dora", "--uid", "4321", "--no-password", "--state", state)
    assert added.stdout.splitlines()[-1] == "The running daemon knows it already."
    code = (
        "import os, sys\n"
        "import doorward.cli.ask, doorward.cli.root\n"  # another user may not be able to read them later
        "os.setgid(4321); os.setuid(4321)\n"
        "sys.argv[1:] = ['ask', '--at', 'unix://' + sys.argv[1], 'whoami']\n"
        "doorward.cli.main()\n"
    )

    def whoami() -> tuple[int, str]:
        words = [sys.executable, "-c", code, str(path)]
        # whoever measures coverage would write a file in a folder that is not this user's
        measured_by_nobody = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(words, capture_output=True, text=True, check=False, env=measured_by_nobody)
        return run.returncode, run.stdout + run.stderr

    status, said = whoami()
    assert (status, "you are dora" in said) == (0, True), said
    removed = daemon.shell.run("user", "remove", "dora", "--state", state)
    assert removed.stdout.splitlines()[-1] == "The running daemon knows it already."
    status, problem = whoami()
    assert status == 126
    assert "is no user here" in problem


def test_a_daemon_in_this_folder_is_pointed_out_when_another_state_was_changed(shell: Shell) -> None:
    folder = shell.folder / ".doorward"
    folder.mkdir(mode=0o700)
    (folder / "doors.json").write_text('{"unix": ["/nowhere"]}')
    run = shell.run("user", "add", "zoe", "--no-password")
    assert run.stdout.splitlines()[-1] == (
        "No daemon runs on this state. One runs on ./.doorward: for that one add --state .doorward."
    )


@pytest.mark.parametrize(
    ("doors", "said"),
    [
        ('{"unix": ["/nowhere"]}', "No daemon runs on this state; the last one was killed."),
        (
            '{"tcp": ["127.0.0.1:1"]}',
            "A daemon runs (doors: tcp) without a unix door to tell it by: send it SIGHUP.",
        ),
        ("nonsense", "Whether a daemon runs is not known: "),
    ],
)
def test_a_daemon_that_cannot_be_told_is_said(shell: Shell, doors: str, said: str) -> None:
    folder = shell.folder / "s"
    folder.mkdir(mode=0o700)
    (folder / "doors.json").write_text(doors)
    run = shell.run("user", "add", "zoe", "--no-password", "--state", "s")
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1].startswith(said)


def test_a_daemon_that_answers_with_a_refusal_is_said(shell: Shell) -> None:
    folder = shell.folder / "s"
    folder.mkdir(mode=0o700)
    path = folder / "x.sock"
    (folder / "doors.json").write_text(f'{{"unix": ["{path}"]}}')
    with listening_at(path, lambda peer: peer.sendall(b"Uh? not you\n")):
        run = shell.run("user", "add", "zoe", "--no-password", "--state", "s")
    assert run.returncode == 1
    assert run.stderr == (
        "doorward: the running daemon goes on with the users that it had: not you. "
        "Mend that, then send it SIGHUP\n"
    )
    # it is us that it refused, not the users
    assert [user.name for user in UserFile(folder).load()] == ["zoe"]


def test_what_the_running_daemon_s_configuration_has_is_refused_before_anything_is_written(
    start_daemon: StartDaemon,
) -> None:
    daemon = start_daemon(DOORS + "[users.bob]\nuid = 7\n")
    words = ("--no-password", "--state", str(daemon.state))
    by_name = daemon.shell.run("user", "add", "bob", *words)
    by_uid = daemon.shell.run("user", "add", "carl", "--uid", "7", *words)
    for run, what in ((by_name, "users.bob: this user"), (by_uid, "users.carl: uid 7")):
        assert (run.returncode, run.stdout) == (1, "")
        assert f"{what} stands in " in run.stderr
        assert "doorward0.toml already" in run.stderr
    assert not (daemon.state / "users.json").exists()


def test_what_the_running_daemon_does_not_take_is_undone(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS + "[users.bob]\nuid = 7\n")
    # behind the daemon's back, and behind that of this program
    UserFile(daemon.state).add(User(name="bob"))
    before = (daemon.state / "users.json").read_bytes()
    run = daemon.shell.run("user", "add", "eve", "--no-password", "--state", str(daemon.state))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("doorward: eve is not added, as the running daemon refuses it: ")
    assert (daemon.state / "users.json").read_bytes() == before
    removed = daemon.shell.run("user", "remove", "bob", "--state", str(daemon.state))
    assert (removed.returncode, removed.stdout.splitlines()[-1]) == (
        0,
        "The running daemon knows it already.",
    )


def test_a_change_that_the_running_daemon_does_not_hear_of_fails(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS + "[users.bob]\nuid = 7\n")
    UserFile(daemon.state).add(User(name="bob"))
    UserFile(daemon.state).add(User(name="eve"))
    run = daemon.shell.run("user", "remove", "eve", "--state", str(daemon.state))
    assert run.returncode == 1
    assert "eve is removed" in run.stdout
    assert "the running daemon goes on with the users that it had" in run.stderr


def test_a_user_who_can_log_in_with_nothing_is_told(shell: Shell) -> None:
    added = shell.run("user", "add", "bob", "--no-password", "--state", "s")
    assert "bob can log in with nothing yet: see user passwd, keys, certificate and change." in added.stdout
    listed = shell.run("user", "list", "--state", "s")
    assert listed.stderr == "doorward: these can log in with nothing: bob\n"
    assert shell.run("user", "passwd", "bob", "--generate", "--state", "s").returncode == 0
    assert shell.run("user", "list", "--state", "s").stderr == ""
    gone = shell.run("user", "passwd", "bob", "--no-password", "--state", "s")
    assert (gone.returncode, gone.stdout.splitlines()[0]) == (0, "bob has no password any more.")
    assert UserFile(shell.folder / "s").load() == (User(name="bob"),)


def test_a_certificate_is_given_shown_and_taken_away(shell: Shell) -> None:
    first, second = make_certificate("one"), make_certificate("two")
    first.written(shell.folder, "one")
    words = ("--no-password", "--state", "s")
    added = shell.run("user", "add", "alice", "--certificate", "one.pem", *words)
    assert added.returncode == 0, added.stderr
    (line,) = (line for line in added.stdout.splitlines() if line.startswith("The certificate: "))
    assert line.startswith("The certificate: for one, until ")
    assert fingerprint_of(first.der) in line
    (found,) = json.loads(shell.run("user", "list", "--state", "s", "--json").stdout)
    assert found["certificate"] == fingerprint_of(first.der)
    other = shell.run("user", "certificate", "alice", "-", "--state", "s", stdin=second.pem)
    assert other.returncode == 0, other.stderr
    assert UserFile(shell.folder / "s").load() == (User(name="alice", certificate=second.der),)
    none = shell.run("user", "certificate", "alice", "--none", "--state", "s")
    assert none.stdout.splitlines()[0] == "alice has no certificate any more."
    assert UserFile(shell.folder / "s").load() == (User(name="alice"),)


def test_keys_are_given_shown_and_taken_away(shell: Shell) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1 of alice"
    shell.run("user", "add", "alice", "--no-password", "--state", "s")
    (shell.folder / "keys").write_text(f"# mine\n\n{key}\n")
    given = shell.run("user", "keys", "alice", "keys", "--state", "s")
    assert given.returncode == 0, given.stderr
    assert given.stdout.startswith("A key: SHA256:")
    assert given.stdout.splitlines()[0].endswith(" of alice")
    assert UserFile(shell.folder / "s").load() == (User(name="alice", keys=(key,)),)
    assert "key" in shell.run("user", "list", "--state", "s").stdout
    for wrong, said in (
        ("", "there is no key"),
        (f"restrict {key}", "this is no public key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "something else"),
        ("\xff", "no public key"),
    ):
        refused = shell.run("user", "keys", "alice", "-", "--state", "s", stdin=wrong)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    none = shell.run("user", "keys", "alice", "--none", "--state", "s")
    assert none.stdout.splitlines()[0] == "alice has no key any more."
    assert UserFile(shell.folder / "s").load() == (User(name="alice"),)
    assert shell.run("user", "keys", "alice", "--state", "s").returncode == 2


def test_a_certificate_that_ended_is_taken_and_told(shell: Shell) -> None:
    made = make_certificate(
        "old", begins=datetime(2001, 1, 1, tzinfo=UTC), ends=datetime(2002, 1, 1, tzinfo=UTC)
    )
    made.written(shell.folder, "old")
    run = shell.run("user", "add", "alice", "--certificate", "old.pem", "--no-password", "--state", "s")
    assert run.returncode == 0
    assert "Nobody can log in with it: it ended on 2002-01-01 00:00 UTC." in run.stdout


def test_what_is_no_certificate_of_one_user_is_refused_and_nothing_of_it_is_shown(shell: Shell) -> None:
    alice = make_certificate("alice")
    certificate, key = alice.written(shell.folder, "alice")
    both = shell.folder / "both.pem"
    both.write_text(alice.pem + alice.key_pem)
    os.mkfifo(shell.folder / "pipe")
    add = ("user", "add", "bob", "--no-password", "--state", "s", "--certificate")
    for file, told in (
        (key, "a private key stands there"),
        (both, "a private key stands there"),
        (shell.folder / "none.pem", "No such file or directory"),
        (shell.folder / "pipe", "it is no regular file"),
        (shell.folder, "s a directory|no regular file"),
    ):
        run = shell.run(*add, str(file))
        assert (run.returncode, run.stdout) == (1, "")
        assert re.search(told, run.stderr)
        assert len(run.stderr.splitlines()) == 1
        assert alice.key_pem.splitlines()[1] not in run.stderr
    assert shell.run(*add, str(certificate)).returncode == 0
    twin = shell.run("user", "add", "eve", "--no-password", "--state", "s", "--certificate", str(certificate))
    assert (twin.returncode, "this certificate is bob's, who stands in " in twin.stderr) == (1, True)


def private_folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def test_roles_and_uid_are_changed_and_what_is_not_named_stays(shell: Shell) -> None:
    words = ("--state", "s")
    assert (
        shell.run("user", "add", "bob", "--uid", "7", "--role", "a", "--no-password", *words).returncode == 0
    )
    roles = shell.run("user", "change", "bob", "--role", "b", "--role", "c", *words)
    assert roles.stdout.splitlines()[0] == "bob has the roles b, c, and the uid 7."
    uid = shell.run("user", "change", "bob", "--uid", "8", *words)
    assert uid.stdout.splitlines()[0] == "bob has the roles b, c, and the uid 8."
    none = shell.run("user", "change", "bob", "--no-role", "--no-uid", *words)
    assert none.stdout.splitlines()[0] == "bob has no roles, and no uid."
    assert UserFile(shell.folder / "s").load() == (User(name="bob"),)


@pytest.mark.parametrize(
    "words",
    [
        ["change", "bob"],
        ["change", "bob", "--uid", "1", "--no-uid"],
        ["change", "bob", "--role", "a", "--no-role"],
        ["certificate", "bob"],
        ["certificate", "bob", "x.pem", "--none"],
        ["passwd", "bob", "--generate", "--no-password"],
    ],
)
def test_what_says_nothing_or_two_things_is_a_mistake_in_the_words(shell: Shell, words: list[str]) -> None:
    assert shell.run("user", *words, "--state", "s").returncode == 2


def test_a_change_to_what_the_configuration_has_is_refused(shell: Shell) -> None:
    made = make_certificate("alice")
    made.written(shell.folder, "alice")
    file = shell.folder / "doorward.toml"
    file.write_text('[users.alice]\nuid = 7\ncertificate = "alice.pem"\n')
    file.chmod(0o600)
    words = ("--state", "s", "--config", str(file))
    assert shell.run("user", "add", "bob", "--no-password", *words).returncode == 0
    uid = shell.run("user", "change", "bob", "--uid", "7", *words)
    assert (uid.returncode, f"uid 7 stands in {file} already" in uid.stderr) == (1, True)
    certificate = shell.run("user", "certificate", "bob", "alice.pem", *words)
    assert (certificate.returncode, "this certificate is alice's" in certificate.stderr) == (1, True)
    assert UserFile(shell.folder / "s").load() == (User(name="bob"),)


def test_a_forgotten_password_is_replaced_while_the_daemon_runs(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS)
    words = ("--generate", "--state", str(daemon.state))
    assert daemon.shell.run("user", "add", "alice", *words).returncode == 0
    run = daemon.shell.run("user", "passwd", "alice", *words)
    assert run.stdout.splitlines()[-1] == "The running daemon knows it already."
    assert argon2_check(stored_hash(daemon.state, "alice"), generated(run.stdout))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps the users of another's daemon")
def test_root_replaces_the_forgotten_password_of_another_user_s_state(
    shell: Shell, open_folder: Path
) -> None:
    state = open_folder / "s"
    state.mkdir(mode=0o700)
    assert shell.run("user", "add", "alice", "--no-password", "--state", str(state)).returncode == 0
    for each in (state, *state.iterdir()):
        os.chown(each, 4321, 4321)
    run = shell.run("user", "passwd", "alice", "--generate", "--state", str(state))
    assert run.returncode == 0, run.stderr
    assert argon2_check(stored_hash(state, "alice"), generated(run.stdout))
    assert (state / "users.json").stat().st_uid == 4321


MANY = "users have a password now: at Password? one types USER PASSWORD from now on.\n"
ONE = "alone has a password now: at Password? one types it without a name from now on.\n"


def test_what_a_change_makes_of_the_line_at_the_password_is_told(shell: Shell) -> None:
    def change(*words: str) -> str:
        run = shell.run("user", *words, "--state", "s")
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert "Password?" not in change("add", "alice", "--generate")
    assert f"2 {MANY}" in change("add", "bob", "--generate")
    assert "Password?" not in change("add", "carol", "--no-password")
    assert "Password?" not in change("passwd", "bob", "--generate")
    assert "Password?" not in change("passwd", "carol", "--generate")
    assert "Password?" not in change("remove", "carol")
    assert f"alice {ONE}" in change("passwd", "bob", "--no-password")
    assert f"2 {MANY}" in change("passwd", "bob", "--generate")
    assert f"bob {ONE}" in change("remove", "alice")
    assert "Password?" not in change("remove", "bob")


def test_the_users_of_the_configuration_count_for_that_line_too(shell: Shell) -> None:
    folder = Path(shell.environment["HOME"]) / ".config/doorward"
    folder.mkdir(parents=True)
    hashed = shell.run("hash-password", "--password-file", "-", stdin="sesame\n").stdout.strip()
    users = f'[users.zoe]\npassword = "{hashed}"\n'
    (folder / "doorward.toml").write_text(f"[doors.tls]\n{users}")
    (folder / "doorward.toml").chmod(0o600)
    added = shell.run("user", "add", "alice", "--generate", "--state", "s")
    assert f"2 {MANY}" in added.stdout, added.stderr
    (folder / "doorward.toml").write_text(f'[doors.tls]\nuser = "zoe"\n{users}')
    assert "Password?" not in shell.run("user", "remove", "alice", "--state", "s").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps the users of another's daemon")
def test_root_reads_the_doors_of_another_with_no_more_power_than_theirs(
    shell: Shell, open_folder: Path
) -> None:
    state = open_folder / "s"
    state.mkdir(mode=0o700)
    (state / "doors.json").write_text(json.dumps({"tcp": ["127.0.0.1:1"]}))
    os.chown(state, 4321, 4321)  # and the list of doors is root's: a hard link, say
    (state / "doors.json").chmod(0o600)
    run = shell.run("user", "add", "alice", "--no-password", "--state", str(state))
    assert run.returncode == 0, run.stderr
    assert "Whether a daemon runs is not known: " in run.stdout
    assert "doors.json cannot be read: Permission denied" in run.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["add", "bob", "--password-file", "none"],
        ["add", "Bob", "--no-password"],
        ["remove", "bob"],
        ["passwd", "bob", "--generate"],
        ["change", "bob", "--uid", "7"],
        ["certificate", "bob", "--none"],
    ],
)
def test_what_fails_makes_no_state(shell: Shell, words: list[str]) -> None:
    assert shell.run("user", *words, "--state", "s").returncode == 1
    assert not (shell.folder / "s").exists()


def test_nobody_can_be_removed_from_an_empty_state(shell: Shell) -> None:
    run = shell.run("user", "remove", "zed", "--state", "s")
    assert (run.returncode, "there is no such user here" in run.stderr) == (1, True)


def test_a_list_of_nobody_says_so_and_makes_nothing(shell: Shell) -> None:
    run = shell.run("user", "list", "--state", "s")
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == f"doorward: {shell.folder}/s/users.json has no users\n"
    assert not (shell.folder / "s").exists()


def test_a_state_that_others_can_read_is_refused(shell: Shell) -> None:
    (shell.folder / "s").mkdir(mode=0o755)
    run = shell.run("user", "list", "--state", "s")
    assert (run.returncode, "chmod 700" in run.stderr) == (1, True)


def test_a_password_file_that_is_not_there_or_no_text_is_an_error(shell: Shell) -> None:
    none = shell.run("hash-password", "--password-file", "none")
    assert (none.returncode, none.stderr) == (1, "doorward: none cannot be read: no such file or directory\n")
    file = shell.folder / "latin"
    file.write_bytes(b"caf\xe9\n")
    file.chmod(0o600)
    latin = shell.run("hash-password", "--password-file", "latin")
    assert (latin.returncode, "is no text in UTF-8" in latin.stderr) == (1, True)


def test_a_password_is_typed_twice_and_never_shown(shell: Shell) -> None:
    words = shell.words("user", "add", "tess", "--state", "s")
    status, text = typed_at_prompts(shell, words, ["sesame", "sesame"])
    assert status == 0, text
    assert "sesame" not in text
    assert argon2_check(stored_hash(shell.folder / "s", "tess"), b"sesame")


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [(["one", "two"], "the two passwords differ"), ([""], "an empty password is none")],
)
def test_passwords_that_differ_or_are_empty_change_nothing(
    shell: Shell, answers: list[str], complaint: str
) -> None:
    status, text = typed_at_prompts(shell, shell.words("user", "add", "tess", "--state", "s"), answers)
    assert (status, complaint in text) == (1, True)
    assert UserFile(shell.folder / "s").load() == ()


def test_hash_password_prints_what_a_configuration_takes(shell: Shell) -> None:
    run = shell.run("hash-password", "--password-file", "-", stdin="pässwörd\nrest\n")
    assert run.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert argon2_check(run.stdout.strip(), "pässwörd".encode())
    as_json = shell.run("hash-password", "--password-file", "-", "--json", stdin="one\n")
    assert argon2_check(json.loads(as_json.stdout)["password"], b"one")
    empty = shell.run("hash-password", "--password-file", "-", stdin="\n")
    assert (empty.returncode, empty.stderr) == (
        1,
        "doorward: the first line of stdin is empty and so no password\n",
    )
