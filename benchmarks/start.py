"""
How long `doorward --help`, `ask` and `serve` take to start, and what an idle daemon holds in memory.

    python benchmarks/start.py [--rounds N] [--doors few|all] [--json]

The peer of `--help` is a Python that imports argparse and asyncio and does nothing; the two run in turn.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import describe

HELP_AIM_RATIO = 1.5
SERVE_AIM_SECONDS = 0.6
MEMORY_AIM_MB = 60.0
PATIENCE_SECONDS = 20.0

FEW, ALL = "few", "all"
DOORS = {FEW: ("tcp",), ALL: ("tcp", "tls", "web", "ssh")}
"""Beside the unix door, which is always there, since `ask` is measured by it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, in which unit, and the most that is aimed at (0 for no aim)."""

    name: str
    value: float
    unit: str
    aim: float

    def told(self) -> str:
        """The row as text."""
        word = "met" if self.value <= self.aim else "short"
        verdict = f"  aim {self.aim:g}: {word}" if self.aim else ""
        return f"{self.name:<44} {self.value:8.3f} {self.unit}{verdict}"


def main() -> int:
    """Measure, and print a row a figure."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--doors", choices=sorted(DOORS), default=FEW, help="%(default)s")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    program = str(Path(sys.executable).with_name("doorward"))
    if not os.access(program, os.X_OK):
        parser.error(f"{program} is not there: make venv")
    with tempfile.TemporaryDirectory() as folder:
        rounds = max(1, min(options.rounds, 101))
        figures = list(measure(program, Path(folder), configuration_of(options.doors), rounds=rounds))
    if options.json:
        print(json.dumps({figure.name: figure.value for figure in figures}))
    else:
        print(describe())
        print("\n".join(figure.told() for figure in figures))
    return 0


def configuration_of(doors: str) -> str:
    """A configuration with these doors open on ports that are free."""
    tables = [f'[doors.{door}]\nlisten = ["127.0.0.1:0"]\n' for door in DOORS[doors]]
    return "".join([*tables, "[doors.unix]\n"])


def measure(program: str, folder: Path, doors: str, *, rounds: int) -> Iterator[Figure]:
    """Yield the figures."""
    peer = [sys.executable, "-c", "import argparse, asyncio"]
    peer_seconds, help_seconds = in_turn(rounds, lambda: timed(peer), lambda: timed([program, "--help"]))
    yield Figure("python -c 'import argparse, asyncio'", peer_seconds, "s", 0)
    yield Figure("doorward --help", help_seconds, "s", 0)
    yield Figure("  the ratio of the two", help_seconds / peer_seconds, "", HELP_AIM_RATIO)
    configuration = folder / "doorward.toml"
    configuration.write_text(doors)
    states = [folder / f"state{number}" for number in range(min(rounds, 7))]
    start_seconds = statistics.median(start_once(program, configuration, state) for state in states)
    yield Figure("doorward serve, until all doors are open", start_seconds, "s", SERVE_AIM_SECONDS)
    with serving(program, configuration, folder / "state") as daemon:
        ask = [program, "ask", "--state", str(folder / "state"), "uptime"]
        ask_seconds, run_seconds = in_turn(rounds, lambda: timed(ask), lambda: timed(["uptime"]))
        yield Figure("doorward ask uptime", ask_seconds, "s", 0)
        yield Figure("  uptime by itself", run_seconds, "s", 0)
        yield Figure("an idle daemon and its shims, PSS", memory_mb(daemon.pid), "MB", MEMORY_AIM_MB)


def in_turn(rounds: int, *works: Callable[[], float]) -> tuple[float, ...]:
    """The median of each of `works`, run A B A B after one round that does not count."""
    seconds = [[work() for work in works] for _ in range(rounds + 1)][1:]
    return tuple(statistics.median(column) for column in zip(*seconds, strict=True))


def timed(command: Sequence[str]) -> float:
    """Seconds that `command` takes, from its start to its end."""
    began_at = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)
    return time.perf_counter() - began_at


def start_once(program: str, configuration: Path, state: Path) -> float:
    """Seconds until a daemon has all its doors open."""
    began_at = time.perf_counter()
    with serving(program, configuration, state):
        return time.perf_counter() - began_at


@contextlib.contextmanager
def serving(program: str, configuration: Path, state: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A daemon whose doors are open."""
    configuration.chmod(0o600)
    daemon = subprocess.Popen(
        [program, "serve", "--config", str(configuration), "--state", str(state)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline_at = time.perf_counter() + PATIENCE_SECONDS
        while not (state / "doors.json").exists():
            if daemon.poll() is not None or time.perf_counter() > deadline_at:
                raise SystemExit("doorward serve opened no door")
            time.sleep(0.002)
        yield daemon
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE_SECONDS)


def memory_mb(pid: int) -> float:
    """The proportional set size of a process and all that descend from it, in MB."""
    return sum(pss_kib(each) for each in tree(pid)) * 1024 / 1e6


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        children += [int(word) for word in path.read_text().split()]
    return [pid, *(each for child in children for each in tree(child))]


def pss_kib(pid: int) -> int:
    """A process's share of the memory that it maps."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
