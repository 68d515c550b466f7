"""
`doorward ask` as a shell and a person see it, against a real daemon.

What does not depend on the door is asked at the unix door, at the web door and at the ssh door.
"""

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import Written, server_context
from tests.cli.ssh_doors import start_ssh_daemon
from tests.cli.web_doors import start_web_daemon
from tests.clients.lines.peers import LoginServer, listening, listening_tls, old_server
from tests.daemon import (
    ANSWER_SECONDS,
    DOORS,
    RunningDaemon,
    Shell,
    StartDaemon,
    daemons,
    fresh_shell,
)
from tests.doors.daemon import until
from tests.doors.ssh_peers import needs_ssh


@pytest.fixture(scope="module", params=["unix", "web", pytest.param("ssh", marks=needs_ssh)])
def daemon(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    """One daemon for all tests, whose shell asks at this door as an admin."""
    folder = tmp_path_factory.mktemp("asked")
    shell = fresh_shell(folder)
    with daemons(folder, shell) as start:
        match request.param:
            case "web":
                yield start_web_daemon(start)
            case "ssh":
                yield start_ssh_daemon(start, Path(shell.environment["HOME"]))
            case _:
                yield start()


def read_until(process: subprocess.Popen[bytes], wanted: bytes) -> bytes:
    assert process.stdout is not None
    data = b""
    while wanted not in data:
        assert select.select([process.stdout], [], [], ANSWER_SECONDS)[0], "nothing came"
        more = os.read(process.stdout.fileno(), 65536)
        assert more, f"it ended: {process.communicate()}"
        data += more
    return data


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=ANSWER_SECONDS)
    return process.returncode, out, err


def outcomes(daemon: RunningDaemon) -> list[object]:
    """How each run ended, the newest first; None for one that lives."""
    listed = json.loads(daemon.shell.run("runs", "--json").stdout)
    listed.sort(key=lambda run: -run["run"])
    return [run["outcome"]["kind"] if run["outcome"] else None for run in listed]


def cancels(daemon: RunningDaemon) -> int:
    """How often somebody has cancelled."""
    return (daemon.state / "audit.jsonl").read_text().count('"event":"cancel"')


