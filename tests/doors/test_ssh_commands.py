"""`ssh host COMMAND`, as OpenSSH's client sees it: streams, input, statuses, signals, ends."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.testing.door_contract import COMMANDS
from tests.doors.daemon import TCP, UNIX, Daemon, is_alive, running, until
from tests.doors.ssh_peers import SSH, Ssh, make_key, needs_ssh, port_of, users
from tests.plugins.soak import IS_SOAK

pytestmark = needs_ssh

BYTES = 50_000_000 if IS_SOAK else 4_000_000

FURTHER = f"""
[limits]
runs_per_user = 30
[commands.stream]
run = ["head", "-c", "{BYTES}", "/dev/zero"]
output_bytes = 60000000
[commands.bytes]
run = ["seq", "1", "300000"]
output_bytes = 60000000
[commands.big]
run = ["cat"]
input = true
input_bytes = 60000000
output_bytes = 60000000
[commands.termed]
run = ["sh", "-c", "kill -TERM $$"]
[commands.last]
run = ["sh", "-c", "exit 255"]
[commands.stopped]
run = ["sh", "-c", "echo begun; exec sleep 1000"]
linger_seconds = 0.1
[commands.kept]
run = ["sh", "-c", "echo begun; exec sleep 1000"]
detach = true
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("ssh")
    key = make_key(folder)
    config = SSH + TCP + UNIX + users(key) + COMMANDS.replace('roles = ["guest"]\n', "") + FURTHER
    with running(folder, config) as daemon:
        yield daemon


@pytest.fixture
def ssh(daemon: Daemon, tmp_path: Path) -> Ssh:
    return Ssh(port=port_of(daemon), folder=tmp_path, key=daemon.state.parent / "key")


def test_streams_and_status_are_the_command_s(ssh: Ssh) -> None:
    run = ssh.run("both")
    assert (run.returncode, run.stdout, run.stderr) == (3, b"out\n", b"err\n")
    run = ssh.run("unended")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"no line ending", b"")


def test_the_last_of_all_statuses_is_the_command_s_too(ssh: Ssh) -> None:
    told = replace(ssh, options=("-v", "-o", "LogLevel=DEBUG1")).run("last")
    assert told.returncode == 255
    assert b"Exit status 255" in told.stderr


def test_a_line_keeps_its_quotes(ssh: Ssh) -> None:
    assert ssh.run("echo 'a  b' \"c d\" é☃").stdout.decode() == "a  b c d é☃\n"


@pytest.mark.parametrize("name", ["killed", "termed"])
def test_a_signal_is_an_exit_signal(ssh: Ssh, name: str) -> None:
    run = ssh.run(name)
    assert (run.returncode, run.stdout) == (255, b"")
    told = replace(ssh, options=("-v", "-o", "LogLevel=DEBUG1")).run(name).stderr
    assert b"client_input_channel_req: channel 0 rtype exit-signal" in told


def test_what_we_stop_or_refuse_says_why_on_stderr(ssh: Ssh) -> None:
    wanted = {
        "slow": (124, b"doorward: stopped after 0.2 s\n"),
        "flood": (0, b"doorward: output cut at 1001 bytes\n"),
        "nothing-of-this-name": (127, b"doorward: there is no command 'nothing-of-this-name'\n"),
        "echo 'open": (126, b"doorward: the words could not be read: an open quote, or no UTF-8\n"),
        "help form=xml": (126, b"doorward: form: "),
    }
    for line, (status, said) in wanted.items():
        run = ssh.run(line)
        assert (run.returncode, run.stderr[: len(said)]) == (status, said), line
    assert ssh.run("x" * 9000).returncode == 126


def test_input_goes_to_the_command_and_ends(ssh: Ssh) -> None:
    sent = bytes(range(256)) * 1024
    run = ssh.run("copy", stdin=sent)
    assert (run.returncode, run.stdout) == (0, sent)


def test_input_that_nobody_reads_and_none_at_all_are_no_matter(ssh: Ssh) -> None:
    assert ssh.run("lines", stdin=b"x" * 1_000_000).stdout == b"one\ntwo\n"
    assert ssh.run("lines").stdout == b"one\ntwo\n"
    quiet = replace(ssh, options=("-n",))
    assert quiet.run("copy").returncode == 0


