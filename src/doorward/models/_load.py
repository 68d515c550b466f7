"""
Load for a server of the line protocol where no compiler is there: `python -m doorward.models._load MODE ...`.

It takes those words of `line_load.c` that a comparison uses, counts as that does, and prints the same JSON.
"""

import argparse
import json
import os
import resource
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

GREETING = b"What can I do for you?\n"
READ_BYTES = 64 * 1024
_LATE_SECONDS = 30.0
_PATIENCE_SECONDS = 20.0
_ERRORS_AT_MOST = 1000
_OPENING_AT_ONCE = 500
_PROBE_SECONDS = 5.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Asker:
    """One connection: what it heard since its last step, and which step is next."""

    connection: socket.socket
    began: float
    heard: bytes = b""
    asks: bool = False
    is_answered: bool = False


@dataclass(slots=True)
class Load:
    """What is to be done, and what came of it so far."""

    mode: str
    address: tuple[str, int]
    line: bytes
    expected: bytes
    seconds: float
    warm_up_seconds: float
    since: float = 0.0
    until: float = 0.0
    times: list[float] = field(default_factory=list)
    early: int = 0
    late: int = 0
    errors: int = 0
    first_error: str = ""
    askers: dict[int, Asker] = field(default_factory=dict)
    poll: select.epoll = field(default_factory=select.epoll)

    def run(self, connections: int) -> None:
        """Keep `connections` busy until the time is up and their last answers have come."""
        self.since = time.monotonic() + self.warm_up_seconds
        self.until = self.since + self.seconds
        for _ in range(connections):
            self._open()
        heard_at = time.monotonic()
        while self.askers:
            ready = self.poll.poll(0.1, 512)
            now = time.monotonic()
            heard_at = now if ready else heard_at
            if now > self.until + _LATE_SECONDS or now - heard_at > _PATIENCE_SECONDS:
                self.note_error("connections without an answer at the end")
                return
            for descriptor, _ in ready:
                asker = self.askers[descriptor]
                if not self._goes_on(asker):
                    self._close(asker)
                    if self.mode == "once" and self._may_begin():
                        self._open()

    def fill(self, connections: int) -> float:
        """Open `connections` and wait for every greeting; how many seconds it took."""
        began = heard_at = time.monotonic()
        opened = greeted = 0
        while greeted + self.errors < connections:
            while opened < connections and opened - greeted - self.errors < _OPENING_AT_ONCE:
                self._open()
                opened += 1
            ready = self.poll.poll(0.1, 512)
            heard_at = time.monotonic() if ready else heard_at
            if time.monotonic() - heard_at > _PATIENCE_SECONDS:
                self.note_error("connections without a greeting")
                break
            for descriptor, _ in ready:
                asker = self.askers[descriptor]
                if not self._hear(asker):
                    self.note_error("closed instead of greeted")
                    self._close(asker)
                elif asker.heard == GREETING:
                    greeted += 1
        return time.monotonic() - began

    def probe(self) -> None:
        """Ask once on a fresh connection."""
        began = time.monotonic()
        with socket.create_connection(self.address, timeout=_PROBE_SECONDS) as connection:
            heard = b""
            connection.sendall(self.line)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(READ_BYTES):
                heard += data
        if self.expected in heard.removeprefix(GREETING):
            self.times.append(time.monotonic() - began)
        else:
            self.note_error(f"a wrong answer: {heard[:80]!r}")

    def note_error(self, what: str) -> None:
        """Count what went wrong; the first one is told."""
        self.errors += 1
        self.first_error = self.first_error or what

    def _may_begin(self) -> bool:
        return time.monotonic() < self.until and self.errors < _ERRORS_AT_MOST

    def _open(self) -> None:
        kind = socket.SOCK_DGRAM if self.mode == "datagrams" else socket.SOCK_STREAM
        connection = socket.socket(type=kind)
        connection.setblocking(False)
        began = time.monotonic()
        error = connection.connect_ex(self.address)
        if error not in {0, 115}:  # EINPROGRESS
            self.note_error(f"connect: {os.strerror(error)}")
            connection.close()
            return
        self.askers[connection.fileno()] = Asker(connection, began)
        self.poll.register(connection, select.EPOLLIN)
        if self.mode == "datagrams":
            connection.send(self.line)

    def _close(self, asker: Asker) -> None:
        del self.askers[asker.connection.fileno()]
        if self.mode in {"kept", "idle"}:
            # we close first: a reset leaves no port behind that waits for stray packets
            asker.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        asker.connection.close()

    def _hear(self, asker: Asker) -> bool:
        try:
            data = asker.connection.recv(READ_BYTES)
        except BlockingIOError:
            return True
        except OSError as error:
            self.note_error(f"the connection ended before the answer did: {error.strerror}")
            return False
        asker.heard += data
        return bool(data)

    def _goes_on(self, asker: Asker) -> bool:
        """Act on what came; whether the connection stays."""
        errors = self.errors
        if not self._hear(asker):
            if self.mode == "once" and asker.is_answered:
                self._note_answer(asker)
            elif self.errors == errors:
                self.note_error("the connection ended before the answer did")
            return False
        if self.mode == "datagrams":
            return self._take_datagram(asker)
        return self._take_answer(asker) and self._take_greeting(asker)

    def _take_datagram(self, asker: Asker) -> bool:
        if not asker.heard:
            return True  # the kernel woke us for nothing
        if self.expected not in asker.heard:
            self.note_error(f"a wrong answer: {asker.heard[:80]!r}")
            return False
        self._note_answer(asker)
        asker.heard, asker.began = b"", time.monotonic()
        if not self._may_begin():
            return False
        asker.connection.send(self.line)
        return True

    def _take_answer(self, asker: Asker) -> bool:
        if asker.asks:
            answer, lf, rest = asker.heard.partition(b"\n")
            if lf and self.expected not in answer:
                self.note_error(f"a wrong answer: {answer[:80]!r}")
                return False
            if lf:
                asker.asks, asker.is_answered, asker.heard = False, True, rest
        return True

    def _take_greeting(self, asker: Asker) -> bool:
        if asker.asks or not asker.heard.startswith(GREETING):
            return True
        asker.heard = asker.heard[len(GREETING) :]
        if asker.is_answered:
            self._note_answer(asker)
            asker.is_answered = False
            if not self._may_begin():
                return False
        if self.mode == "kept":
            asker.began = time.monotonic()
        asker.asks = True
        # a line is far smaller than a send buffer, and nothing else is in it
        asker.connection.send(self.line)
        return True

    def _note_answer(self, asker: Asker) -> None:
        now = time.monotonic()
        if now < self.since:
            self.early += 1
            return
        # without the late ones, no time would be longer than the load was
        self.times.append(now - asker.began)
        self.late += now > self.until


