"""The real daemon in a process, with a configuration of the test's, on free ports."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

BOUND_SECONDS = 15.0
"""However busy the machine is, what is waited for comes within this."""

LAUNCHER = Path(__file__).with_name("launcher.py")
TCP = '[doors.tcp]\nlisten = ["127.0.0.1:0"]\n'
UNIX = "[doors.unix]\n"

FoundT = TypeVar("FoundT")


@dataclass
class Daemon:
    """
    A daemon that runs, or has ended.

    Attributes:
        state: its state folder.
        doors: by name, the addresses that it listens on.
        notices: what it told its keeper at the start.
    """

    process: "subprocess.Popen[bytes]"
    state: Path
    doors: Mapping[str, list[str]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.doors["tcp"][0].rpartition(":")[2])

    @property
    def socket_path(self) -> str:
        return self.doors["unix"][0]

    @property
    def log(self) -> str:
        return (self.state.parent / "log").read_text()

    def audit(self) -> list[dict[str, Any]]:
        """All lines of the audit trail so far; one that is being written is not there yet."""
        whole, _, _ = (self.state / "audit.jsonl").read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def audited(self, **members: object) -> dict[str, Any]:
        """The oldest line of the audit trail with these members, waited for."""
        return until(
            lambda: next((line for line in self.audit() if members.items() <= line.items()), None),
            f"an audit line with {members}",
        )

    def memory_bytes(self, name: str = "VmRSS") -> int:
        """What the daemon itself holds: `VmRSS`, or `VmHWM` for the most so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name} for {self.pid}")

    def forget_peak_memory(self) -> int:
        """Have `VmHWM` begin anew; the memory held now, in bytes."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory_bytes()

    def descriptors(self) -> int:
        """How many descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """The exit status, waited for."""
        return self.process.wait(BOUND_SECONDS)

    def stop(self) -> int:
        """End it in its orderly way, runs or no runs; the exit status."""
        for patience_seconds in (0.3, BOUND_SECONDS):
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)  # two that come at once are one: the second hurries
                with suppress(subprocess.TimeoutExpired):
                    return self.process.wait(patience_seconds)
        self.process.kill()
        return self.wait()


def start(
    state: Path,
    config: str | None,
    *,
    environment: Mapping[str, str] | None = None,
    loop: str = "uvloop",
    below: Sequence[str] = (),
) -> Daemon:
    """
    Start a daemon; it may not be open yet, see `wait_until_open`.

    Args:
        state: its state folder; the configuration stands beside it.
        config: what it reads; None for the default configuration.
        environment: beside this process's own.
        loop: `uvloop` or `asyncio`.
        below: words of a program that becomes the daemon, such as `prlimit --nofile=40`.
    """
    config_path = ""
    if config is not None:
        path = config_file(state)
        path.touch(mode=0o600)
        path.write_text(config)
        config_path = str(path)
    with (state.parent / "log").open("ab") as log:
        process = subprocess.Popen(
            [*below, sys.executable, str(LAUNCHER), config_path, str(state), loop],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
    return Daemon(process, state)


def config_file(state: Path) -> Path:
    """Where the configuration of the daemon with this state stands."""
    return state.parent / f"{state.name}.toml"


def wait_until_open(daemon: Daemon) -> None:
    """
    Wait for the doors.

    Raises:
        AssertionError: it ended before they were open, or took too long; with what it logged.
    """
    stdout = daemon.process.stdout
    assert stdout is not None
    ready, _, _ = select.select([stdout], [], [], BOUND_SECONDS)
    line = stdout.readline() if ready else b""
    if not line:
        daemon.stop()
        raise AssertionError(f"the daemon did not open: {daemon.log[-2000:]}")
    facts = json.loads(line)
    daemon.doors = facts["doors"]
    daemon.notices = tuple(facts["notices"])


@contextmanager
def running(
    folder: Path,
    config: str | None = TCP + UNIX,
    *,
    environment: Mapping[str, str] | None = None,
    loop: str = "uvloop",
    below: Sequence[str] = (),
) -> Iterator[Daemon]:
    """A daemon whose doors are open; its state is `folder / "state"`, the rest is as for `start`."""
    daemon = start(folder / "state", config, environment=environment, loop=loop, below=below)
    try:
        wait_until_open(daemon)
        yield daemon
    finally:
        daemon.stop()
        if daemon.process.stdout is not None:
            daemon.process.stdout.close()


def until(found: Callable[[], FoundT | None], what: str, *, seconds: float = BOUND_SECONDS) -> FoundT:
    """Look every few milliseconds at what no event tells, such as /proc or a file; what was found."""
    end_at = time.monotonic() + seconds
    while not (it := found()):
        if time.monotonic() > end_at:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.005)
    return it


def is_alive(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"


def wait_for_death(*pids: int, seconds: float = BOUND_SECONDS) -> None:
    """Wait until none of these processes runs."""
    until(lambda: not any(map(is_alive, pids)), f"the death of {pids}", seconds=seconds)


def processes_below(pid: int) -> set[int]:
    """Every process that descends from `pid`."""
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for parent in fresh for child in _children_of(parent)} - found
        found |= fresh
    return found


def _children_of(pid: int) -> list[int]:
    try:
        tasks = [Path(f"/proc/{pid}/task/{task}/children") for task in os.listdir(f"/proc/{pid}/task")]
        return [int(word) for task in tasks for word in task.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
