"""
Files beside other servers: small, middling and large, rates, the server's CPU, and what came of the aims.

Servers run on one core and a load generator in C on another, in interleaved rounds; what comes is compared
with the file. Only the ratios of one run count. `benchmarks/README.md` tells how to read the tables.
"""

import argparse
import contextlib
import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from http_servers import NGINX, NGINX_WORDS, configured, read_chosen_port, tree_cpu_seconds
from line_door import (
    FULL_CORE,
    BenchmarkError,
    Cores,
    Server,
    choose,
    choose_cores,
    end_on_term,
    find_doorward,
    lines_of_table,
    raise_open_files,
    read_printed_port,
    running,
)
from machine import describe

HERE = Path(__file__).parent
OURS = "ours"

CADDY = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  root * {root}
  file_server
}}
"""

DAEMON = """
[limits]
connections = 4000
not_logged_in = 4000
early_refusals_from = 4000
[doors.web]
listen = ["127.0.0.1:0"]
[doors.web.files]
"/pub" = {{ root = "{root}", public = true }}
"""


@dataclass(frozen=True, slots=True)
class Load:
    """A file, and how many connections ask for it."""

    title: str
    name: str
    size_bytes: int
    connections: int


LOADS = (
    Load("1 KiB, 64 connections", "1k", 1024, 64),
    Load("100 KiB, 64 connections", "100k", 100 * 1024, 64),
    Load("100 MiB, 4 connections", "100m", 100 * 1024 * 1024, 4),
)


@dataclass(frozen=True, slots=True)
class Aim:
    """At least `ratio` of what a peer reaches with a file."""

    name: str
    peer: str
    ratio: float


AIMS = (
    Aim("1k", "caddy", 0.9),
    Aim("1k", "aiohttp", 4.0),
    Aim("100k", "caddy", 0.9),
    Aim("100m", "nginx", 0.85),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One load: answers and bytes a second, the server's CPU of one in microseconds, its share of a core."""

    rate: float
    bytes_per_second: float
    cpu_us: float
    share: float
    p99_ms: float


# Servers: each is told its root when it is started


def read_told_port(process: "subprocess.Popen[bytes]", folder: Path) -> int | None:
    """The port in the address that `doorward files` prints."""
    told = (folder / "log").read_text()
    match = re.search(r"http://127\.0\.0\.1:(\d+)/", told)
    if match is None:
        time.sleep(0.02)
        return None
    return int(match[1])


def read_doors_port(_: "subprocess.Popen[bytes]", folder: Path) -> int | None:
    doors = folder / "state" / "doors.json"
    if not doors.exists():
        time.sleep(0.02)
        return None
    return int(json.loads(doors.read_text())["web"][0].rpartition(":")[2])