def quantile(times: list[float], share: float) -> float:
    """The time that `share` of `times` is below; 0 for none."""
    ordered = sorted(times)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    """Do as the command line says, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("mode", choices=("once", "kept", "idle", "datagrams"))
    parser.add_argument("target")
    parser.add_argument("-n", dest="connections", type=int, default=64)
    parser.add_argument("-s", dest="seconds", type=float, default=1.0)
    parser.add_argument("-w", dest="warm_up_seconds", type=float, default=0.0)
    parser.add_argument("-k", dest="probes", type=int, default=200)
    parser.add_argument("-c", dest="command", default="uptime")
    parser.add_argument("-e", dest="expected", default="")
    told = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _, host, port = told.target.split(":")
    load = Load(
        mode=told.mode,
        address=(host, int(port)),
        line=told.command.encode() + b"\n",
        expected=told.expected.encode(),
        seconds=told.seconds,
        warm_up_seconds=told.warm_up_seconds,
    )
    open_seconds = 0.0
    if told.mode == "idle":
        open_seconds = load.fill(told.connections)
        for _ in range(told.probes):
            load.probe()
    else:
        load.run(told.connections)
    _report(load, open_seconds)
    if told.mode == "idle":
        sys.stdin.read()
    for asker in list(load.askers.values()):
        load._close(asker)  # noqa: SLF001 - the end of the same file


def _report(load: Load, open_seconds: float) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    p50, p99 = quantile(load.times, 0.5), quantile(load.times, 0.99)
    figures: dict[str, object] = {
        "requests": len(load.times) - load.late,
        "early": load.early,
        "late": load.late,
        "errors": load.errors,
        "seconds": load.seconds,
        "p50_us": p50 * 1e6,
        "p99_us": p99 * 1e6,
        "max_us": max(load.times, default=0.0) * 1e6,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "first_error": load.first_error,
    }
    if load.mode == "idle":
        figures |= {
            "idle": len(load.askers),
            "open_seconds": open_seconds,
            "probe_p50_ms": p50 * 1e3,
            "probe_p99_ms": p99 * 1e3,
        }
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
