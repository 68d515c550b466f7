"""
The web door beside its peers: small answers a second, CPU an answer, and memory of open event streams.

Servers run on one core and `wrk` on another, in interleaved rounds. The peers answer 60 fixed bytes to
anybody; Doorward answers the true `uptime` with `fresh_seconds = 2` to whoever shows a password, with gate,
desk, audit, and the headers that make an answer safe. Only the ratios of one run count.

A connection's requests have one head, as those of `curl`, a browser that looks again and a probe have; or,
with `--vary`, another one each, as those of a proxy that numbers them have.
"""

import argparse
import base64
import contextlib
import functools
import json
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import argon2
from http_servers import NGINX, NGINX_WORDS, configured, read_chosen_port, tree_cpu_seconds
from line_door import (
    ANSWER,
    BenchmarkError,
    Cores,
    Server,
    choose_cores,
    end_on_term,
    find_doorward,
    lines_of_table,
    peer_argv,
    raise_open_files,
    read_printed_port,
    read_written_port,
    resident_bytes,
    running,
)
from machine import describe

HERE = Path(__file__).parent
PASSWORD = "sesame"
PATH = "/uptime"
CONFIGURATION = """\
[limits]
connections = 4000
not_logged_in = 4000
early_refusals_from = 4000

[doors.web]
listen = ["127.0.0.1:0"]

[limits.penalties]
exempt = ["127.0.0.0/8"]

[users.alice]
password = "{password_hash}"

[commands.uptime]
summary = "How long the machine has been up"
run = ["uptime"]
read_only = true
fresh_seconds = 2

[commands.wait]
run = ["sleep", "600"]
read_only = true
timeout_seconds = 600
"""
BASIC = "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
ANSWERED = re.compile(r"(\d+) requests in")
P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
WEBHOOK = """
- id: uptime
  execute-command: /usr/bin/uptime
  include-command-output-in-response: true
"""
WEBHOOK_WORDS = ("-hooks", "{configuration}", "-ip", "127.0.0.1", "-port", "{port}")
AIMS = {"aiohttp": 0.7, "twisted": 1.0, "webhook": 8.0}
STREAMS = 2000


@dataclass(frozen=True, slots=True)
class Sample:
    """One load: answers a second, the server's CPU of one in microseconds, the slowest hundredth in ms."""

    rate: float
    cpu_us: float
    p99_ms: float
    cores: float


