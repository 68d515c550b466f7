"""
What a flood of connections costs: the daemon's memory, and the answers of a peer who has logged in and works.

    python benchmarks/flood.py [--connections N ...] [--asks N]

Beside none, 500 and 5,000 connections of the tcp door, and of the tls door with a handshake each, which then
say nothing; and while they come.
"""

import argparse
import resource
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from machine import describe
from start import serving
from unknown_users import address_of, door_of, hashed

SPARE_FILES = 300
CONFIGURATION = """
[limits]
connections = {most}
not_logged_in = {most}
early_refusals_from = {most}
first_line_seconds = 600
login_seconds = 600
idle_seconds = 600
[limits.penalties]
exempt = ["127.0.0.1"]
[doors.tcp]
listen = ["127.0.0.1:0"]
[doors.tls]
listen = ["127.0.0.1:0"]
session = "keep"
[users.alice]
password = "{hash}"
"""
GREETING = b"What can I do for you?\n"
QUESTION, ANSWER = b"echo still here\n", b"still here\n" + GREETING


@dataclass(frozen=True, slots=True)
class Row:
    """
    One flood.

    Attributes:
        opened_seconds: from the first connection to the last.
        grown_bytes: what the daemon's memory grew by, at its most.
        coming, there: seconds of each answer while they came, and when all were there.
    """

    door: str
    connections: int
    opened_seconds: float
    grown_bytes: int
    coming: list[float]
    there: list[float]


class Worker:
    """A peer of the tls door who has logged in, and asks one thing after the other."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        raw = socket.create_connection(address)
        self.socket = context.wrap_socket(raw, server_hostname=address[0])
        self.socket.sendall(b"sesame\n")
        self._hear(b"Password?\n" + GREETING)

    def ask(self) -> float:
        """Seconds that one answer takes."""
        began_at = time.perf_counter()
        self.socket.sendall(QUESTION)
        self._hear(ANSWER)
        return time.perf_counter() - began_at

    def _hear(self, wanted: bytes) -> None:
        heard = b""
        while len(heard) < len(wanted):
            data = self.socket.recv(4096)
            if not data:
                raise SystemExit(f"closed after {heard!r}")
            heard += data
        if heard != wanted:
            raise SystemExit(f"heard {heard!r}")


def main() -> int:
    """Flood, ask, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--asks", type=int, default=1000)
    options = parser.parse_args()
    counts = [0, *allowed(options.connections)]
    rows = [flooded(door, count, options.asks) for door in ("tcp", "tls") for count in counts]
    print(describe("uvloop"))
    print(
        f"{'door':<5}{'connections':>12}{'opened in':>12}{'memory':>12}{'each':>11}  p50 and p99 of answers"
    )
    for row in rows:
        grown_kib = row.grown_bytes / 1024
        each = grown_kib / row.connections if row.connections else 0.0
        print(
            f"{row.door:<5}{row.connections:>12,}{row.opened_seconds:>10.2f} s{grown_kib / 1024:>8.1f} MiB"
            f"{each:>7.1f} KiB  {told(row.there)} there; {told(row.coming)} coming"
        )
    return 0


def allowed(counts: list[int]) -> list[int]:
    """As many as the limit of open files lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(counts) + SPARE_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    return [min(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES) for count in counts]


def told(seconds: list[float]) -> str:
    """Median and 99th percentile in milliseconds."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1e3:.2f} {ordered[int(len(ordered) * 0.99)] * 1e3:.2f} ms"


def flooded(door: str, connections: int, asks: int) -> Row:
    """One daemon, one flood."""
    program = str(Path(sys.executable).with_name("doorward"))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        configuration, state = folder / "doorward.toml", folder / "state"
        configuration.touch(mode=0o600)
        configuration.write_text(CONFIGURATION.format(most=connections + 100, hash=hashed(program)))
        daemon = stack.enter_context(serving(program, configuration, state))
        address, context = door_of(state)
        worker = Worker(address, context)
        stack.callback(worker.socket.close)
        for _ in range(asks):
            worker.ask()
        before_bytes = forget_peak(daemon.pid)
        peers: list[socket.socket] = []
        stack.callback(close_all, peers)
        at = address_of(state, door)

        def connect() -> socket.socket:
            peer = socket.create_connection(at)
            return context.wrap_socket(peer, server_hostname=at[0]) if door == "tls" else peer

        began_at = time.perf_counter()
        coming = open_all(peers, connections, connect, worker)
        opened_seconds = time.perf_counter() - began_at
        there = [worker.ask() for _ in range(asks)]
        return Row(door, connections, opened_seconds, memory_bytes(daemon.pid) - before_bytes, coming, there)


def close_all(peers: list[socket.socket]) -> None:
    """Close each."""
    for peer in peers:
        peer.close()


def open_all(
    peers: list[socket.socket], connections: int, connect: Callable[[], socket.socket], worker: Worker
) -> list[float]:
    """Open connections in a thread of their own; the seconds of the answers meanwhile."""

    def come() -> None:
        for _ in range(connections):
            peers.append(connect())
            # its greeting, or its prompt: the daemon is through with it
            peers[-1].recv(64)

    coming, thread = [], threading.Thread(target=come)
    thread.start()
    while thread.is_alive():
        coming.append(worker.ask())
    if len(peers) != connections:
        raise SystemExit(f"{len(peers)} of {connections} came in")
    return coming if connections else []


def forget_peak(pid: int) -> int:
    """Have the peak of the daemon's memory begin anew; what it holds now, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return memory_bytes(pid)


def memory_bytes(pid: int) -> int:
    """The most that the daemon itself has held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main())
