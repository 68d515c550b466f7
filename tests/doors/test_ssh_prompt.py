"""The prompt, as somebody at a terminal sees it: typed into tmux, and its screen read."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.doors.daemon import UNIX, Daemon, running, until
from tests.doors.ssh_peers import SSH, Ssh, make_key, needs_ssh, port_of, users
from tests.terminals import SEEN_SECONDS, Terminal, needs_tmux

pytestmark = [needs_ssh, needs_tmux]

COMMANDS = """
[commands.both]
run = ["sh", "-c", "echo out; echo err >&2; exit 3"]
[commands.unended]
run = ["printf", "no line ending"]
[commands.copy]
run = ["cat"]
input = true
[commands.hold]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
[commands.count]
run = ["sh", "-c", "for n in 1 2 3 4 5 6; do echo line $n; sleep 0.1; done"]
[commands.pick]
summary = "Say a colour"
run = ["echo", "{colour}", "{count}"]
[commands.pick.parameters]
colour = { type = "choice", choices = ["red", "green", "blue"] }
count = { type = "integer", min = 1, max = 9, default = 2 }
[commands.hidden]
run = ["cat", "{word}"]
[commands.hidden.parameters]
word = { type = "secret" }
[commands.foreign]
run = ["true"]
roles = ["nobody"]
"""
PROMPT = "doorward>"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("ssh")
    motd = 'motd = "Good day."\n'
    config = SSH + motd + UNIX + users(make_key(folder)) + users(name="bob") + COMMANDS
    with running(folder, config) as daemon:
        yield daemon


@contextmanager
def opened(daemon: Daemon, folder: Path, *options: str) -> Iterator[Terminal]:
    ssh = Ssh(port=port_of(daemon), folder=folder, key=daemon.state.parent / "key", options=options)
    terminal = Terminal(folder, ssh.words(), ssh.environment)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def terminal(daemon: Daemon, tmp_path: Path) -> Iterator[Terminal]:
    with opened(daemon, tmp_path) as terminal:
        terminal.sees(PROMPT)
        yield terminal


def test_lines_are_answered_below_each_other(terminal: Terminal) -> None:
    terminal.type("echo '漢字' é ☃")
    terminal.sees("☃")
    terminal.press("Enter")
    terminal.sees(f"漢字 é ☃\n{PROMPT}")
    for line in ("unended", "both", "nothing"):
        terminal.type(line)
        terminal.press("Enter")
        terminal.shows(line)
        terminal.sees(f"\n{PROMPT}")
    assert terminal.screen() == (
        "Good day.\n"
        f"{PROMPT} echo '漢字' é ☃\n漢字 é ☃\n"
        f"{PROMPT} unended\nno line ending\n"
        f"{PROMPT} both\nout\nerr\nexit status 3\n"
        f"{PROMPT} nothing\nthere is no command 'nothing'\n{PROMPT}"
    )


def test_a_line_is_edited_with_the_usual_keys(terminal: Terminal) -> None:
    terminal.type("ech wörld")
    terminal.press("C-a", "Right", "Right", "Right")
    terminal.type("o hello")
    terminal.press("C-e")
    terminal.type("s漢x")
    terminal.press("BSpace", "Left", "BSpace", "C-e")
    terminal.sees("echo hello wörld漢")
    terminal.press("C-w")
    terminal.sees("echo hello")
    terminal.press("C-y", "C-a", "C-k")
    terminal.sees(PROMPT)
    terminal.press("C-y", "Enter")
    terminal.sees(f"hello wörld漢\n{PROMPT}")
    terminal.type("gone")
    terminal.press("C-u", "C-l")
    # the screen is empty but for the prompt
    end_at = time.monotonic() + SEEN_SECONDS
    while terminal.screen() != PROMPT and time.monotonic() < end_at:
        time.sleep(0.02)
    assert terminal.screen() == PROMPT


def test_what_was_asked_is_found_again_in_this_session_and_the_next(
    daemon: Daemon, terminal: Terminal, tmp_path: Path
) -> None:
    for line in ("echo first", "echo second"):
        terminal.type(line)
        terminal.press("Enter")
        terminal.sees(f"{line.removeprefix('echo ')}\n{PROMPT}")
    terminal.press("Up", "Up")
    terminal.sees(f"{PROMPT} echo first")
    terminal.press("C-c")
    terminal.sees(f"\n{PROMPT}")
    terminal.press("C-r")
    terminal.type("sec")
    terminal.sees("(reverse-i-search)`sec': echo second")
    terminal.press("Enter", "Enter")
    terminal.type("echo third")
    terminal.press("Enter")
    terminal.sees(f"third\n{PROMPT}")
    terminal.press("C-d")
    terminal.sees("\nended with 0")
    folder = tmp_path / "again"
    folder.mkdir()
    with opened(daemon, folder) as again:
        again.sees(PROMPT)
        again.press("Up", "Up")
        again.sees(f"{PROMPT} echo second")


def test_a_line_with_a_secret_is_not_remembered(terminal: Terminal) -> None:
    terminal.type("echo before")
    terminal.press("Enter")
    terminal.sees(f"before\n{PROMPT}")
    for line in ("hidden swordfish", "hid'den' swordfish", "  hidden secret=swordfish"):
        terminal.type(line)
        terminal.press("Enter")
        terminal.sees(f"swordfish\n{PROMPT}")
    terminal.type("hidden 'swordfish")
    terminal.press("Enter")
    terminal.sees(f"an open quote, or no UTF-8\n{PROMPT}")
    terminal.press("Up")
    terminal.sees(f"{PROMPT} echo before")


def test_tab_completes_commands_parameters_and_choices(terminal: Terminal) -> None:
    terminal.type("pi")
    terminal.press("Tab")
    terminal.sees(f"{PROMPT} pick")
    terminal.type(" gr")
    terminal.press("Tab")
    terminal.sees(f"{PROMPT} pick green")
    terminal.type(" ")
    terminal.press("Tab")
    terminal.sees(f"{PROMPT} pick green count=")
    terminal.type("7")
    terminal.press("Enter")
    terminal.sees(f"green 7\n{PROMPT}")
    terminal.type("pick colour=b")
    terminal.press("Tab")
    terminal.sees("colour=blue")
    terminal.press("Enter")
    terminal.sees(f"blue 2\n{PROMPT}")
    terminal.type("help pi")
    terminal.press("Tab")
    terminal.sees(f"{PROMPT} help pick")
    terminal.press("C-u", "Tab")
    assert "Stop a run" in terminal.shows("Follow a run from its start")
    terminal.press("C-c")
    terminal.sees(f"\n{PROMPT}")
    terminal.type("fore")
    terminal.press("Tab")
    terminal.type("x")
    terminal.sees(f"{PROMPT} forex")


def test_ctrl_c_stops_what_is_under_way_and_leaves_the_prompt(terminal: Terminal) -> None:
    terminal.type("hold")
    terminal.press("Enter")
    terminal.sees("holding")
    terminal.press("C-c")
    terminal.sees(f"holding\n^C\ncancelled\n{PROMPT}")
    terminal.type("given up")
    terminal.press("C-c")
    terminal.type("echo still here")
    terminal.press("Enter")
    terminal.sees(f"still here\n{PROMPT}")


def test_what_is_typed_while_lines_come_does_not_tear_them(terminal: Terminal) -> None:
    terminal.type("count")
    terminal.press("Enter")
    terminal.shows("line 1")
    terminal.type("echo typed ahead")
    terminal.press("Enter")
    lines = "".join(f"line {number}\n" for number in range(1, 7))
    terminal.sees(f"{PROMPT} count\n{lines}{PROMPT} echo typed ahead\ntyped ahead\n{PROMPT}")


def test_a_command_reads_what_is_typed_until_ctrl_d(terminal: Terminal) -> None:
    terminal.type("copy")
    terminal.press("Enter")
    terminal.sees(f"{PROMPT} copy")
    time.sleep(0.3)  # the command says nothing when it begins
    terminal.type("abx")
    terminal.press("BSpace")
    terminal.type("c")
    terminal.press("Enter")
    terminal.sees("abc\nabc")
    terminal.press("C-d")
    terminal.sees(f"{PROMPT} copy\nabc\nabc\n{PROMPT}")


def test_the_line_is_drawn_anew_for_another_size(terminal: Terminal) -> None:
    terminal.type("echo " + "0123456789" * 6)
    terminal.sees("0123456789")
    terminal.resize(40, 24)
    terminal.sees(f"{PROMPT} echo 0123456789012345678901234\n56789012345678901234567890123456789")
    terminal.press("Enter")
    terminal.sees(f"56789\n0123456789012345678901234567890123456789\n01234567890123456789\n{PROMPT}")


def test_quit_and_runs_of_others_are_reached_from_it(
    daemon: Daemon, terminal: Terminal, tmp_path: Path
) -> None:
    ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=daemon.state.parent / "key")
    client = ssh.start("hold")
    assert client.stdout is not None
    assert client.stdout.readline() == b"holding\n"
    run = until(lambda: _live_run(daemon), "the run")
    terminal.type(f"attach {run}")
    terminal.press("Enter")
    terminal.sees(f"attach {run}\nholding")
    # another reader is there, so it is left and goes on; the one who asked for it may stop it
    client.kill()
    client.communicate()
    terminal.press("C-c")
    terminal.sees(f"cancelled\n{PROMPT}")
    terminal.type("quit")
    terminal.press("Enter")
    terminal.sees("\nended with 0")


def _live_run(daemon: Daemon) -> int | None:
    """The number of the run that goes on, once that is written down."""
    ended = {line["run"] for line in daemon.audit() if line["event"] == "end"}
    begun = [int(line["run"]) for line in daemon.audit() if line["event"] == "run"]
    return next((run for run in begun if run not in ended), None)


def test_keys_that_would_leave_the_prompt_do_nothing(terminal: Terminal) -> None:
    """An editor of the server's, a shell, a suspended daemon, and a million letters."""
    terminal.press("C-x", "C-e", "M-!")
    terminal.press("C-z", "C-x", "C-v")
    for _ in range(7):
        terminal.press("M-9")
    terminal.press("C-c")
    terminal.sees(f"\n{PROMPT}")
    terminal.type("echo all is well")
    terminal.press("Enter")
    terminal.sees(f"all is well\n{PROMPT}")


