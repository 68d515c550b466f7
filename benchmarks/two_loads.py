"""
Whether the figures of `doorward models compare` are those of the servers, or of the load that found them.

The load of the comparison (`line_load.c`: one thread, epoll, a histogram) and one that shares nothing with
it take turns at the same processes, where the comparison places them. The other one is of the same kind
(`loop_load.c`: one thread, epoll, sorted times), or with `--other thread_load` of another kind (a thread a
connection, calls that block), which wakes a server in other portions. A round is both, one right after the
other; one in which other programs had more than a tenth of the two cores is thrown away and done again,
whatever it found. Told are the medians of the rounds, and the median of their ratios. A load that had all of
its core was itself the limit: then the two cannot agree, and that is said.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from line_door import HERE, BenchmarkError, end_on_term
from machine import describe

from doorward.core.errors import DoorwardError
from doorward.core.settings import LineSessionKind
from doorward.models import NAMES
from doorward.models._comparison import LIMIT
from doorward.models._measuring import (
    KEPT_LEVEL,
    WARM_UP_SECONDS,
    Load,
    Process,
    limit_server,
    model_server,
    pinned,
)
from doorward.models._native import Native

OTHER_LOADS = ("loop_load", "thread_load")
AGREE = 0.1
DISAGREE = "DISAGREE"
FULL_CORE = 0.9
OTHERS_AT_MOST = 0.1
ROUNDS_AT_LEAST = 3
TRIES_A_ROUND = 4
MODES = {"once": LineSessionKind.ONCE, "kept": LineSessionKind.KEEP}
NO_CONNECTIONS = {"udp"}
KEPT_NO_64 = {"sequential", "processes"}
"""They have fewer places than the load has sessions: `doorward models list --json` says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    What one load found of one server, once.

    Attributes:
        per_second: answers.
        p50_ms: half of the answers came within.
        cpu_us: of the server's processor, an answer.
        load_share: what the load used of its core.
        others: what neither of the two had of both cores, and nobody let lie idle.
    """

    per_second: float
    p50_ms: float
    cpu_us: float
    load_share: float
    others: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Both loads at one server: the medians of the first and of the second, and what that comes to."""

    subject: str
    mode: str
    other_load: str
    rounds: Sequence[tuple[Sample, Sample]]

    def median(self, which: int, figure: str) -> float:
        """Of a figure of the comparison's load, 0, or of the other one, 1."""
        return float(statistics.median(getattr(each[which], figure) for each in self.rounds))

    def ratio(self, figure: str) -> float:
        """The median of the rounds' ratios, the comparison's load to the other."""
        ratios = [getattr(ours, figure) / (getattr(other, figure) or 1.0) for ours, other in self.rounds]
        return float(statistics.median(ratios))

    @property
    def words(self) -> str:
        """Whether the rates are within `AGREE` of one another, and if not, whether they could be."""
        if len(self.rounds) < ROUNDS_AT_LEAST:
            return "not measured: other programs used the machine"
        if abs(self.ratio("per_second") - 1) <= AGREE:
            return "agree"
        full = [
            name
            for which, name in enumerate(("line_load", self.other_load))
            if self.median(which, "load_share") >= FULL_CORE
        ]
        return f"cannot agree: {' and '.join(full)} had all of its core" if full else DISAGREE


def other_load(program: Path, mode: str, server: Process, *, seconds: float) -> Sample:
    """Measure a server with the second load."""
    words = [str(program), mode, str(server.port), str(KEPT_LEVEL), str(seconds), str(WARM_UP_SECONDS)]
    before_seconds = server.cpu_seconds()
    run = subprocess.run(
        [*pinned([*words, "echo hello", "hello"], last=True)],
        capture_output=True,
        check=True,
        timeout=seconds + 60,
    )
    used_seconds = server.cpu_seconds() - before_seconds
    told = json.loads(run.stdout)
    if told["failed"]:
        raise BenchmarkError(f"{program.name}: {told['failed']} times: {told['trouble']}")
    return Sample(
        per_second=told["answers"] / told["seconds"],
        p50_ms=told["p50_ms"],
        cpu_us=used_seconds * 1e6 / max(told["all"], 1),
        load_share=told["cpu_seconds"] / (seconds + WARM_UP_SECONDS),
    )


def our_load(load: Load, mode: str, server: Process, *, seconds: float) -> Sample:
    """Measure a server as the comparison does."""
    rate = load.rate(mode, server, connections=KEPT_LEVEL, seconds=seconds)
    if rate.errors:
        raise BenchmarkError(f"line_load: {rate.errors} errors, first: {rate.first_error}")
    return Sample(rate.per_second, rate.p50_ms, rate.cpu_us, rate.load_share)


