"""
The line door beside its peers: requests a second, CPU a request, idle connections, and what came of the aims.

Servers run on one core and a load generator in C on another, in interleaved rounds; every answer is verified.
Only the ratios of one run count: absolute figures move from machine to machine. `benchmarks/README.md` tells
how to read the tables.
"""

import argparse
import contextlib
import dataclasses
import functools
import importlib.util
import json
import os
import resource
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from machine import describe

HERE = Path(__file__).parent
ANSWER = " 12:00:00 up 1 min, 1 user,  load average: 0.00, 0.00, 0.00"
"""What the peers answer: 60 bytes with its LF, as `uptime` would."""

EXPECTED = "load average"
START_SECONDS = 15.0
STOP_SECONDS = 10.0
WARM_UP_SECONDS = 0.5
IDLE_CONNECTIONS = 10_000
SPARE_FILES = 200
PROBES = 200
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
FULL_CORE = 0.9

OURS = "ours"
CONFIGURATION = """\
[limits]
connections = 12000

[doors.tcp]
listen = ["127.0.0.1:0"]
session = "{session}"

[commands.uptime]
summary = "How long the machine has been up"
run = ["uptime"]
read_only = true
fresh_seconds = 2
"""


class BenchmarkError(Exception):
    """A server or the load could not do its part; the message is for the person who ran the benchmark."""


@dataclass(frozen=True, slots=True)
class Load:
    """One way of asking: its title and what `line_load` is told."""

    title: str
    arguments: tuple[str, ...]
    keep: bool


LOADS = {
    "once-64": Load("A connection a request, 64 at once", ("once", "-n", "64"), keep=False),
    "once-1000": Load("A connection a request, 1,000 at once", ("once", "-n", "1000"), keep=False),
    "kept-64": Load("Kept sessions, 64", ("kept", "-n", "64"), keep=True),
    "pipelined": Load("Kept sessions, 64, 32 requests a write", ("pipelined", "-d", "32"), keep=True),
}


@dataclass(frozen=True, slots=True)
class RateAim:
    """At least `ratio` of what a peer reaches under the same load."""

    load: str
    peer: str
    ratio: float


RATE_AIMS = (
    RateAim("once-64", "c", 0.45),
    RateAim("once-64", "twisted", 1.0),
    RateAim("once-1000", "c", 0.45),
    RateAim("once-1000", "twisted", 1.0),
    RateAim("kept-64", "c", 0.25),
    RateAim("kept-64", "twisted", 1.2),
)
IDLE_BYTES_AIM = 4096
OPEN_SECONDS_AIM = 2.0
PROBE_MS_AIM = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """
    One that speaks the line protocol.

    Attributes:
        argv: of a keep flag and an empty folder of its own: what to start.
        read_port: of the process and that folder: the port on 127.0.0.1, or None while it is not known.
    """

    title: str
    argv: Callable[[bool, Path], list[str]]
    read_port: Callable[[subprocess.Popen[bytes], Path], int | None]


@dataclass(frozen=True, slots=True)
class Cores:
    """Where the server runs and where the load does."""

    server: int
    load: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One server under one load, once."""

    requests_per_second: float
    cpu_us: float
    server_share: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Idle:
    """One server beside `connections` idle connections."""

    connections: int
    bytes_each: float
    open_seconds: float
    probe_p50_ms: float
    probe_p99_ms: float


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured, by the server's key."""

    samples: Mapping[str, Mapping[str, Sequence[Sample]]]
    idle: Mapping[str, Idle]

    def median(self, server: str, load: str) -> Sample | None:
        """Give the median of each figure over the rounds."""
        samples = self.samples.get(server, {}).get(load)
        if not samples:
            return None
        names = [field.name for field in dataclasses.fields(Sample)]
        return Sample(*(statistics.median(getattr(sample, name) for sample in samples) for name in names))


# Servers