def test_a_line_does_not_grow_without_end(daemon: Daemon, terminal: Terminal) -> None:
    before = daemon.forget_peak_memory()
    terminal.type("x" * 100)
    terminal.press("C-a", "C-k")
    for _ in range(30):
        # each doubles what is there
        terminal.press("C-y", "C-y", "C-a", "C-k")
    terminal.press("C-c")
    terminal.type("echo all is well")
    terminal.press("Enter")
    terminal.sees(f"all is well\n{PROMPT}")
    assert daemon.memory_bytes("VmHWM") - before < 20 * 1024 * 1024


def test_a_terminal_that_can_do_nothing_gets_plain_lines(daemon: Daemon, tmp_path: Path) -> None:
    ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=daemon.state.parent / "key", options=("-tt",))
    run = subprocess.run(
        ssh.words(),
        env={**ssh.environment, "TERM": "dumb"},
        input=b"echo one\rechx\x7fo two\rboth\rquit\r",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b"\x1b" not in run.stdout
    said = run.stdout.replace(b"\r\n", b"\n").decode()
    assert said == (
        "Good day.\n"
        f"{PROMPT} echo one\none\n"
        f"{PROMPT} echx\b \bo two\ntwo\n"
        f"{PROMPT} both\nout\nerr\nexit status 3\n"
        f"{PROMPT} quit\n"
    )