def start(subject: str, native: Native, kind: LineSessionKind) -> AbstractContextManager[Process]:
    return limit_server(native, kind) if subject == LIMIT else model_server(subject, kind)


def busy_seconds() -> float:
    """What the first and the last core worked since the machine was started."""
    cores = sorted(os.sched_getaffinity(0))
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{cores[0]}", f"cpu{cores[-1]}"}:
            # all but idle and iowait, and guests, who are in user already: proc_stat(5)
            ticks += sum(map(int, [*fields[:3], *fields[5:8]]))
    return ticks / os.sysconf("SC_CLK_TCK")


def watched(measure_once: Callable[[], Sample], server: Process) -> Sample:
    """What `measure_once` gives, and how much others had of the cores meanwhile."""
    began, busy_before, server_before = time.monotonic(), busy_seconds(), server.cpu_seconds()
    sample = measure_once()
    elapsed = time.monotonic() - began
    used = server.cpu_seconds() - server_before + sample.load_share * elapsed
    return replace(sample, others=max(busy_seconds() - busy_before - used, 0.0) / elapsed / 2)


def measure(subject: str, mode: str, *, native: Native, second: Path, rounds: int, seconds: float) -> Verdict:
    """Let both loads take turns at one process of `subject`; who begins changes with each round."""
    assert native.load is not None
    with start(subject, native, MODES[mode]) as server:
        loads: list[Callable[[], Sample]] = [
            partial(our_load, Load((str(native.load),)), mode, server, seconds=seconds),
            partial(other_load, second, mode, server, seconds=seconds),
        ]
        found: list[tuple[Sample, Sample]] = []
        for turn in range(rounds * TRIES_A_ROUND):
            pair: dict[int, Sample] = {}
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                pair[which] = watched(loads[which], server)
            if all(each.others <= OTHERS_AT_MOST for each in pair.values()):
                found.append((pair[0], pair[1]))
            if len(found) == rounds:
                break
    return Verdict(subject, mode, second.name, found)


COLUMNS = (
    "server",
    "mode",
    "rounds",
    "compare's 1/s",
    "other's 1/s",
    "ratio",
    "p50",
    "CPU",
    "loads' cores",
    "",
)
WIDTHS = (10, 4, 6, 13, 11, 5, 5, 5, 12, 0)


def line_of(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def cells_of(verdict: Verdict) -> list[str]:
    head = [verdict.subject, verdict.mode, str(len(verdict.rounds))]
    if not verdict.rounds:
        return [*head, *["-"] * 5, "", verdict.words]
    return [
        *head,
        *(f"{verdict.median(which, 'per_second'):,.0f}" for which in (0, 1)),
        *(f"{verdict.ratio(figure):.2f}" for figure in ("per_second", "p50_ms", "cpu_us")),
        " ".join(f"{verdict.median(which, 'load_share'):.2f}" for which in (0, 1)),
        verdict.words,
    ]


def compiled(folder: Path, name: str) -> Path:
    program = folder / name
    source = HERE / "native" / f"{name}.c"
    subprocess.run(["gcc", "-O2", "-pthread", "-o", str(program), str(source)], check=True, timeout=60)
    return program


def run(subjects: Sequence[str], *, other: str, rounds: int, seconds: float, folder: Path) -> bool:
    """Measure and tell; whether all agree that can."""
    native = Native(load=compiled(folder, "line_load"), server=compiled(folder, "epoll_server"))
    second = compiled(folder, other)
    print(describe("uvloop", "twisted"), flush=True)
    print(line_of(COLUMNS), flush=True)
    agree = True
    for subject in subjects:
        for mode in MODES:
            if mode == "kept" and subject in KEPT_NO_64:
                continue
            verdict = measure(subject, mode, native=native, second=second, rounds=rounds, seconds=seconds)
            print(line_of(cells_of(verdict)), flush=True)
            agree = agree and verdict.words != DISAGREE
    print("p50 and CPU are ratios too: of the median time, and of the server's processor time an answer")
    return agree


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    subjects = [*(name for name in NAMES if name not in NO_CONNECTIONS), LIMIT]
    parser.add_argument("--only", action="append", choices=subjects, help="this one; can be given again")
    parser.add_argument("--other", choices=OTHER_LOADS, default=OTHER_LOADS[0], help="%(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    arguments = parser.parse_args()
    arguments.only = arguments.only or subjects
    return arguments


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_on_term)
    try:
        with tempfile.TemporaryDirectory(prefix="two-loads-") as folder:
            agree = run(
                arguments.only,
                other=arguments.other,
                rounds=arguments.rounds,
                seconds=arguments.seconds,
                folder=Path(folder),
            )
    except (BenchmarkError, DoorwardError) as error:
        print(f"two_loads: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