def read_printed_port(process: subprocess.Popen[bytes], _: Path) -> int | None:
    """Read the port that a peer prints on its first line."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], 0.05)[0]:
        return None
    line = process.stdout.readline()
    return int(line) if line else None


def read_written_port(_: subprocess.Popen[bytes], folder: Path, *, door: str = "tcp") -> int | None:
    """Read the port of a door of ours from the file that is written when all doors are open."""
    doors = folder / "state" / "doors.json"
    if not doors.exists():
        time.sleep(0.02)
        return None
    return int(json.loads(doors.read_text())[door][0].rpartition(":")[2])


def peer_argv(program: Sequence[str], keep: bool, _: Path) -> list[str]:  # noqa: FBT001 - called through a table
    return [*program, ANSWER, *(["--keep"] if keep else [])]


def our_argv(program: str, keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - called through a table
    configuration = folder / "doorward.toml"
    configuration.write_text(CONFIGURATION.format(session="keep" if keep else "once"))
    return [program, "serve", "--config", str(configuration), "--state", str(folder / "state")]


def find_doorward() -> str | None:
    """Find the program beside this Python, else on the path."""
    beside = Path(sys.executable).with_name("doorward")
    return str(beside) if beside.exists() else shutil.which("doorward")


def find_servers(native: Path) -> tuple[dict[str, Server], list[str]]:
    """Give the servers that can run here, and a line for each that cannot."""
    limit = functools.partial(peer_argv, [str(native / "epoll_server")])
    servers = {"c": Server("C epoll", limit, read_printed_port)}
    left_out = []
    peers = (
        ("uvloop", "uvloop", "asyncio Protocol, uvloop", "bare_uvloop.py"),
        ("twisted", "twisted", "Twisted LineReceiver", "twisted_line.py"),
        ("threads", "socketserver", "ThreadingTCPServer", "threading_tcp.py"),
    )
    for key, module, title, script in peers:
        if importlib.util.find_spec(module) is None:
            left_out.append(f"{title} is left out: {module} is not installed beside {sys.executable}")
            continue
        argv = functools.partial(peer_argv, [sys.executable, str(HERE / "peers" / script)])
        servers[key] = Server(title, argv, read_printed_port)
    program = find_doorward()
    if program is None:
        left_out.append("Doorward is left out: no program `doorward` beside this Python nor on the path")
    else:
        servers[OURS] = Server("Doorward", functools.partial(our_argv, program), read_written_port)
    return servers, left_out


def wait_for_port(server: Server, process: subprocess.Popen[bytes], folder: Path) -> int:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        port = server.read_port(process, folder)
        if port is not None:
            return port
        if process.poll() is not None:
            break
    raise BenchmarkError(f"{server.title}: its door did not open")


def state_of(process: subprocess.Popen[bytes]) -> str:
    return "it is still running" if process.poll() is None else f"it ended with {process.returncode}"


@contextlib.contextmanager
def running(server: Server, *, keep: bool, core: int) -> Iterator[tuple[int, int]]:
    """Run a server on one core; yield its process id and its port."""
    with tempfile.TemporaryDirectory(prefix="line-door-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        log = stack.enter_context((folder / "log").open("wb"))
        # A session of its own: Ctrl-C is for us, and we end what we started.
        process = stack.enter_context(
            subprocess.Popen(
                server.argv(keep, folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if server.read_port is read_printed_port else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=functools.partial(os.sched_setaffinity, 0, {core}),  # noqa: PLW1509 - no threads here
            )
        )
        stack.callback(stop, process)
        try:
            yield process.pid, wait_for_port(server, process, folder)
        except BenchmarkError as error:
            said = (folder / "log").read_text(errors="replace")[-2000:]
            raise BenchmarkError(f"{error}; {state_of(process)}; it said:\n{said}") from error


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def cpu_seconds(pid: int) -> float:
    """Give the processor time that a process and its threads have used, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


