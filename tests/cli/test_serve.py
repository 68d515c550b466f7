"""`doorward serve`: what it prints can be typed, and how it begins and ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon import (
    ANSWER_SECONDS,
    DOORS,
    END_SECONDS,
    LAST_BANNER_LINE,
    OPEN_SECONDS,
    Shell,
    StartDaemon,
    await_text,
)
from tests.doors.daemon import until


def typed(shell: Shell, line: str) -> subprocess.CompletedProcess[str]:
    """What a person's shell does with a line of the banner."""
    return subprocess.run(
        ["bash", "-c", line],
        check=False,
        capture_output=True,
        text=True,
        cwd=shell.folder,
        env={**shell.environment, "DOORWARD_AT": ""},
        input="echo typed\n",
        timeout=ANSWER_SECONDS,
    )


@pytest.mark.needs_program("nc", package="netcat-openbsd")
def test_each_line_of_the_banner_works_when_it_is_typed(start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    lines = [line.strip() for line in daemon.banner.splitlines()]
    port = daemon.doors["tcp"][0].rpartition(":")[2]
    assert f"tcp   nc 127.0.0.1 {port}" in lines
    assert typed(daemon.shell, f"nc 127.0.0.1 {port}").stdout == "What can I do for you?\ntyped\n"
    printf = next(line for line in lines if line.startswith("printf"))
    assert "Filesystem" in typed(daemon.shell, printf).stdout
    ask = next(line for line in lines if " ask " in line).removeprefix("unix").strip()
    assert "--state" in ask
    # df itself may end with 1, where the machine has a mount that cannot be looked at
    assert "Filesystem" in typed(daemon.shell, ask).stdout


def test_ask_needs_no_option_where_it_finds_the_daemon_by_itself(shell: Shell) -> None:
    process = begun(shell, state=".doorward")
    try:
        banner = await_text(process, LAST_BANNER_LINE, within_seconds=END_SECONDS)
        ask = next(line for line in banner.splitlines() if " ask " in line).split("unix")[1].strip()
        assert ask.endswith("-m doorward ask df")
        assert "Filesystem" in typed(shell, ask).stdout
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in err.splitlines()][-1] == "stopped"
    assert not (shell.folder / ".doorward" / "doors.json").exists()


def begun(shell: Shell, *, state: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        shell.words("serve", "--state", state, "--config", str(configured(shell.folder))),
        cwd=shell.folder,
        env=dict(shell.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def configured(folder: Path) -> Path:
    file = folder / "doorward.toml"
    file.write_text(DOORS)
    file.chmod(0o600)
    return file


def test_a_reload_that_is_asked_for_while_it_starts_comes_after_the_doors_are_open(shell: Shell) -> None:
    process = begun(shell, state="s")
    try:
        until(
            lambda: hears_or_holds_back(process.pid, signal.SIGHUP), "it is held back", seconds=OPEN_SECONDS
        )
        process.send_signal(signal.SIGHUP)
        await_text(process, LAST_BANNER_LINE, within_seconds=OPEN_SECONDS)
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["event"].startswith("reloaded: doors tcp, unix; ")
    finally:
        process.terminate()
        process.communicate(timeout=END_SECONDS)
    assert process.returncode == 0


def hears_or_holds_back(pid: int, number: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigBlk:", "SigCgt:"))]
    return any(mask & 1 << (number - 1) for mask in masks)


@pytest.mark.parametrize("is_journal", [True, False])
def test_a_first_password_is_made_and_shown_only_where_no_journal_keeps_it(
    shell: Shell, *, is_journal: bool
) -> None:
    printed = shell.folder / "printed"
    with printed.open("w") as stdout:
        facts = os.fstat(stdout.fileno())
        stream = f"{facts.st_dev}:{facts.st_ino}" if is_journal else "1:1"
        process = subprocess.Popen(
            shell.words("serve", "--state", "s"),
            cwd=shell.folder,
            env={**shell.environment, "JOURNAL_STREAM": stream},
            stdout=stdout,
            stderr=subprocess.DEVNULL,
        )
    try:
        until(lambda: LAST_BANNER_LINE in printed.read_text(), "the banner", seconds=OPEN_SECONDS)
    finally:
        process.terminate()
        process.wait(END_SECONDS)
    assert ("The password of admin, shown this once: " in printed.read_text()) is not is_journal
    assert (shell.folder / "s" / "users.json").exists() is not is_journal


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_it_serves_on_either_loop(start_daemon: StartDaemon, loop: str) -> None:
    daemon = start_daemon(DOORS, "--loop", loop)
    assert daemon.shell.run("ask", "echo", "hi").stdout == "hi\n"


def test_a_second_daemon_on_one_state_is_refused_with_the_first_ones_pid(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS)
    second = daemon.shell.run("serve", "--state", str(daemon.state))
    assert second.returncode == 1
    assert f"in use by process {daemon.process.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_every_problem_of_a_configuration_is_a_line(shell: Shell) -> None:
    file = configured(shell.folder)
    file.write_text('[server]\nlangage = "en"\n[doors.tcp]\nlisten = "0.0.0.0:1"\n')
    run = shell.run("serve", "--config", str(file), "--state", "s")
    assert (run.returncode, run.stdout) == (1, "")
    lines = run.stderr.splitlines()
    assert lines[0].startswith(f"doorward: {file}:2: server.langage: ")
    assert lines[1].startswith(f"doorward: {file}:4: doors.tcp.listen: ")
    assert not (shell.folder / "s").exists()


def test_a_door_that_cannot_be_opened_names_door_and_address(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(DOORS)
    taken = daemon.doors["tcp"][0]
    file = daemon.shell.folder / "doorward.toml"
    file.write_text(DOORS.replace("127.0.0.1:0", taken))
    file.chmod(0o600)
    run = daemon.shell.run("serve", "--config", str(file), "--state", str(daemon.state) + "x")
    assert run.returncode == 1
    assert f"door tcp cannot listen on {taken}: " in run.stderr
    assert "Traceback" not in run.stderr


def test_start_up_needs_no_more_than_it_says() -> None:
    code = "import doorward.cli.serve, sys; print('rich' in sys.modules, 'asyncio' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False False\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="tells root")
def test_a_socket_that_its_users_cannot_reach_is_told(start_daemon: StartDaemon) -> None:
    shut = start_daemon(DOORS + "[users.bob]\nuid = 4321\n")
    assert (
        f"Notice: only root reaches the socket {shut.state}/doorward.sock; "
        'set listen = "/run/doorward/doorward.sock" under [doors.unix]\n'
    ) in shut.banner
    assert "only root" not in start_daemon(DOORS).banner
