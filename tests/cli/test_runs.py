"""`runs`, `attach`, `cancel` and `status`."""

import json
import os
import pty
import re
import signal
import subprocess

from doorward.cli.runs import _asked
from tests.cli.test_ask import await_outcome, finish, outcomes, read_until
from tests.daemon import ANSWER_SECONDS, RunningDaemon


def test_a_run_is_listed_followed_and_cancelled(daemon: RunningDaemon) -> None:
    asker = daemon.shell.start("ask", "wait")
    read_until(asker, b"begun\n")
    listed = json.loads(daemon.shell.run("runs", "--json").stdout)
    assert [(run["run"], run["command"], run["who"], run["door"]) for run in listed] == [
        (1, "wait", "admin", "unix")
    ]
    follower = daemon.shell.start("attach", "1")
    assert read_until(follower, b"begun\n") == b"begun\n"
    cancelled = daemon.shell.run("cancel", "1")
    assert (cancelled.returncode, cancelled.stdout) == (0, "Run 1 is being stopped.\n")
    for process in (asker, follower):
        assert finish(process) == (143, b"", b"doorward: cancelled\n")


def test_ctrl_c_leaves_a_run_that_others_follow_and_ends_ones_own(daemon: RunningDaemon) -> None:
    asker = daemon.shell.start("ask", "wait")
    read_until(asker, b"begun\n")
    follower = daemon.shell.start("attach", "1")
    read_until(follower, b"begun\n")
    follower.send_signal(signal.SIGINT)
    assert finish(follower) == (130, b"", b"doorward: left; run 1 goes on for others\n")
    assert outcomes(daemon) == [None]
    asker.send_signal(signal.SIGINT)
    assert finish(asker) == (130, b"", b"doorward: cancelled\n")
    assert outcomes(daemon) == ["cancelled"]


def test_an_ended_run_is_followed_from_its_start_with_its_status(daemon: RunningDaemon) -> None:
    daemon.shell.run("ask", "fail")
    again = daemon.shell.run("attach", "1")
    assert (again.returncode, again.stdout, again.stderr) == (3, "out\n", "err\n")
    assert json.loads(daemon.shell.run("attach", "--json", "1").stdout)["run"] == 1


def test_a_run_that_is_not_there_is_refused(daemon: RunningDaemon) -> None:
    for verb in ("attach", "cancel"):
        run = daemon.shell.run(verb, "99")
        assert (run.returncode, run.stderr) == (126, "doorward: no such run, or none of yours\n")
    for word in ("0", "x", "-1", "9" * 30):
        wrong = daemon.shell.run("cancel", "--", word)
        assert (wrong.returncode, "is no number of a run" in wrong.stderr) == (2, True)
    assert daemon.shell.run("attach", "0").returncode == 125


def test_a_pipe_gets_plain_lines_and_a_terminal_a_table(daemon: RunningDaemon) -> None:
    daemon.shell.run("ask", "fail")
    piped = daemon.shell.run("runs").stdout
    header = piped.splitlines()[0].split()
    assert header == ["RUN", "STATE", "ASKED", "(UTC)", "SECONDS", "WHO", "DOOR", "COMMAND"]
    assert "\x1b" not in piped
    for environment, has_colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        shown = on_terminal(daemon, {"TERM": "xterm", "COLUMNS": "100", **environment}, "runs")
        assert "exit status 3" in shown
        assert ("\x1b[31m" in shown) is has_colours


def test_the_table_of_a_usual_terminal_has_a_line_a_run(daemon: RunningDaemon) -> None:
    daemon.shell.run("ask", "echo", "one")
    daemon.shell.run("ask", "fail")
    shown = on_terminal(daemon, {"TERM": "dumb", "COLUMNS": "80"}, "runs").splitlines()
    assert len(shown) == 2, shown
    assert re.fullmatch(r"1 +exit status 3 +\d\d:\d\d:\d\d +\d+\.\d +admin +unix +fail *", shown[1]), shown


def test_the_day_is_told_where_it_is_not_today() -> None:
    assert _asked("2030-06-15T12:00:01.5+00:00", today="2030-06-15") == "12:00:01"
    assert _asked("2030-06-14T12:00:01.5+00:00", today="2030-06-15") == "2030-06-14 12:00:01"


def on_terminal(daemon: RunningDaemon, environment: dict[str, str], *words: str) -> str:
    master, slave = pty.openpty()
    try:
        run = subprocess.run(
            daemon.shell.words(*words),
            check=True,
            stdout=slave,
            stderr=slave,
            stdin=subprocess.DEVNULL,
            env={**daemon.shell.environment, **environment},
            timeout=ANSWER_SECONDS,
        )
        assert run.returncode == 0
        return os.read(master, 65536).decode()
    finally:
        os.close(master)
        os.close(slave)


def test_status_is_for_people_and_for_programs(daemon: RunningDaemon) -> None:
    assert f"pid: {daemon.process.pid}\n" in daemon.shell.run("status").stdout
    status = json.loads(daemon.shell.run("status", "--json").stdout)
    assert status["doors"] == daemon.doors


def test_status_is_not_for_guests(daemon: RunningDaemon) -> None:
    run = daemon.shell.run("status", "--at", daemon.tcp_url)
    assert (run.returncode, run.stderr) == (126, "doorward: guest may not run status\n")


def test_a_run_that_was_left_by_a_killed_client_is_stopped(daemon: RunningDaemon) -> None:
    process = daemon.shell.start("ask", "flood")
    read_until(process, b"y\n")
    process.kill()
    finish(process)
    assert json.loads(daemon.shell.run("cancel", "1", "--json").stdout)["exit_status"] == 0
    await_outcome(daemon, "cancelled")