# Measuring


class Bench:
    """The load generator on its core, and servers on theirs."""

    def __init__(self, *, native: Path, cores: Cores, seconds: float) -> None:
        self._load = str(native / "line_load")
        self._cores = cores
        self._seconds = seconds

    def measure_rates(self, server: Server, *, keep: bool) -> dict[str, Sample]:
        """Measure a freshly started server under each load of one kind of session."""
        loads = {key: load for key, load in LOADS.items() if load.keep is keep}
        with running(server, keep=keep, core=self._cores.server) as (pid, port):
            first = next(iter(loads.values()))
            self._ask(server, port, *first.arguments, "-s", str(WARM_UP_SECONDS))
            return {key: self._measure(server, load, pid=pid, port=port) for key, load in loads.items()}

    def _measure(self, server: Server, load: Load, *, pid: int, port: int) -> Sample:
        began_at, cpu_before = time.monotonic(), cpu_seconds(pid)
        told = self._ask(server, port, *load.arguments, "-s", str(self._seconds))
        cpu, elapsed = cpu_seconds(pid) - cpu_before, time.monotonic() - began_at
        return Sample(
            requests_per_second=told["requests"] / told["seconds"],
            cpu_us=cpu * 1e6 / (told["requests"] + told["late"]),
            server_share=cpu / elapsed,
            p50_ms=told["p50_us"] / 1000,
            p99_ms=told["p99_us"] / 1000,
        )

    def measure_idle(self, server: Server, connections: int) -> Idle:
        """Measure a fresh server beside idle connections; its memory is taken while they are open."""
        with running(server, keep=False, core=self._cores.server) as (pid, port):
            # What is loaded and laid out by the first requests is no idle connection's.
            self._ask(server, port, "once", "-n", "64", "-r", "2000")
            before_bytes = resident_bytes(pid)
            argv = self._argv(port, "idle", "-n", str(connections), "-k", str(PROBES))
            with subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            ) as load:
                try:
                    told = self._read_line(server, load)
                    grown_bytes = resident_bytes(pid) - before_bytes
                finally:
                    load.terminate()
            return Idle(
                connections=told["idle"],
                bytes_each=grown_bytes / told["idle"],
                open_seconds=told["open_seconds"],
                probe_p50_ms=told["probe_p50_ms"],
                probe_p99_ms=told["probe_p99_ms"],
            )

    def _argv(self, port: int, mode: str, *arguments: str) -> list[str]:
        pinned = ["taskset", "-c", str(self._cores.load), self._load]
        return [*pinned, mode, f"tcp:127.0.0.1:{port}", "-e", EXPECTED, *arguments]

    def _ask(self, server: Server, port: int, *arguments: str) -> dict[str, Any]:
        asked = subprocess.run(
            self._argv(port, *arguments),
            stdout=subprocess.PIPE,
            timeout=self._seconds + 60,
            start_new_session=True,
            check=True,
        )
        return verified(server, asked.stdout)

    def _read_line(self, server: Server, load: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert load.stdout is not None
        if not select.select([load.stdout], [], [], 60)[0]:
            raise BenchmarkError(f"{server.title}: idle connections were not all greeted within 60 s")
        return verified(server, load.stdout.readline())


def verified(server: Server, line: bytes) -> dict[str, Any]:
    """Read what the load tells; a single wrong answer voids it."""
    told: dict[str, Any] = json.loads(line or "null") or {}
    if told.get("errors", 1) or not told.get("requests"):
        first = told.get("first_error", "the load told nothing")
        raise BenchmarkError(f"{server.title}: {told.get('errors', '?')} errors, first: {first}")
    return told


def measure_all(bench: Bench, servers: Mapping[str, Server], *, rounds: int, connections: int) -> Results:
    samples: dict[str, dict[str, list[Sample]]] = {key: {load: [] for load in LOADS} for key in servers}
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        # Each round begins with another server, so that none always runs after the same one.
        keys = [*servers][turn % len(servers) :] + [*servers][: turn % len(servers)]
        for key in keys:
            for keep in (False, True):
                for load, sample in bench.measure_rates(servers[key], keep=keep).items():
                    samples[key][load].append(sample)
    print(f"{connections:,} idle connections", file=sys.stderr, flush=True)
    idle = {key: bench.measure_idle(server, connections) for key, server in servers.items()}
    return Results(samples, idle)


# Telling


def lines_of_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells[1:]])


