"""
Runs of real programs a second: ours beside a C loop and beside what Python offers, in interleaved rounds.

Ours is the daemon's own spawner with all it does: limits of descriptors, output told apart, the whole tree
awaited. Only ratios of one run count. `--json` prints every round's figures. Needs gcc and two idle cores.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop
from machine import describe

from doorward.core.launch import Ending, Exited, Launch, Stream
from doorward.processes.spawner import ShimSpawner

HERE = Path(__file__).parent
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
LIMIT, OURS = "C posix_spawn", "ours"
RATE_AIM, P99_AIM = 0.85, 1.3
CGROUPS = Path("/sys/fs/cgroup/unified")


@dataclass(frozen=True, slots=True)
class Case:
    """
    What is run, and how.

    Attributes:
        program: an absolute path.
        at_once: runs kept going.
        runs: measured ones; a tenth, or one for each place, goes before.
        arena_mb: resident memory of the measuring process beside its own.
        aimed: whether the aims are for this case.
    """

    program: str
    at_once: int
    runs: int
    arena_mb: int = 0
    aimed: bool = False

    @property
    def name(self) -> str:
        big = f", {self.arena_mb} MB" if self.arena_mb else ""
        return f"{Path(self.program).name}, {self.at_once} at once{big}"


@dataclass(frozen=True, slots=True)
class Figures:
    """Runs a second; median and 99th percentile of a run in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float


CASES = (
    Case("/usr/bin/true", 1, 250),
    Case("/usr/bin/true", 8, 500),
    Case("/usr/bin/uptime", 1, 200),
    Case("/usr/bin/uptime", 8, 400, aimed=True),
    Case("/usr/bin/uptime", 64, 400, aimed=True),
    Case("/usr/bin/uptime", 8, 300, arena_mb=500, aimed=True),
)