def plain_argv(words: Sequence[str], keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - through a table
    return list(words)


def find_servers(root: Path) -> tuple[dict[str, Server], list[str]]:
    """Give the servers that can run here, and a line for each that cannot."""
    servers: dict[str, Server] = {}
    left_out: list[str] = []
    for key, name, words, text in (
        ("nginx", "nginx", NGINX_WORDS, NGINX % "root {root};"),
        ("caddy", "caddy", ("run", "--config", "{configuration}", "--adapter", "caddyfile"), CADDY),
    ):
        if (path := shutil.which(name)) is None:
            left_out.append(f"{key} is left out: apt-get install {name}")
            continue
        servers[key] = Server(key, configured([path, *words], text, root=root), read_chosen_port)
    for key, module, title in (
        ("aiohttp", "aiohttp", "aiohttp static, uvloop"),
        ("twisted", "twisted", "Twisted static.File"),
        ("threads", "http", "http.server, threads"),
    ):
        if importlib.util.find_spec(module) is None:
            left_out.append(f"{title} is left out: {module} is not installed beside {sys.executable}")
            continue
        program = [sys.executable, str(HERE / "peers" / f"static_{key}.py"), str(root)]
        servers[key] = Server(title, functools.partial(plain_argv, program), read_printed_port)
    if (doorward := find_doorward()) is None:
        left_out.append("Doorward is left out: no program `doorward` beside this Python nor on the path")
        return servers, left_out
    alone = [doorward, "files", str(root), "--port", "0", "--quiet"]
    servers[OURS] = Server("doorward files", functools.partial(plain_argv, alone), read_told_port)
    daemon = [doorward, "serve", "--config", "{configuration}", "--state", "{folder}/state"]
    servers["mount"] = Server(
        "a mount of the web door", configured(daemon, DAEMON, root=root), read_doors_port
    )
    return servers, left_out


# Measuring


class Bench:
    """The load generator on its core, and servers on theirs."""

    def __init__(self, *, native: Path, root: Path, cores: Cores, seconds: float) -> None:
        self._load = str(native / "http_load")
        self._root = root
        self._cores = cores
        self._seconds = seconds

    def measure(self, key: str, server: Server, loads: Sequence[Load]) -> dict[str, Sample]:
        with running(server, keep=True, core=self._cores.server) as (pid, port):
            self._ask(key, server, port, loads[0], seconds=0.3)
            return {load.name: self._sample(key, server, load, pid=pid, port=port) for load in loads}

    def _sample(self, key: str, server: Server, load: Load, *, pid: int, port: int) -> Sample:
        began_at, before = time.monotonic(), tree_cpu_seconds(pid)
        told = self._ask(key, server, port, load, seconds=self._seconds)
        used, took_seconds = tree_cpu_seconds(pid) - before, time.monotonic() - began_at
        return Sample(
            rate=told["requests"] / told["seconds"],
            bytes_per_second=told["bytes"] / told["seconds"],
            cpu_us=used * 1e6 / told["requests"],
            share=used / took_seconds,
            p99_ms=told["p99_us"] / 1000,
        )

    def _ask(self, key: str, server: Server, port: int, load: Load, *, seconds: float) -> Mapping[str, float]:
        path = f"/pub/{load.name}" if key == "mount" else f"/{load.name}"
        argv = ["taskset", "-c", str(self._cores.load), self._load, "-n", str(load.connections)]
        argv += ["-s", str(seconds), str(port), path, str(self._root / load.name)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, timeout=seconds + 60, check=True)
        told = json.loads(done.stdout)
        if told["errors"] or not told["requests"]:
            raise BenchmarkError(f"{server.title}: {told['errors']} errors, first: {told['first_error']}")
        figures: Mapping[str, float] = told
        return figures


Results = Mapping[str, Mapping[str, Sequence[Sample]]]


def measure_all(
    bench: Bench, servers: Mapping[str, Server], loads: Sequence[Load], *, rounds: int
) -> Results:
    found: dict[str, dict[str, list[Sample]]] = {key: {load.name: [] for load in loads} for key in servers}
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        keys = [*servers][turn % len(servers) :] + [*servers][: turn % len(servers)]
        for key in keys:
            for name, sample in bench.measure(key, servers[key], loads).items():
                found[key][name].append(sample)
    return found


def median(found: Results, key: str, name: str, figure: str) -> float:
    return float(statistics.median(getattr(sample, figure) for sample in found[key][name]))


# Telling


def tell(found: Results, servers: Mapping[str, Server], loads: Sequence[Load]) -> None:
    for load in loads:
        rows = [("server", "answers/s", "MB/s", "CPU us", "p99 ms", "ours by rate", "ours by CPU")]
        for key, server in servers.items():
            figure = functools.partial(median, found, key, load.name)
            busy = "" if figure("share") >= FULL_CORE else "*"
            rows.append(
                (
                    server.title,
                    f"{figure('rate'):,.0f}{busy}",
                    f"{figure('bytes_per_second') / 1e6:,.0f}",
                    f"{figure('cpu_us'):,.1f}",
                    f"{figure('p99_ms'):.1f}",
                    *ratios(found, key, load.name),
                )
            )
        print(f"\n{load.title}\n" + "\n".join(lines_of_table(rows)))
    print()
    for aim in AIMS:
        if OURS in found and aim.peer in found and aim.name in found[OURS]:
            by_rate, by_cpu = ratios(found, aim.peer, aim.name)
            verdict = "met" if float(by_rate) >= aim.ratio else "MISSED"
            if (float(by_cpu) >= aim.ratio) is not (verdict == "met"):
                verdict += " by rate only"
            title = servers[aim.peer].title
            print(f"aim: {aim.name} {aim.ratio:g} of {title}: {by_rate} (CPU {by_cpu}), {verdict}")


def ratios(found: Results, key: str, name: str) -> tuple[str, str]:
    """What we reach of another by rate, and by the CPU of an answer."""
    if OURS not in found:
        return "-", "-"
    rate = median(found, OURS, name, "rate") / median(found, key, name, "rate")
    return f"{rate:.2f}", f"{median(found, key, name, 'cpu_us') / median(found, OURS, name, 'cpu_us'):.2f}"


def compile_load(folder: Path) -> None:
    source = HERE / "native" / "http_load.c"
    subprocess.run(["gcc", "-O2", "-o", str(folder / "http_load"), str(source)], check=True, timeout=60)


def make_files(root: Path, loads: Sequence[Load]) -> None:
    root.chmod(0o755)
    for load in loads:
        with (root / load.name).open("wb") as file:
            for _ in range(load.size_bytes // 1024):
                file.write(os.urandom(1024))
        (root / load.name).chmod(0o644)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    parser.add_argument("--only", action="append", help="this server; can be given again")
    parser.add_argument("--file", action="append", choices=[load.name for load in LOADS])
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_on_term)
    loads = [load for load in LOADS if load.name in (arguments.file or [load.name])]
    print(describe("aiohttp", "uvloop", "twisted"))
    raise_open_files()
    try:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="web-files-")))
            folder.chmod(0o755)  # nginx serves as another user
            compile_load(folder)
            root = folder / "root"
            root.mkdir()
            make_files(root, loads)
            servers, left_out = find_servers(root)
            print("\n".join(left_out))
            chosen = choose(servers, arguments.only, left_out=left_out)
            bench = Bench(native=folder, root=root, cores=choose_cores(), seconds=arguments.seconds)
            tell(measure_all(bench, chosen, loads, rounds=arguments.rounds), chosen, loads)
    except BenchmarkError as error:
        print(f"web_files: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