def ratio(figure: float, to: float | None) -> str:
    return "-" if to is None else f"{figure / to:.2f}"


def tell_load(load: str, results: Results, titles: Mapping[str, str]) -> Iterator[str]:
    c, twisted = results.median("c", load), results.median("twisted", load)
    c_rate, twisted_rate = (peer.requests_per_second if peer else None for peer in (c, twisted))
    rows = [["server", "requests/s", "of C", "of Twisted", "CPU us", "C's CPU of it", "p50 ms", "p99 ms"]]
    for key, title in titles.items():
        median = results.median(key, load)
        if median is None:
            continue
        mark = " " if median.server_share >= FULL_CORE else "*"
        rows.append(
            [
                title,
                f"{median.requests_per_second:,.0f}{mark}",
                ratio(median.requests_per_second, c_rate),
                ratio(median.requests_per_second, twisted_rate),
                f"{median.cpu_us:.2f}",
                "-" if c is None else f"{c.cpu_us / median.cpu_us:.2f}",
                f"{median.p50_ms:.2f}",
                f"{median.p99_ms:.2f}",
            ]
        )
    yield from ("", LOADS[load].title, *lines_of_table(rows))


def tell_idle(results: Results, titles: Mapping[str, str]) -> Iterator[str]:
    rows = [["server", "connections", "bytes each", "accepted in s", "probe p50 ms", "probe p99 ms"]]
    for key, idle in results.idle.items():
        times = [f"{idle.open_seconds:.2f}", f"{idle.probe_p50_ms:.2f}", f"{idle.probe_p99_ms:.2f}"]
        rows.append([titles[key], f"{idle.connections:,}", f"{idle.bytes_each:,.0f}", *times])
    yield from ("", "Idle connections (one run)", *lines_of_table(rows))


def judge_rate(aim: RateAim, results: Results) -> str:
    """
    Say whether an aim of rates is met.

    Who did not fill its core would have gone faster under another load: then the ratio of CPU is told beside
    that of rates, and an aim that only one of the two meets is called so.
    """
    ours, peer = results.median(OURS, aim.load), results.median(aim.peer, aim.load)
    if ours is None or peer is None:
        return "not measured"
    by_rate = ours.requests_per_second / peer.requests_per_second
    by_cpu = peer.cpu_us / ours.cpu_us
    verdict = f"{by_rate:.2f}: {'met' if by_rate >= aim.ratio else 'short'}"
    if min(ours.server_share, peer.server_share) >= FULL_CORE or (by_rate >= aim.ratio) is (
        by_cpu >= aim.ratio
    ):
        return verdict
    return f"{verdict} by rate only, {by_cpu:.2f} by CPU (a core was not full)"


def judge_aims(results: Results, titles: Mapping[str, str]) -> dict[str, str]:
    """Give each aim in words and what came of it."""
    judged = {}
    for aim in RATE_AIMS:
        words = f"{LOADS[aim.load].title}: at least {aim.ratio} of {titles.get(aim.peer, aim.peer)}"
        judged[words] = judge_rate(aim, results)
    return judged | judge_idle(results.idle.get(OURS))


