"""A server and a bounded load, each in a process of its own: what comes out, and what it costs."""

import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from doorward.core.errors import DoorwardError
from doorward.core.settings import LineSessionKind
from doorward.models._load import GREETING
from doorward.models._native import Native

ONCE_LEVELS = (1, 64, 1_000)
KEPT_LEVEL = 64
IDLE_LEVELS = (1_000, 10_000)
SLOW_SECONDS = 1.0
_STOP_SECONDS = 20.0
WARM_UP_SECONDS = 0.4
"""For answers that do not count: 64 children of a fork have their first pages copied."""

_LOAD_SECONDS = 60.0
_PROBES = 50
_ASKED_BESIDE = 5
_SPARE_DESCRIPTORS = 300


class MeasureFailed(DoorwardError):
    """A server or a load could not do its part; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Rate:
    """
    What a load found.

    Attributes:
        per_second: answers.
        p50_ms: half of the answers came within; those that came after the load's time count here alone.
        p99_ms: 99 of a hundred.
        cpu_us: of the server's processor, an answer: what a busy machine changes least.
        server_share: of a processor that the server had until the last answer: well below 1, others used the
            machine, or the load was the limit.
        load_share: the same of the load: near 1, it and not the server was the limit.
        errors: answers that were none.
        first_error: the first of them in words.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    server_share: float
    load_share: float
    errors: int = 0
    first_error: str = ""


@dataclass(frozen=True, slots=True)
class Idle:
    """What idle connections cost: memory of all processes of the server, and the answers beside them."""

    kib_each: float
    probe_p99_ms: float