def figures_of(seconds: list[float], took_seconds: float) -> Figures:
    ordered = sorted(seconds)
    return Figures(
        len(ordered) / took_seconds,
        ordered[len(ordered) // 2] * 1e3,
        ordered[len(ordered) * 99 // 100] * 1e3,
    )


def warm_up_runs(case: Case) -> int:
    return max(case.runs // 10, case.at_once)


class OurRuns:
    """Keeps a number of runs going."""

    def __init__(self, spawner: ShimSpawner, case: Case, runs: int) -> None:
        self._spawner = spawner
        self._launch = Launch(argv=(case.program,), environment=ENVIRONMENT)
        self._left = runs
        self._places = case.at_once
        self._all_ended = asyncio.get_running_loop().create_future()
        self.seconds: list[float] = []

    async def go(self) -> None:
        for _ in range(min(self._places, self._left)):
            self.next()
        await self._all_ended

    def next(self) -> None:
        self._left -= 1
        self._spawner.spawn(self._launch, OurRun(self, time.perf_counter()))

    def ended(self, began_at: float) -> None:
        self.seconds.append(time.perf_counter() - began_at)
        if self._left:
            self.next()
        elif len(self.seconds) and self._places == 1:
            self._all_ended.set_result(None)
        else:
            self._places -= 1


class OurRun:
    def __init__(self, runs: OurRuns, began_at: float) -> None:
        self._runs = runs
        self._began_at = began_at
        self._output_bytes = 0

    def output_received(self, stream: Stream, data: bytes) -> bool:
        self._output_bytes += len(data)
        return True

    def ended(self, ending: Ending) -> None:
        if ending != Exited(0):
            raise RuntimeError(f"a run ended as {ending}")
        self._runs.ended(self._began_at)

    def gone(self) -> None:
        pass


async def measure_ours(case: Case) -> Figures:
    spawner = ShimSpawner(asyncio.get_running_loop())
    spawner.warm_up()
    try:
        await OurRuns(spawner, case, warm_up_runs(case)).go()
        runs = OurRuns(spawner, case, case.runs)
        began_at = time.perf_counter()
        await runs.go()
        return figures_of(runs.seconds, time.perf_counter() - began_at)
    finally:
        await spawner.close()


async def measure_asyncio(case: Case) -> Figures:
    async def run_one() -> float:
        began_at = time.perf_counter()
        child = await asyncio.create_subprocess_exec(
            case.program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        await child.communicate()
        return time.perf_counter() - began_at

    async def worker(numbers: Iterator[int]) -> list[float]:
        return [await run_one() for _ in numbers]

    async def run_all(runs: int) -> list[float]:
        numbers = iter(range(runs))
        lists = await asyncio.gather(*(worker(numbers) for _ in range(case.at_once)))
        return [seconds for some in lists for seconds in some]

    await run_all(warm_up_runs(case))
    began_at = time.perf_counter()
    seconds = await run_all(case.runs)
    return figures_of(seconds, time.perf_counter() - began_at)


def measure_threads(case: Case) -> Figures:
    def run_one(_: int) -> float:
        began_at = time.perf_counter()
        subprocess.run(
            [case.program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=ENVIRONMENT,
            start_new_session=True,
            check=True,
        )
        return time.perf_counter() - began_at

    with ThreadPoolExecutor(case.at_once) as pool:
        list(pool.map(run_one, range(warm_up_runs(case))))
        began_at = time.perf_counter()
        seconds = list(pool.map(run_one, range(case.runs)))
        return figures_of(seconds, time.perf_counter() - began_at)


RUNNERS: dict[str, Callable[[Case], Figures]] = {
    OURS: lambda case: uvloop.run(measure_ours(case)),
    "ours, stdlib loop": lambda case: asyncio.run(measure_ours(case)),
    "subprocess.run, threads": measure_threads,
    "asyncio, stdlib loop": lambda case: asyncio.run(measure_asyncio(case)),
    "asyncio, uvloop": lambda case: uvloop.run(measure_asyncio(case)),
}


def run_limit(program: Path, case: Case) -> Figures:
    words = [str(program), str(case.at_once), str(case.runs), str(case.arena_mb), case.program]
    output = subprocess.check_output(words, text=True, timeout=60)
    return Figures(*map(float, output.split()))


def run_apart(runner: str, case: Case) -> Figures:
    """Measure in a process of its own, so that no runner inherits the memory or the threads of another."""
    words = [sys.executable, __file__, "--measure", runner, json.dumps(asdict(case))]
    output = subprocess.check_output(words, text=True, timeout=60)
    return Figures(**json.loads(output))


def measure_here(runner: str, described: str) -> None:
    case = Case(**json.loads(described))
    arena = b"x" * (case.arena_mb << 20)
    print(json.dumps(asdict(RUNNERS[runner](case))))
    del arena


# What else could tell whose a process is, by what it costs a run.


def cgroup_microseconds(rounds: int = 100) -> float | None:
    """Make a cgroup, move a process in, kill it, remove the cgroup; None where none may be made."""
    group = CGROUPS / f"doorward-benchmark-{os.getpid()}"
    try:
        group.mkdir()
        group.rmdir()
    except OSError:
        return None
    spent = 0.0
    for _ in range(rounds):
        child = subprocess.Popen(["/usr/bin/sleep", "1000"])
        began_at = time.perf_counter()
        group.mkdir()
        (group / "cgroup.procs").write_text(str(child.pid))
        (group / "cgroup.kill").write_text("1")
        spent += time.perf_counter() - began_at
        child.wait()
        began_at = time.perf_counter()
        while True:
            with contextlib.suppress(OSError):  # busy until the dead one has left it
                group.rmdir()
                break
        spent += time.perf_counter() - began_at
    return spent / rounds * 1e6


def sweep_microseconds(rounds: int = 20) -> float:
    """Look for a mark in the environment of every process."""
    began_at = time.perf_counter()
    for _ in range(rounds):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environment:
                b"DOORWARD_RUN=" in environment.read()  # noqa: B015
    return (time.perf_counter() - began_at) / rounds * 1e6


def memory_kib() -> dict[str, dict[str, int]]:
    """RSS, PSS and private memory of a nursery and of its two warm shims."""

    async def look() -> dict[str, dict[str, int]]:
        spawner = ShimSpawner(asyncio.get_running_loop())
        spawner.warm_up()
        runs = OurRuns(spawner, Case("/usr/bin/true", 2, 20), 20)
        await runs.go()
        try:
            return await asyncio.to_thread(memory_of_children)
        finally:
            await spawner.close()

    return asyncio.run(look())


def memory_of_children() -> dict[str, dict[str, int]]:
    nursery = children_of(os.getpid())[0]
    return {"nursery": rollup(nursery), "a shim": rollup(children_of(int(nursery))[0])}


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def rollup(pid: str) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {
        "rss": values["Rss"],
        "pss": values["Pss"],
        "private": values["Private_Dirty"] + values["Private_Clean"],
    }


Table = dict[str, dict[str, list[Figures]]]


def measure_all(
    cases: tuple[Case, ...], runners: tuple[str, ...], *, rounds: int, budget_seconds: float, scale: float
) -> Table:
    table: Table = {case.name: {} for case in cases}
    deadline = time.monotonic() + budget_seconds
    with tempfile.TemporaryDirectory() as folder:
        limit = Path(folder, "posix_spawn_loop")
        source = HERE / "native" / "posix_spawn_loop.c"
        subprocess.run(["gcc", "-O2", "-o", limit, source], check=True)
        for number in range(rounds):
            for case in cases:
                if number and time.monotonic() > deadline:
                    return table
                scaled = Case(**{**asdict(case), "runs": max(case.at_once * 2, int(case.runs * scale))})
                for runner in (LIMIT, *runners):
                    figures = run_limit(limit, scaled) if runner == LIMIT else run_apart(runner, scaled)
                    table[case.name].setdefault(runner, []).append(figures)
    return table


def median_of_ratios(ours: list[Figures], limit: list[Figures], field: str) -> float:
    return statistics.median(
        float(getattr(mine, field)) / float(getattr(its, field))
        for mine, its in zip(ours, limit, strict=False)
    )


def print_table(table: Table) -> None:
    for case, runners in table.items():
        print(f"\n{case}: {len(runners[LIMIT])} rounds, medians")
        print(f"  {'':26}{'runs/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'rate/C':>9}{'p99/C':>9}")
        for runner, rounds in runners.items():
            rate, p50, p99 = (
                statistics.median(getattr(each, field) for each in rounds)
                for field in ("rate", "p50_ms", "p99_ms")
            )
            by_rate = median_of_ratios(rounds, runners[LIMIT], "rate")
            by_p99 = median_of_ratios(rounds, runners[LIMIT], "p99_ms")
            print(f"  {runner:26}{rate:9.0f}{p50:9.2f}{p99:9.2f}{by_rate:9.2f}{by_p99:9.2f}")


def print_aims(table: Table, cases: tuple[Case, ...]) -> None:
    print("\naims")
    for case in (case for case in cases if case.aimed):
        runners = table[case.name]
        rate = median_of_ratios(runners[OURS], runners[LIMIT], "rate")
        p99 = median_of_ratios(runners[OURS], runners[LIMIT], "p99_ms")
        print(f"  {verdict(rate >= RATE_AIM)} {case.name}: {rate:.2f} of C's runs/s (at least {RATE_AIM})")
        print(f"  {verdict(p99 <= P99_AIM)} {case.name}: {p99:.2f} of C's p99 (at most {P99_AIM})")


def verdict(holds: bool) -> str:  # noqa: FBT001 - the only argument
    return "met   " if holds else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=150.0, help="begin no case after this")
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of runs")
    parser.add_argument("--aims", action="store_true", help="only what the aims are for: the limit and ours")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_here(*options.measure)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    began = describe("uvloop")
    cases = tuple(case for case in CASES if case.aimed or not options.aims)
    runners = (OURS,) if options.aims else tuple(RUNNERS)
    table = measure_all(
        cases, runners, rounds=options.rounds, budget_seconds=options.seconds, scale=options.scale
    )
    others = {"cgroup_microseconds": cgroup_microseconds(), "sweep_microseconds": sweep_microseconds()}
    memory = memory_kib()
    if options.json:
        rounds = {
            case: {name: [asdict(each) for each in all_rounds] for name, all_rounds in by_runner.items()}
            for case, by_runner in table.items()
        }
        print(json.dumps({"machine": began, "cases": rounds, "others": others, "memory_kib": memory}))
        return
    print(began)
    print_table(table)
    print_aims(table, cases)
    print("\nwhat else could tell whose a process is, in microseconds a run:", others)
    print("memory in KiB:", memory)


if __name__ == "__main__":
    main()