def judge_idle(idle: Idle | None) -> dict[str, str]:
    most = {
        f"Memory of an idle connection: at most {IDLE_BYTES_AIM} bytes": IDLE_BYTES_AIM,
        f"{IDLE_CONNECTIONS:,} idle connections: accepted within {OPEN_SECONDS_AIM} s": OPEN_SECONDS_AIM,
        f"`uptime` beside them, median: within {PROBE_MS_AIM} ms": PROBE_MS_AIM,
    }
    if idle is None:
        return dict.fromkeys(most, "not measured")
    figures = (idle.bytes_each, idle.open_seconds, idle.probe_p50_ms)
    fewer = "" if idle.connections == IDLE_CONNECTIONS else f" (with {idle.connections:,} connections)"
    return {
        words: f"{figure:,.2f}: {'met' if figure <= limit else 'short'}{fewer}"
        for (words, limit), figure in zip(most.items(), figures, strict=True)
    }


def tell(results: Results, titles: Mapping[str, str]) -> Iterator[str]:
    """Give the tables and the aims, line by line."""
    for load in LOADS:
        yield from tell_load(load, results, titles)
    yield "* used less than 90 % of its core: the load or the machine held it back, so compare its CPU"
    yield from tell_idle(results, titles)
    yield from ("", "Aims")
    yield from lines_of_table([[words, verdict] for words, verdict in judge_aims(results, titles).items()])


def as_json(results: Results, titles: Mapping[str, str], *, notes: Sequence[str]) -> str:
    rates = {
        key: {load: [dataclasses.asdict(sample) for sample in samples] for load, samples in loads.items()}
        for key, loads in results.samples.items()
    }
    idle = {key: dataclasses.asdict(figures) for key, figures in results.idle.items()}
    aims = judge_aims(results, titles)
    return json.dumps({"notes": notes, "rounds": rates, "idle": idle, "aims": aims}, indent=2)


# The command


def compile_native(folder: Path) -> None:
    for name in ("epoll_server", "line_load"):
        source = HERE / "native" / f"{name}.c"
        subprocess.run(["gcc", "-O2", "-o", str(folder / name), str(source)], check=True, timeout=60)


def choose_cores() -> Cores:
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(server=allowed[0], load=allowed[-1])


def raise_open_files() -> int:
    """Raise the soft limit of open files to the hard one; give how many idle connections fit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return IDLE_CONNECTIONS if hard == resource.RLIM_INFINITY else min(IDLE_CONNECTIONS, hard - SPARE_FILES)


def end_on_term(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="SERVER", help="c, uvloop, twisted, threads, ours")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    parser.add_argument("--json", action="store_true", help="every round's figures instead of tables")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or not 0.1 <= arguments.seconds <= 60:
        parser.error("at least one round, and from 0.1 to 60 seconds")
    return arguments


def choose(
    servers: Mapping[str, Server], only: list[str] | None, *, left_out: list[str]
) -> dict[str, Server]:
    unknown = sorted(set(only or ()) - set(servers))
    if unknown:
        raise BenchmarkError("\n".join([f"no such server here: {', '.join(unknown)}", *left_out]))
    return {key: server for key, server in servers.items() if not only or key in only}


def run(arguments: argparse.Namespace, native: Path) -> None:
    compile_native(native)
    connections, cores = raise_open_files(), choose_cores()
    servers, left_out = find_servers(native)
    chosen = choose(servers, arguments.only, left_out=left_out)
    placed = f"server on core {cores.server}, load on core {cores.load}"
    notes = [describe("uvloop", "twisted"), placed, *left_out]
    bench = Bench(native=native, cores=cores, seconds=arguments.seconds)
    results = measure_all(bench, chosen, rounds=arguments.rounds, connections=connections)
    titles = {key: server.title for key, server in servers.items()}
    if arguments.json:
        print(as_json(results, titles, notes=notes))
    else:
        print("\n".join([*notes, *tell(results, titles)]))


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_on_term)
    try:
        with tempfile.TemporaryDirectory(prefix="line-door-") as native:
            run(arguments, Path(native))
    except BenchmarkError as error:
        print(f"line_door: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