@dataclass(frozen=True, slots=True)
class Load:
    """The program that asks: in C, or ours in Python; on the last core that may be used."""

    command: tuple[str, ...]

    def rate(self, mode: str, server: "Process", *, connections: int, seconds: float) -> Rate:
        """
        Ask for so long, as fast as answers come, once the server is warm.

        Args:
            mode: `once`, `kept` or `datagrams`.
            server: who is asked.
            connections: how many ask at once; over UDP, how many questions are on their way.
            seconds: for how long new questions are asked.

        Raises:
            MeasureFailed: the load did not tell what it found.
        """
        began, before_seconds = time.monotonic(), server.cpu_seconds()
        scheme = "udp" if mode == "datagrams" else "tcp"
        times = ("-w", f"{WARM_UP_SECONDS:g}", "-s", f"{seconds:g}")
        words = [mode, f"{scheme}:127.0.0.1:{server.port}", *_WORDS, *times]
        try:
            run = subprocess.run(
                [*pinned(self.command, last=True), *words, "-n", str(connections)],
                capture_output=True,
                text=True,
                timeout=WARM_UP_SECONDS + seconds + _LOAD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise MeasureFailed(f"the load did not end within {_LOAD_SECONDS:g} s of its time") from error
        used_seconds, took_seconds = server.cpu_seconds() - before_seconds, time.monotonic() - began
        told = _json_of(run.stdout, run.stderr)
        return Rate(
            per_second=told["requests"] / told["seconds"] if told["seconds"] else 0.0,
            p50_ms=told["p50_us"] / 1000,
            p99_ms=told["p99_us"] / 1000,
            cpu_us=used_seconds * 1e6 / max(told["early"] + told["requests"] + told["late"], 1),
            server_share=used_seconds / took_seconds,
            load_share=told["cpu_seconds"] / took_seconds,
            errors=int(told["errors"]),
            first_error=str(told["first_error"]),
        )

    def idle(self, server: "Process", *, connections: int) -> Idle:
        """Open so many, say nothing on them, and ask beside them."""
        before_kib = server.memory_kib()
        command = [*pinned(self.command, last=True), "idle", f"tcp:127.0.0.1:{server.port}", *_WORDS]
        with subprocess.Popen(
            [*command, "-n", str(connections), "-k", str(_PROBES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as run:
            try:
                told = _json_of(run.stdout.readline() if run.stdout else "", "")
                after_kib = server.memory_kib()
            finally:
                if run.stdin is not None:
                    run.stdin.close()
                run.wait(_LOAD_SECONDS)
        if told["errors"]:
            raise MeasureFailed(f"{connections} idle connections: {told['first_error']}")
        return Idle(kib_each=(after_kib - before_kib) / connections, probe_p99_ms=told["probe_p99_ms"])


_KEEP = {LineSessionKind.ONCE: (), LineSessionKind.KEEP: ("--keep",)}
_WORDS = ("-c", "echo hello", "-e", "hello")


def load_of(native: Native) -> Load:
    """The one in C where it was built, else ours."""
    if native.load is not None:
        return Load((str(native.load),))
    return Load((sys.executable, "-m", "doorward.models._load"))


@dataclass(frozen=True, slots=True)
class Process:
    """A server that was started."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """What it, its children and those it waited for have used of a processor."""
        return sum(_cpu_seconds(pid) for pid in _tree(self.pid))

    def memory_kib(self) -> float:
        """What it and its children take of the machine's memory: proportional set size."""
        return sum(_pss_kib(pid) for pid in _tree(self.pid))


@contextmanager
def model_server(name: str, kind: LineSessionKind) -> Iterator[Process]:
    """The model `name` in a process of its own, on the first core that may be used."""
    words = [sys.executable, "-m", "doorward", "models", "serve", name, *_KEEP[kind]]
    with _server(words, re.compile(rf"{name} listens on [0-9.]+:(\d+);")) as process:
        yield process


@contextmanager
def limit_server(native: Native, kind: LineSessionKind) -> Iterator[Process]:
    """The server in C, which looks at no line and has one answer."""
    words = [str(native.server), "You are one of 1: hello", *_KEEP[kind]]
    with _server(words, re.compile(r"(\d+)")) as process:
        yield process


@contextmanager
def _server(words: Sequence[str], ready: re.Pattern[str]) -> Iterator[Process]:
    with subprocess.Popen(
        [*pinned(words, last=False)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        try:
            # a server says its port at once or ends, and then this is empty
            line = server.stdout.readline() if server.stdout else ""
            found = ready.match(line)
            if found is None:
                raise MeasureFailed(f"{words[-1]} did not start: {line.strip() or 'it said nothing'}")
            yield Process(server.pid, int(found[1]))
        finally:
            server.terminate()
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answer_beside(process: Process, saying: bytes, *, peers: int) -> float:
    """
    How many seconds somebody waits for a short answer while `peers` others are slow.

    Args:
        process: the server.
        saying: what the slow ones said: nothing, or a slow command.
        peers: how many.
    """
    with ExitStack() as stack:
        for _ in range(peers):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", process.port), 10))
            if slow.recv(len(GREETING)) != GREETING:
                raise MeasureFailed("a slow peer was not greeted")
            slow.sendall(saying)
        waits = [_one_answer(process)]
        # a few more, so that one hiccup of the machine is not taken for the model's
        while waits[0] < SLOW_SECONDS / 2 and len(waits) < _ASKED_BESIDE:
            waits.append(_one_answer(process))
        return statistics.median(waits)


def _one_answer(process: Process) -> float:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", process.port), 10) as other:
        other.settimeout(SLOW_SECONDS * 2)
        other.sendall(b"echo hello\n")
        other.shutdown(socket.SHUT_WR)
        # as long as that, and nobody knows how much longer
        with suppress(TimeoutError):
            while other.recv(4096):
                pass
    return time.monotonic() - began


def datagram_beside(process: Process, saying: bytes) -> float:
    """How many seconds somebody waits for a short answer over UDP behind one whose question was `saying`."""
    with ExitStack() as stack:
        slow, other = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2))
        for each in (slow, other):
            each.connect(("127.0.0.1", process.port))
        slow.send(saying)
        began = time.monotonic()
        other.settimeout(SLOW_SECONDS * 2)
        other.send(b"echo hello")
        # as long as that, and nobody knows how much longer
        with suppress(TimeoutError):
            other.recv(4096)
        return time.monotonic() - began


def most_descriptors() -> int:
    """How many connections a process here may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _SPARE_DESCRIPTORS


def pinned(words: Sequence[str], *, last: bool) -> Iterator[str]:
    """`words` on the first or on the last core that may be used, so that load and server share none."""
    cores = sorted(os.sched_getaffinity(0))
    if taskset := shutil.which("taskset"):
        yield from (taskset, "--cpu-list", str(cores[-1 if last else 0]))
    yield from words


def _json_of(text: str, complaint: str) -> dict[str, float]:
    try:
        told: dict[str, float] = json.loads(text)
    except ValueError as error:
        raise MeasureFailed(f"the load failed: {complaint.strip()[:200] or 'it said nothing'}") from error
    return told


def _tree(pid: int) -> set[int]:
    found = {pid}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found |= _tree(int(child))
    except OSError:
        pass  # it ended meanwhile
    return found


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    # utime, stime, and both of the children that were waited for: proc_pid_stat(5)
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _pss_kib(pid: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return float(found[1]) if found else 0.0
