"""A real daemon that runs commands by the clock, is reloaded, killed and started again."""

import asyncio
import json
import os
import pty
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from doorward.cli.schedules import print_table
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.stores.boot import boot_id
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.places import DATABASE_NAME
from tests.daemon import DOORS, RunningDaemon, StartDaemon

BOUND_SECONDS = 30.0

# nothing listens at port 1 of loopback: what is queued stays there
MAIL = '[mail]\nserver = "127.0.0.1:1"\nto = "keeper@example.org"\n'
COUNT = """
[commands.count]
run = ["sh", "-c", "echo run >>{file}; echo all is well"]
roles = ["nobody"]
doors = ["unix"]
[commands.wait]
run = ["sleep", "60"]
"""
SECONDLY = '[schedules.count]\ncommand = "count"\nevery = "1s"\n'
YEARLY = '[schedules.count]\ncommand = "count"\nevery = "366d"\n'
STUCK = '[schedules.stuck]\ncommand = "wait"\nevery = "1s"\n'


def configuration(tmp_path: Path, *schedules: str) -> str:
    return DOORS + MAIL + COUNT.replace("{file}", str(tmp_path / "runs")) + "".join(schedules)


def runs_in(tmp_path: Path) -> int:
    file = tmp_path / "runs"
    return file.read_text().count("run") if file.exists() else 0


def schedules_of(daemon: RunningDaemon) -> dict[str, dict[str, Any]]:
    listed = daemon.shell.run("schedules", "--json")
    assert listed.returncode == 0, listed.stderr
    return {each["schedule"]: each for each in json.loads(listed.stdout)}


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def in_database(daemon: RunningDaemon, column: str) -> object:
    """What stands there of the only schedule; None before it is noted."""
    with closing(sqlite3.connect(daemon.state / DATABASE_NAME)) as connection:
        row = connection.execute(f"SELECT {column} FROM schedules").fetchone()  # noqa: S608 - ours
        return row[0] if row else None


def queued_in(state: Path) -> list[Mail]:
    """All that is in the outbox, by number."""
    boot = boot_id()

    async def read() -> list[Mail]:
        database = Database(state)
        await database.open()
        clock = SystemClock(asyncio.get_running_loop())
        queue = SqliteOutbox(database, clock=clock, boot=boot, limits=Limits)
        found = [await queue.find(each.number) for each in await queue.messages()]
        await database.close()
        return [each[1] for each in found if each is not None]

    return asyncio.run(read())