def our_argv(program: str, keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - called through a table
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    configuration = folder / "doorward.toml"
    configuration.write_text(CONFIGURATION.format(password_hash=cheap.hash(PASSWORD)))
    configuration.chmod(0o600)
    return [program, "serve", "--config", str(configuration), "--state", str(folder / "state")]


def find_servers() -> dict[str, Server]:
    program = find_doorward()
    if program is None:
        raise BenchmarkError("no program `doorward` beside this Python nor on the path")
    peer = functools.partial(HERE.joinpath, "peers")
    servers = {
        "aiohttp": Server(
            "aiohttp, low level, uvloop",
            functools.partial(peer_argv, [sys.executable, str(peer("bare_aiohttp.py"))]),
            read_printed_port,
        ),
        "twisted": Server(
            "Twisted Web",
            functools.partial(peer_argv, [sys.executable, str(peer("twisted_web.py"))]),
            read_printed_port,
        ),
    }
    threads = [sys.executable, str(peer("fixed_threads.py"))]
    servers["threads"] = Server(
        "http.server, threads", functools.partial(peer_argv, threads), read_printed_port
    )
    for key, title, words, text in (
        ("nginx", "nginx, return", NGINX_WORDS, NGINX % f'return 200 "{ANSWER}\\n";'),
        ("webhook", "webhook (Go), runs uptime", WEBHOOK_WORDS, WEBHOOK),
    ):
        if path := shutil.which(key):
            servers[key] = Server(title, configured([path, *words], text, root=HERE), read_chosen_port)
    servers["ours"] = Server(
        "Doorward", functools.partial(our_argv, program), functools.partial(read_written_port, door="web")
    )
    return servers


def path_of(name: str) -> str:
    return "/hooks/uptime" if name == "webhook" else PATH


def loaded(
    name: str, port: int, pid: int, *, cores: Cores, connections: int, seconds: int, vary: bool
) -> Sample:
    """What `wrk` says of `connections` that ask for as long as `seconds`."""
    command = ["taskset", "-c", str(cores.load), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--latency", "-H", f"Authorization: {BASIC}", f"http://127.0.0.1:{port}{path_of(name)}"]
    if vary:
        command += ["-s", str(HERE / "varied_heads.lua")]
    before, began_at = tree_cpu_seconds(pid), time.monotonic()
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
    took_seconds, used = time.monotonic() - began_at, tree_cpu_seconds(pid) - before
    # who is late is slow, and that is told; who breaks off is wrong
    if "Non-2xx" in told or ("Socket errors" in told and "connect 0, read 0, write 0" not in told):
        raise BenchmarkError(f"{name}: {told}")
    rate, answered, p99 = RATE.search(told), ANSWERED.search(told), P99.search(told)
    if rate is None or answered is None or p99 is None:
        raise BenchmarkError(f"wrk said {told!r}")
    return Sample(
        rate=float(rate[1]),
        cpu_us=used / int(answered[1]) * 1e6,
        p99_ms=float(p99[1]) * UNITS[p99[2]],
        cores=used / took_seconds,
    )


def measured(
    servers: Mapping[str, Server],
    cores: Cores,
    *,
    rounds: int,
    seconds: int,
    levels: Sequence[int],
    vary: bool,
) -> dict[tuple[str, int], list[Sample]]:
    found: dict[tuple[str, int], list[Sample]] = {}
    for _ in range(rounds):
        for name, server in servers.items():
            with running(server, keep=True, core=cores.server) as (pid, port):
                loaded(name, port, pid, cores=cores, connections=levels[0], seconds=1, vary=vary)
                for level in levels:
                    sample = loaded(
                        name, port, pid, cores=cores, connections=level, seconds=seconds, vary=vary
                    )
                    found.setdefault((name, level), []).append(sample)
    return found


def tell(servers: Mapping[str, Server], found: Mapping[tuple[str, int], list[Sample]]) -> None:
    for level in sorted({level for _, level in found}):
        rows = [("server", "answers/s", "CPU us", "p99 ms", "cores", "ours by it")]
        ours = (
            statistics.median(sample.rate for sample in found["ours", level])
            if ("ours", level) in found
            else 0
        )
        for name, server in servers.items():
            samples = found[name, level]
            rate = statistics.median(sample.rate for sample in samples)
            figures = (
                f"{rate:,.0f}",
                f"{statistics.median(sample.cpu_us for sample in samples):.1f}",
                f"{statistics.median(sample.p99_ms for sample in samples):.1f}",
                f"{statistics.median(sample.cores for sample in samples):.2f}",
                f"{ours / rate:.2f}" if ours else "",
            )
            rows.append((server.title, *figures))
        print(f"\n{level} connections")
        print("\n".join(lines_of_table(rows)))
        for name, aim in AIMS.items():
            if ours and (name, level) in found:
                ratio = ours / statistics.median(sample.rate for sample in found[name, level])
                verdict = "met" if ratio >= aim else "MISSED"
                print(f"aim: {aim:g} of {servers[name].title}: {ratio:.2f}, {verdict}")


def measure_streams(server: Server, cores: Cores, count: int) -> None:
    """Open `count` event streams of one run, and tell what the server's memory grew by for each."""
    asked = json.dumps({"line": "wait"}).encode()
    with running(server, keep=True, core=cores.server) as (pid, port), contextlib.ExitStack() as stack:

        def dialled(head: str, body: bytes = b"") -> tuple[socket.socket, bytes]:
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            lines = [head, "Host: 127.0.0.1", f"Authorization: {BASIC}"]
            if body:
                lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
            peer.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            return peer, peer.recv(65536)

        _, said = dialled("POST /api/v1/runs HTTP/1.1", asked)
        number = re.search(rb"/api/v1/runs/(\d+)", said)
        if number is None:
            raise BenchmarkError(f"no run: {said!r}")
        path = f"/api/v1/runs/{int(number[1])}/events"
        _, said = dialled(f"GET {path} HTTP/1.1")
        if not said.startswith(b"HTTP/1.1 200 "):
            raise BenchmarkError(f"no events: {said!r}")
        before, began_at = resident_bytes(pid), time.monotonic()
        for _ in range(count):
            _, said = dialled(f"GET {path} HTTP/1.1")
            if not said.startswith(b"HTTP/1.1 200 "):
                raise BenchmarkError(f"no events: {said!r}")
        took_seconds = time.monotonic() - began_at
        grown = resident_bytes(pid) - before
        print(f"\n{count:,} event streams: opened in {took_seconds:.1f} s", end=", ")
        print(f"{grown / count / 1024:.1f} KiB each, {resident_bytes(pid) / 2**20:.0f} MiB in all")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--only", action="append", help="this server; can be given again")
    parser.add_argument("--connections", type=int, action="append", help="64 and 256 when left out")
    parser.add_argument("--vary", action="store_true", help="no two heads of a connection are the same")
    parser.add_argument("--streams", type=int, default=STREAMS, help="open event streams; 0 for none")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_on_term)
    print(describe("aiohttp", "uvloop", "twisted"))
    if shutil.which("wrk") is None:
        print("web_door: wrk is missing; on Debian: apt-get install wrk", file=sys.stderr)
        return 1
    raise_open_files()
    try:
        cores, servers = choose_cores(), find_servers()
        chosen = {name: server for name, server in servers.items() if name in (arguments.only or servers)}
        levels = arguments.connections or [64, 256]
        found = measured(
            chosen,
            cores,
            rounds=arguments.rounds,
            seconds=arguments.seconds,
            levels=levels,
            vary=arguments.vary,
        )
        tell(chosen, found)
        if arguments.streams and "ours" in chosen:
            measure_streams(servers["ours"], cores, arguments.streams)
    except BenchmarkError as error:
        print(f"web_door: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