def await_outcome(daemon: RunningDaemon, kind: str) -> None:
    """Wait until the newest run has ended so."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while outcomes(daemon)[0] != kind:
        assert time.monotonic() < deadline, outcomes(daemon)


@pytest.mark.parametrize(
    ("words", "status", "out", "err"),
    [
        (["echo", "hello"], 0, "hello\n", ""),
        (["fail"], 3, "out\n", "err\n"),
        (["die"], 137, "", "doorward: killed by signal 9\n"),
        (["brief"], 124, "", "doorward: stopped after 0.2 s\n"),
        (["pick", "pink"], 126, "", "doorward: colour: expected one of red, green, blue, got 'pink'\n"),
        (["pikc"], 127, "", "doorward: there is no command 'pikc'; did you mean pick?\n"),
        (["echo", "a  b", "it's", ""], 0, "a  b it's \n", ""),
        (["pick", "red", "count=4"], 0, "red 4\n", ""),
    ],
)
def test_output_and_exit_status_are_the_commands_own(
    daemon: RunningDaemon, words: list[str], status: int, out: str, err: str
) -> None:
    run = daemon.shell.run("ask", *words)
    assert (run.returncode, run.stdout, run.stderr.replace('"', "'")) == (status, out, err)


def test_options_end_at_the_first_word_of_the_command(daemon: RunningDaemon) -> None:
    run = daemon.shell.run("ask", "help", "--json")
    assert run.returncode != 0
    assert "--json" in run.stderr
    assert "Usage" not in daemon.shell.run("ask", "echo", "--help").stdout


def test_an_option_after_the_command_is_pointed_out_where_it_was_not_taken(daemon: RunningDaemon) -> None:
    hint = "went to the daemon as a word: options of ask stand before the command\n"
    for words in (["df", "--help"], ["df", "--timeout", "2"], ["df", "--timeout=2"]):
        run = daemon.shell.run("ask", *words)
        assert run.returncode == 126
        assert run.stderr.endswith(f"doorward: {words[1]} {hint}")
    assert hint not in daemon.shell.run("ask", "echo", "--help").stderr
    assert hint not in daemon.shell.run("ask", "df", "--frobnicate").stderr


def test_stdin_is_passed_on_when_the_command_takes_it(daemon: RunningDaemon) -> None:
    text = "".join(f"line {number}\n" for number in range(50_000))
    assert daemon.shell.run("ask", "copy", stdin=text).stdout == text


def test_a_loop_over_lines_keeps_its_lines(daemon: RunningDaemon) -> None:
    ask = " ".join(daemon.shell.words("ask", "echo", "hi"))
    loop = subprocess.run(
        ["sh", "-c", f"printf 'a\\nb\\nc\\n' | while read x; do {ask} >/dev/null; echo $x; done"],
        check=True,
        capture_output=True,
        text=True,
        env=dict(daemon.shell.environment),
    )
    assert loop.stdout == "a\nb\nc\n"


def test_a_closed_stdin_is_an_empty_one(daemon: RunningDaemon) -> None:
    ask = " ".join(daemon.shell.words("ask", "copy"))
    run = subprocess.run(
        ["sh", "-c", f"{ask} <&-"],
        check=False,
        capture_output=True,
        env=dict(daemon.shell.environment),
        timeout=ANSWER_SECONDS,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_output_comes_while_the_command_runs_and_ctrl_c_cancels_it(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "wait")
    assert read_until(process, b"begun\n") == b"begun\n"
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, b"", b"doorward: cancelled\n")
    assert outcomes(daemon)[0] == "cancelled"


def test_a_second_ctrl_c_leaves_at_once(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "stubborn")
    read_until(process, b"begun\n")
    before = cancels(daemon)
    process.send_signal(signal.SIGINT)
    until(lambda: cancels(daemon) > before, "a cancelled run")
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 130
    # it did not wait for the end, which is 5 s away
    assert outcomes(daemon)[0] is None


def test_ctrl_c_reaches_the_daemon_while_stdout_is_stalled(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "flood")
    read_until(process, b"y\n")
    process.send_signal(signal.SIGINT)
    await_outcome(daemon, "cancelled")
    status, _, said = finish(process)
    assert status == 130
    assert said.endswith(b"doorward: cancelled\n")


def test_a_reader_that_leaves_ends_it_quietly(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "flood")
    read_until(process, b"y\n")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=ANSWER_SECONDS) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_reader_that_leaves_ends_a_command_that_writes_nothing_more(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "wait")
    read_until(process, b"begun\n")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=ANSWER_SECONDS) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_person_who_interrupts_is_told_what_a_second_time_does(daemon: RunningDaemon) -> None:
    status, text = interrupted_on_a_terminal(daemon.shell, daemon.shell.words("ask", "wait"), "begun\r\n")
    assert status == 130
    assert text.endswith("doorward: stopping; Ctrl-C again leaves\r\ndoorward: cancelled\r\n")


def interrupted_on_a_terminal(shell: Shell, words: list[str], awaited: str) -> tuple[int, str]:
    """Run it on a terminal of its own, and type Ctrl-C once `awaited` has come."""
    pid, master = pty.fork()
    if pid == 0:
        try:
            os.execve(words[0], words, dict(shell.environment))  # noqa: S606 - what a shell does
        finally:
            os._exit(99)
    text, is_typed = "", False
    try:
        while select.select([master], [], [], ANSWER_SECONDS)[0]:
            try:
                text += os.read(master, 4096).decode()
            except OSError:  # its side is closed
                break
            if awaited in text and not is_typed:
                is_typed = os.write(master, b"\x03") == 1
    finally:
        os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text


def test_a_daemon_that_dies_in_the_middle_is_an_error(start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    process = daemon.shell.start("ask", "wait")
    read_until(process, b"begun\n")
    url = daemon.unix_url
    daemon.process.kill()
    status, _, err = finish(process)
    assert status == 125
    assert err.startswith(f"doorward: {url}: read: ".encode())
    assert b"before the answer was complete" in err
    assert err.endswith(b"is not known: the daemon is gone, and its runs with it.\n")
    assert len(err.splitlines()) == 1
    left = daemon.shell.run("ask", "df", environment={"DOORWARD_AT": url})
    assert left.returncode == 125
    assert "connect: the socket was left behind by a daemon that is gone. `doorward serve`" in left.stderr


def test_the_time_limit_of_the_asker_cancels(daemon: RunningDaemon) -> None:
    run = daemon.shell.run("ask", "--timeout", "0.5", "wait")
    assert (run.returncode, run.stdout) == (124, "begun\n")
    assert run.stderr == "doorward: cancelled, as the time of --timeout was over\n"


def test_json_holds_the_whole_answer(daemon: RunningDaemon) -> None:
    run = daemon.shell.run("ask", "--json", "fail")
    answer = json.loads(run.stdout)
    assert run.returncode == 3
    assert answer.pop("run") > 0
    assert answer == {
        "command": ["fail"],
        "outcome": {"kind": "exited", "exit_status": 3, "status": 3},
        "exit_status": 3,
        "stdout": "out\n",
        "stderr": "err\n",
    }
    uptime = json.loads(daemon.shell.run("ask", "--json", "uptime").stdout)
    assert set(uptime["drawing"]["figures"]) == {"1 min", "5 min", "15 min"}


def test_what_is_refused_is_126_with_the_reason(daemon: RunningDaemon) -> None:
    run = daemon.shell.run("ask", "--at", daemon.tcp_url, "fail")
    assert (run.returncode, run.stderr) == (126, "doorward: guest may not run fail\n")


def test_a_peer_without_frames_is_shown_and_its_status_is_unknown(shell: Shell) -> None:
    with listening(old_server) as url:
        run = shell.run("ask", "--at", url, "df")
    assert (run.returncode, run.stdout) == (125, "Welcome.\nyou said df\n")
    assert run.stderr == "doorward: the peer speaks no frames, so the exit status is unknown\n"


def test_a_password_comes_from_a_file_or_the_environment(shell: Shell, localhost: Written) -> None:
    server = LoginServer("alice open sesame")
    secret = shell.folder / "secret"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)
    with listening_tls(server, server_context(localhost)) as url:
        words = ("ask", "--at", url, "--ca", str(localhost.file), "--user", "alice")
        assert shell.run(*words, "--password-file", "secret", "df").stdout == "df\n"
        given = shell.run(*words, "df", environment={"DOORWARD_PASSWORD": "open sesame"})
        assert given.stdout == "df\n"
        wrong = shell.run(*words, "df", environment={"DOORWARD_PASSWORD": "shut"})
        assert (wrong.returncode, wrong.stderr) == (126, "doorward: the login was refused\n")
        none = shell.run(*words, "df")
        assert none.returncode == 125
        assert "there is no terminal to ask for it. Use --password-file" in none.stderr
        secret.chmod(0o644)
        open_to_all = shell.run(*words, "--password-file", "secret", "df")
        assert open_to_all.returncode == 1
        assert "chmod 600 secret" in open_to_all.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--password-file", "none"],
        ["--client-certificate", "none"],
        ["--client-certificate", ".", "--client-key", "none"],
    ],
)
def test_a_file_to_log_in_with_that_is_not_there_is_told_at_every_door(
    daemon: RunningDaemon, words: list[str]
) -> None:
    run = daemon.shell.run("ask", *words, "echo", "hi")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"doorward: {words[-2]} none: no such file or directory\n"


def test_a_password_goes_to_nobody_without_tls(shell: Shell) -> None:
    server = LoginServer("alice sesame")
    with listening(server) as url:
        run = shell.run(
            "ask", "--at", url, "--user", "alice", "df", environment={"DOORWARD_PASSWORD": "sesame"}
        )
    assert (run.returncode, server.logins) == (125, [])
    assert run.stderr.startswith(f"doorward: {url}: login: it asks for a password, which no door")


def test_a_full_disk_behind_stdout_is_said(daemon: RunningDaemon) -> None:
    for words in (("ask", "echo", "x"), ("ask", "--json", "echo", "x"), ("check",)):
        with open("/dev/full", "wb") as full:
            run = subprocess.run(
                daemon.shell.words(*words),
                check=False,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=dict(daemon.shell.environment),
                timeout=ANSWER_SECONDS,
            )
        assert run.returncode == 125
        assert run.stderr == "doorward: the system refused: [Errno 28] No space left on device\n"


def move_here(daemon: RunningDaemon) -> None:
    """Have the state of `daemon` stand in the working folder, and its old path lead there."""
    here = daemon.shell.folder / ".doorward"
    daemon.state.rename(here)
    daemon.state.symlink_to(here)


def test_a_daemon_with_its_state_in_the_folder_is_found_without_a_word(start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    (daemon.shell.folder / ".doorward").symlink_to(daemon.state)
    elsewhere = {"DOORWARD_AT": ""}
    # a link could be anybody's: only a folder of one's own is believed
    assert daemon.shell.run("ask", "whoami", environment=elsewhere).returncode == 125
    (daemon.shell.folder / ".doorward").unlink()
    move_here(daemon)
    assert "you are admin" in daemon.shell.run("ask", "whoami", environment=elsewhere).stdout


def test_a_socket_that_a_killed_daemon_left_is_passed_over(start_daemon: StartDaemon) -> None:
    dead, living = start_daemon(), start_daemon()
    dead.process.kill()
    dead.process.wait()
    folder = dead.shell.folder / ".doorward"
    folder.mkdir(mode=0o700)
    (folder / "doors.json").write_text((dead.state / "doors.json").read_text() if dead.doors else "{}")
    home = Path(dead.shell.environment["HOME"]) / ".local/state/doorward"
    home.mkdir(parents=True)
    (home / "doors.json").write_text((living.state / "doors.json").read_text())
    run = dead.shell.run("ask", "echo", "here", environment={"DOORWARD_AT": ""})
    assert (run.returncode, run.stdout) == (0, "here\n")


def test_state_names_the_daemon_even_where_its_socket_stands_elsewhere(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    path = tmp_path / "own.sock"
    daemon = start_daemon(DOORS.replace("[doors.unix]", f'[doors.unix]\nlisten = "{path}"'))
    assert daemon.doors["unix"] == [str(path)]
    run = daemon.shell.run("ask", "--state", str(daemon.state), "whoami", environment={"DOORWARD_AT": ""})
    assert "you are admin" in run.stdout


def test_without_a_unix_door_the_tcp_door_is_asked(daemon: RunningDaemon) -> None:
    folder = daemon.shell.folder / "s"
    folder.mkdir(mode=0o700)
    (folder / "doors.json").write_text(json.dumps({"tcp": daemon.doors["tcp"]}))
    run = daemon.shell.run("ask", "--state", "s", "whoami", environment={"DOORWARD_AT": ""})
    assert "you are guest at the tcp door" in run.stdout


def test_an_interrupt_that_the_caller_ignores_is_ignored(daemon: RunningDaemon) -> None:
    ask = " ".join(daemon.shell.words("ask", "--timeout", "1", "wait"))
    process = subprocess.Popen(
        ["sh", "-c", f"trap '' INT; exec {ask}"],
        env=dict(daemon.shell.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    read_until(process, b"begun\n")
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 124


def test_where_no_daemon_is_the_places_are_named(shell: Shell) -> None:
    run = shell.run("ask", "df")
    assert run.returncode == 125
    assert run.stderr.startswith("doorward: no daemon found: connect: none listens in ./.doorward, ")
    # somebody else's daemon may run on this machine
    assert "`doorward serve`" in run.stderr or "Something answers on tcp://127.0.0.1:7022" in run.stderr
    assert len(run.stderr.splitlines()) == 1