def test_a_daemon_without_schedules_opens_no_database(start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    assert daemon.shell.run("schedules").stdout == "No schedules.\n"
    assert not list(daemon.state.glob(f"{DATABASE_NAME}*"))


def test_a_command_runs_by_the_clock_and_its_output_is_mailed(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    daemon = start_daemon(configuration(tmp_path, SECONDLY, 'mail = "change"\nto = "alice@example.org"\n'))
    until(lambda: runs_in(tmp_path) >= 2)
    listed = schedules_of(daemon)["count"]
    assert (listed["words"], listed["timing"], listed["to"]) == ("count", "every 1s", ["alice@example.org"])
    [kind] = {run["who"] for run in json.loads(daemon.shell.run("runs", "--json").stdout)}
    assert kind == "schedule:count"
    table = daemon.shell.run("schedules").stdout.splitlines()
    assert table[0].startswith("SCHEDULE  WHEN")
    assert table[1].startswith("count     every 1s")
    assert "exit status 0" in table[1] or "running" in table[1]
    guest = daemon.shell.run("schedules", "--at", daemon.tcp_url)
    assert (guest.returncode, "may not run schedules" in guest.stderr) == (126, True)
    until(lambda: queued_in(daemon.state))
    # the second run said what the first one did
    [mail] = queued_in(daemon.state)
    assert mail.recipients == ("alice@example.org",)
    text = mail.content.decode()
    assert f"Subject: count on {os.uname().nodename}: all went well\r\n" in text
    assert "\r\nAuto-Submitted: auto-generated\r\n" in text
    assert "\r\nall is well\r\n" in text


def test_a_terminal_gets_a_table(start_daemon: StartDaemon, tmp_path: Path) -> None:
    daemon = start_daemon(configuration(tmp_path, YEARLY))
    pid, master = pty.fork()
    if pid == 0:
        try:
            words = daemon.shell.words("schedules")
            os.chdir(daemon.shell.folder)
            os.execve(words[0], words, dict(daemon.shell.environment))  # noqa: S606 - what a shell does
        finally:
            os._exit(99)
    shown = b""
    try:
        while data := os.read(master, 65536):
            shown += data
    except OSError:  # its side is closed
        pass
    finally:
        os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"HOW IT ENDED" in shown
    assert b"every 366d" in shown


def test_a_narrow_terminal_tears_no_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = {"began_at": "2026-11-27T04:30:00+00:00", "outcome": {"kind": "exited", "exit_status": 0}}
    told = {"schedule": "nightly", "timing": "every 12h 30min", "words": "tidy days=30", "state": "waiting"}
    times = {"next_at": "2026-11-28T04:30:00+00:00", "last": ran}
    print_table([{**told, **times, "missed": 0, "skipped": 0, "trouble": ""}])
    lines = capsys.readouterr().out.splitlines()
    assert "2026-11-28 04:30:00  2026-11-27 04:30:00" in lines[2]
    assert max(map(len, lines)) <= 80


def test_a_reload_takes_new_schedules_up_and_lets_old_ones_go_and_an_error_changes_nothing(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    daemon = start_daemon(configuration(tmp_path, YEARLY))
    file = tmp_path / "doorward0.toml"
    before = schedules_of(daemon)
    for text in (YEARLY, SECONDLY + 'at = "04:30"\n', YEARLY):
        file.write_text(configuration(tmp_path, text))
        daemon.shell.run("ask", "reload")
        # neither put off nor run
        assert schedules_of(daemon) == before
    file.write_text(configuration(tmp_path, SECONDLY))
    assert daemon.shell.run("ask", "reload").returncode == 0
    until(lambda: runs_in(tmp_path))
    file.write_text(configuration(tmp_path))
    assert daemon.shell.run("ask", "reload").returncode == 0
    assert schedules_of(daemon) == {}


def test_a_daemon_that_begins_without_schedules_takes_them_up_when_it_is_reloaded(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    daemon = start_daemon(configuration(tmp_path))
    (tmp_path / "doorward0.toml").write_text(configuration(tmp_path, SECONDLY))
    assert daemon.shell.run("ask", "reload").returncode == 0
    until(lambda: runs_in(tmp_path))


def test_a_run_that_a_kill_cut_is_told_after_the_restart_and_nothing_is_run_twice(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    text = configuration(tmp_path, STUCK, 'mail = "failure"\n')
    daemon = start_daemon(text)
    until(lambda: in_database(daemon, "skipped"))
    daemon.process.kill()
    daemon.process.communicate()
    # due again in a year: whatever runs now would be run twice
    later = text.replace('"1s"', '"366d"')
    again = start_daemon(later, state=daemon.state)
    until(lambda: queued_in(daemon.state))
    [mail] = queued_in(daemon.state)
    assert "the daemon ended in its midst" in mail.content.decode().replace("=\r\n", "")
    listed = schedules_of(again)["stuck"]
    assert (listed["state"], listed["last"]["outcome"]["kind"]) == ("waiting", "failed")
    assert json.loads(again.shell.run("runs", "--json").stdout) == []


def test_an_orderly_end_stops_a_scheduled_run_and_notes_it(start_daemon: StartDaemon, tmp_path: Path) -> None:
    daemon = start_daemon(configuration(tmp_path, STUCK, "[limits]\ndrain_seconds = 0.1\n"))
    until(lambda: in_database(daemon, "began_at"))
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.communicate(timeout=BOUND_SECONDS)
    assert in_database(daemon, "ended_at") is not None
    assert json.loads(str(in_database(daemon, "outcome")))["reason"] == "the daemon was stopped"


def test_a_corrupted_database_keeps_a_daemon_with_schedules_from_starting(
    start_daemon: StartDaemon, tmp_path: Path
) -> None:
    daemon = start_daemon(configuration(tmp_path, YEARLY))
    daemon.process.terminate()
    daemon.process.communicate(timeout=BOUND_SECONDS)
    (daemon.state / DATABASE_NAME).write_bytes(b"no database at all\n" * 500)
    refused = daemon.shell.run(
        "serve", "--state", str(daemon.state), "--config", str(tmp_path / "doorward0.toml")
    )
    assert refused.returncode == 1
    assert "is corrupted" in refused.stderr
    assert "restore it from a backup" in refused.stderr