def test_much_output_is_whole(ssh: Ssh) -> None:
    """Twice, since the limit of one run is 64 MiB."""
    wanted = hashlib.sha256(bytes(BYTES)).hexdigest()
    for _ in range(2):
        run = ssh.run("stream")
        assert (run.returncode, run.stderr) == (0, b"")
        assert hashlib.sha256(run.stdout).hexdigest() == wanted
    lines = b"".join(b"%d\n" % number for number in range(1, 300_001))
    assert ssh.run("bytes").stdout == lines


def test_much_goes_in_and_comes_out_at_once(ssh: Ssh) -> None:
    sent = os.urandom(1024) * 4096
    run = ssh.run("big", stdin=sent)
    assert hashlib.sha256(run.stdout).digest() == hashlib.sha256(sent).digest()


def test_output_is_whole_over_keys_that_are_agreed_anew(ssh: Ssh) -> None:
    often = replace(ssh, options=("-o", "RekeyLimit=256K"))
    sent = os.urandom(1024) * 2048
    assert often.run("big", stdin=sent).stdout == sent


def test_a_terminal_has_one_stream_and_its_own_line_ends(ssh: Ssh) -> None:
    terminal = replace(ssh, options=("-tt",))
    run = terminal.run("both")
    assert (run.returncode, run.stdout, run.stderr) == (3, b"out\r\nerr\r\n", b"")


def test_what_is_typed_at_a_terminal_is_shown_and_handed_over_line_by_line(ssh: Ssh) -> None:
    client = replace(ssh, options=("-tt",)).start("copy", stdin=subprocess.PIPE)
    assert client.stdin is not None
    assert client.stdout is not None
    for typed, shown in ((b"abc\r", b"abc\r\nabc\r\n"), (b"de\x7ff\r", b"de\b \bf\r\ndf\r\n")):
        client.stdin.write(typed)
        client.stdin.flush()
        assert client.stdout.read(len(shown)) == shown
    rest, _ = client.communicate(b"\x04", timeout=20)
    assert (client.returncode, rest) == (0, b"")


