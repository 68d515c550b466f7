"""What the service manager hears, on a real datagram socket and from a real daemon."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doorward.compose.service_manager import (
    STATUS_CHARACTERS,
    Notifier,
    ServiceManager,
    ready_message,
    reloading_message,
    take_service_manager,
)
from doorward.stores.state import read_doors
from doorward.testing.clock import ManualClock
from tests.compose.manager import Manager
from tests.daemon import DOORS, END_SECONDS, OPEN_SECONDS, Shell

PID = 4711


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@doorward-test-{os.urandom(8).hex()}"
    opened = Manager(name)
    yield opened
    opened.close()


def test_what_the_manager_said_is_taken_out_of_the_environment() -> None:
    environment = {
        "NOTIFY_SOCKET": "/run/notify",
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(PID),
        "LANG": "C",
    }
    found = take_service_manager(environment, pid=PID)
    assert found == ServiceManager("/run/notify", 30.0)
    assert found.beat_seconds == 10.0
    assert environment == {"LANG": "C"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ServiceManager()),
        ({"NOTIFY_SOCKET": "relative"}, ServiceManager()),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "3000000"}, ServiceManager("@a", 3.0)),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, ServiceManager("@a")),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "soon"}, ServiceManager("@a")),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "-3"}, ServiceManager("@a")),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "9" * 40}, ServiceManager("@a")),
    ],
)
def test_a_watchdog_of_somebody_else_and_nonsense_are_none(
    environment: dict[str, str], expected: ServiceManager
) -> None:
    assert take_service_manager(environment, pid=PID) == expected
    assert environment == {}


def test_a_watchdog_without_a_socket_has_no_beat() -> None:
    assert ServiceManager("", 30.0).beat_seconds == 0


def test_the_status_is_one_line_of_bounded_length_whatever_stands_in_it() -> None:
    message = ready_message({"unix": ("/x\nWATCHDOG=trigger\udcff",)}, note="no\nSTOPPING=1" + "x" * 2000)
    assert len(message.splitlines()) == 2
    assert len(message.splitlines()[1]) == len("STATUS=") + STATUS_CHARACTERS


def test_the_time_of_a_reload_is_in_microseconds() -> None:
    assert b"MONOTONIC_USEC=1500000\n" in reloading_message(1.5)


def test_a_life_is_told_in_order(manager: Manager) -> None:
    notifier = Notifier(ServiceManager(manager.address), ManualClock(monotonic=7.0))
    doors = {"tcp": ("127.0.0.1:7022", "[::1]:7022"), "unix": ("/run/d.sock",)}
    notifier.ready(doors)
    assert manager.hear() == {
        "READY": "1",
        "STATUS": "doors: tcp 127.0.0.1:7022 [::1]:7022; unix /run/d.sock",
    }
    notifier.reloading()
    assert manager.hear() == {"RELOADING": "1", "MONOTONIC_USEC": "7000000", "STATUS": "reloading"}
    notifier.reloaded(doors, problem="line 3")
    assert manager.hear()["STATUS"].startswith("the last reload failed: line 3; doors: tcp ")
    notifier.reloaded({"tls": ("[::]:7023",)})
    assert manager.hear()["STATUS"] == "doors: tls [::]:7023"
    notifier.stopping()
    assert manager.hear()["STOPPING"] == "1"
    notifier.close()
    notifier.stopping()
    assert manager.hears_nothing()


def test_the_beat_goes_with_the_clock_from_ready_to_close(manager: Manager) -> None:
    clock = ManualClock()
    notifier = Notifier(ServiceManager(manager.address, 30.0), clock)
    clock.advance(100.0)
    assert manager.hears_nothing()
    notifier.ready({})
    assert [manager.hear(), manager.hear()] == [{"READY": "1", "STATUS": "doors: "}, {"WATCHDOG": "1"}]
    clock.advance(9.9)
    assert manager.hears_nothing()
    clock.advance(0.2)
    assert manager.hear() == {"WATCHDOG": "1"}
    notifier.reloaded({})
    assert "READY" in manager.hear()
    clock.advance(10.0)
    assert manager.hear() == {"WATCHDOG": "1"}
    assert manager.hears_nothing()
    notifier.close()
    assert clock.scheduled == 0


def test_a_manager_that_is_gone_or_does_not_read_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Notifier(ServiceManager(str(tmp_path / "none")), ManualClock())
    gone.ready({})
    gone.stopping()
    gone.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the service manager does not hear us: No such file or directory"
    ]
    full = Manager(str(tmp_path / "full"))
    notifier = Notifier(ServiceManager(full.address), ManualClock())
    for _ in range(5000):
        notifier.reloading()
    assert "does not hear us: Resource temporarily unavailable" in caplog.text
    notifier.close()
    full.close()


def test_without_a_manager_nothing_is_said_or_scheduled() -> None:
    clock = ManualClock()
    notifier = Notifier(ServiceManager(), clock)
    notifier.ready({"tcp": ("127.0.0.1:1",)})
    notifier.reloading()
    notifier.reloaded({})
    notifier.stopping()
    notifier.close()
    assert clock.scheduled == 0


# A real daemon.

Started = Callable[[Manager, str], subprocess.Popen[str]]

SHOW_ENVIRONMENT = """
[commands.show]
run = ["sh", "-c", "tr '\\\\0' '\\\\n' < /proc/$PPID/environ; env"]
"""


@pytest.fixture
def start(shell: Shell) -> Iterator[Started]:
    started: list[subprocess.Popen[str]] = []

    def start(manager: Manager, watchdog_usec: str) -> subprocess.Popen[str]:
        file = shell.folder / "doorward.toml"
        file.write_text(DOORS + SHOW_ENVIRONMENT)
        file.chmod(0o600)
        environment = {
            **shell.environment,
            "NOTIFY_SOCKET": manager.address,
            "WATCHDOG_USEC": watchdog_usec,
        }
        process = subprocess.Popen(
            shell.words("serve", "--config", str(file), "--state", "s"),
            cwd=shell.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_daemon_tells_its_life_and_its_children_hear_nothing_of_it(
    manager: Manager, start: Started, shell: Shell
) -> None:
    daemon = start(manager, "600000000")
    ready = manager.hear_until("READY", OPEN_SECONDS)
    doors = read_doors(shell.folder / "s")
    assert ready["STATUS"] == f"doors: tcp {doors['tcp'][0]}; unix {doors['unix'][0]}"
    shown = shell.run("ask", "--state", "s", "show").stdout
    assert "PATH=" in shown
    assert "NOTIFY_SOCKET" not in shown
    assert "WATCHDOG" not in shown

    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.send_signal(signal.SIGHUP)
    reloading = manager.hear_until("RELOADING", OPEN_SECONDS)
    assert int(reloading["MONOTONIC_USEC"]) >= before
    assert manager.hear_until("READY", OPEN_SECONDS) == ready

    users = shell.folder / "s" / "users.json"
    users.write_text("no JSON")
    users.chmod(0o600)
    daemon.send_signal(signal.SIGHUP)
    failed = manager.hear_until("READY", OPEN_SECONDS)
    assert failed["STATUS"].startswith(f"the last reload failed: {users}")

    daemon.terminate()
    manager.hear_until("STOPPING", OPEN_SECONDS)
    _, err = daemon.communicate(timeout=END_SECONDS)
    assert daemon.returncode == 0
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"


def test_a_daemon_feeds_its_watchdog_three_times_a_period(manager: Manager, start: Started) -> None:
    daemon = start(manager, "900000")
    manager.hear_until("WATCHDOG", OPEN_SECONDS)
    began = time.monotonic()
    for _ in range(3):
        manager.hear_until("WATCHDOG", OPEN_SECONDS)
    assert time.monotonic() - began > 0.5
    daemon.send_signal(signal.SIGSTOP)
    assert falls_silent(manager, within_beats=10)
    daemon.send_signal(signal.SIGCONT)
    manager.hear_until("WATCHDOG", OPEN_SECONDS)


def falls_silent(manager: Manager, *, within_beats: int) -> bool:
    """Whether a whole period passes without a word, once what was under way has come."""
    for _ in range(within_beats):
        try:
            manager.hear(0.9)
        except TimeoutError:
            return True
    return False