def test_ctrl_c_at_a_terminal_cancels_the_run(ssh: Ssh, daemon: Daemon) -> None:
    client = replace(ssh, options=("-tt",)).start("hold", stdin=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdin is not None
    assert client.stdout.readline() == b"holding\r\n"
    client.stdin.write(b"\x03")
    client.stdin.flush()
    assert client.wait(20) == 128 + signal.SIGTERM
    assert client.stdout.read() == b"^C\r\ndoorward: cancelled\r\n"
    client.stdin.close()
    client.stdout.close()
    if client.stderr is not None:
        client.stderr.close()


def _begun(client: "subprocess.Popen[bytes]") -> None:
    assert client.stdout is not None
    assert client.stdout.readline() == b"begun\n"


def _gone(client: "subprocess.Popen[bytes]", number: int) -> None:
    client.send_signal(number)
    client.wait(20)
    for pipe in (client.stdout, client.stderr):
        if pipe is not None:
            pipe.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_client_that_goes_away_is_a_reader_that_left(ssh: Ssh, daemon: Daemon, number: int) -> None:
    client = ssh.start("stopped")
    _begun(client)
    run = _run_of(daemon, "stopped")
    _gone(client, number)
    assert daemon.audited(event="end", run=run)["outcome"] == "cancelled"


def test_a_detached_run_goes_on_without_it(ssh: Ssh, daemon: Daemon) -> None:
    client = ssh.start("kept")
    _begun(client)
    run = _run_of(daemon, "kept")
    _gone(client, signal.SIGKILL)
    assert b"kept" in ssh.run("runs").stdout
    assert ssh.run("cancel", str(run)).stdout == b"Run %d is being stopped.\n" % run


def test_many_sessions_share_one_connection(ssh: Ssh, daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "m"
    master = replace(ssh, options=("-o", f"ControlPath={path}", "-o", "ControlMaster=yes", "-N"))
    through = replace(ssh, options=("-o", f"ControlPath={path}"))
    before = len(_begun_runs(daemon, "both"))
    client = master.start()
    try:
        until(lambda: path.exists() or None, "the master")
        started = [through.start("both") for _ in range(8)]
        for each in started:
            out, err = each.communicate(timeout=20)
            assert (each.returncode, out, err) == (3, b"out\n", b"err\n")
        ran = until(
            lambda: new if len(new := _begun_runs(daemon, "both")[before:]) == 8 else None, "eight runs"
        )
        assert len(set(ran)) == 1
    finally:
        _gone(client, signal.SIGTERM)


def test_no_more_than_ten_sessions_are_open_at_once(ssh: Ssh, daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "m"
    client = replace(ssh, options=("-o", f"ControlPath={path}", "-o", "ControlMaster=yes", "-N")).start()
    through = replace(ssh, options=("-o", f"ControlPath={path}", "-o", "ControlMaster=no"))
    holding = []
    try:
        until(lambda: path.exists() or None, "the master")
        holding += [through.start("copy", stdin=subprocess.PIPE) for _ in range(10)]
        until(lambda: len(_runs_of(daemon, "copy")) == 10 or None, "ten runs")
        # OpenSSH goes on with a connection of its own then
        refused = through.run("lines")
        assert (refused.returncode, refused.stdout) == (0, b"one\ntwo\n")
        assert b"Session open refused by peer" in refused.stderr
    finally:
        for each in holding:
            _gone(each, signal.SIGKILL)
            if each.stdin is not None:
                each.stdin.close()
        _gone(client, signal.SIGTERM)


def _begun_runs(daemon: Daemon, command: str) -> list[int]:
    """By which connections its runs came so far."""
    return [
        line["visitor"] for line in daemon.audit() if line["event"] == "run" and line["command"] == command
    ]


def _runs_of(daemon: Daemon, command: str) -> list[int]:
    """The numbers of those that are under way."""
    begun = {line["run"]: line for line in daemon.audit() if line["event"] == "run"}
    ended = {line["run"] for line in daemon.audit() if line["event"] == "end"}
    return [run for run, line in begun.items() if run not in ended and line["command"] == command]


def _run_of(daemon: Daemon, command: str) -> int:
    """The number of the only one, waited for."""
    (run,) = until(lambda: _runs_of(daemon, command) or None, f"a run of {command}")
    return run


def test_it_goes_to_the_background_once_it_has_logged_in(ssh: Ssh, tmp_path: Path) -> None:
    run = replace(ssh, options=("-f",)).run("lines")
    assert (run.returncode, run.stdout) == (0, b"one\ntwo\n")


def test_xargs_asks_for_many_at_once(ssh: Ssh) -> None:
    words = ["xargs", "-P", "4", "-I{}", *ssh.words("echo", "{}")]
    run = subprocess.run(
        words, input=b"1\n2\n3\n4\n5\n6\n", capture_output=True, env=ssh.environment, timeout=30, check=True
    )
    assert sorted(run.stdout.split()) == [b"1", b"2", b"3", b"4", b"5", b"6"]


def test_lines_from_a_pipe_are_answered_in_their_order(ssh: Ssh) -> None:
    run = ssh.run(stdin=b"echo 1\r\nboth\n\nnothing\necho 2")
    assert run.stdout == b"1\nout\n2\n"
    assert run.stderr == b"err\ndoorward: there is no command 'nothing'\n"
    assert run.returncode == 0
    assert ssh.run(stdin=b"both\nquit\nlines\n").stdout == b"out\n"
    assert ssh.run(stdin=b"both\n").returncode == 3
    assert ssh.run(stdin=b"").returncode == 0
    many = b"".join(b"echo %d\n" % number for number in range(500))
    assert ssh.run(stdin=many).stdout == many.replace(b"echo ", b"")
    assert ssh.run(stdin=b"x" * 10_000).returncode == 126


def test_who_asked_is_known_at_every_door(ssh: Ssh, daemon: Daemon) -> None:
    assert b"you are alice (operator) at the ssh door" in ssh.run("whoami").stdout
    audited = daemon.audited(event="login", who="alice", door="ssh")
    assert audited["how"] == "key"
    assert audited["key"].startswith("SHA256:")
    assert is_alive(daemon.pid)
