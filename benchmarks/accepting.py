"""
Who accepts: what a connection costs when the loop does, and when a gate does and hands the socket on.

A peer is greeted, asks one line and is answered, 64 at once; told is the server's CPU time a connection.
Rounds are interleaved, and only the ratios of one run count.
`docs/decisions/0009-the-gate-wraps-what-the-loop-accepts.md` rests on it.
"""

import argparse
import asyncio
import functools
import signal
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import uvloop
from line_door import (
    ANSWER,
    Bench,
    BenchmarkError,
    Server,
    choose_cores,
    compile_native,
    end_on_term,
    lines_of_table,
    read_printed_port,
)
from machine import describe
from peers.bare_uvloop import BACKLOG, FixedAnswer

ACCEPTED_AT_ONCE = 64
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}

MakeProtocol = Callable[[], asyncio.Protocol]


class Way(Protocol):
    """One way of coming from a listening socket to protocols."""

    title: str

    async def serve(self, listening: socket.socket, make: MakeProtocol) -> None: ...


def listen() -> socket.socket:
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listening.setblocking(False)
    return listening


def accept_all(listening: socket.socket, take: Callable[[socket.socket], object]) -> None:
    """Accept what waits, a turn's worth at most."""
    for _ in range(ACCEPTED_AT_ONCE):
        try:
            accepted, _ = listening.accept()
        except BlockingIOError:
            return
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        take(accepted)


class LoopAccepts:
    """The loop accepts, and asks for a protocol: where a gate may look at each connection first."""

    title = "the loop's own create_server"

    async def serve(self, listening: socket.socket, make: MakeProtocol) -> None:
        server = await asyncio.get_running_loop().create_server(make, sock=listening, backlog=BACKLOG)
        await server.serve_forever()


class TaskEach:
    """A gate accepts, and hands every socket to the loop in a task of its own."""

    title = "own accept, a task a connection"

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    async def serve(self, listening: socket.socket, make: MakeProtocol) -> None:
        loop = asyncio.get_running_loop()

        def hand_over(accepted: socket.socket) -> None:
            task: asyncio.Task[object] = loop.create_task(loop.connect_accepted_socket(make, accepted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.add_reader(listening, accept_all, listening, hand_over)
        await loop.create_future()


class OneTask:
    """A gate accepts, and one task hands the sockets to the loop, one after the other."""

    title = "own accept, one task a listener"

    async def serve(self, listening: socket.socket, make: MakeProtocol) -> None:
        loop = asyncio.get_running_loop()
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        loop.add_reader(listening, accept_all, listening, accepted.put_nowait)
        while True:
            await loop.connect_accepted_socket(make, await accepted.get())


WAYS: dict[str, type[Way]] = {"loop": LoopAccepts, "tasks": TaskEach, "one": OneTask}


async def serve(way: str) -> None:
    """Print the port and serve until the process is ended."""
    listening = listen()
    print(listening.getsockname()[1], flush=True)
    make = functools.partial(FixedAnswer, answer=ANSWER.encode() + b"\n", keep=False)
    await WAYS[way]().serve(listening, make)


def argv_of(loop: str, way: str, keep: bool, _: Path) -> list[str]:  # noqa: FBT001 - called through a table
    return [sys.executable, __file__, "--serve", way, "--loop", loop]


def measure(bench: Bench, servers: dict[str, Server], *, rounds: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {key: [] for key in servers}
    for turn in range(rounds):
        keys = [*servers][turn % len(servers) :] + [*servers][: turn % len(servers)]
        for key in keys:
            figures[key].append(bench.measure_rates(servers[key], keep=False)["once-64"].cpu_us)
    return figures


def tell(figures: dict[str, list[float]], servers: dict[str, Server]) -> None:
    rows: list[Sequence[str]] = [["loop", "who accepts", "CPU us", "least", "of the loop's own"]]
    for key, each in figures.items():
        loop = key.partition(" ")[0]
        own = statistics.median(figures[f"{loop} loop"])
        median = statistics.median(each)
        rows.append([loop, servers[key].title, f"{median:.1f}", f"{min(each):.1f}", f"{median / own:.2f}"])
    print("\n".join(lines_of_table(rows)))


def run(*, rounds: int, seconds: float, native: Path) -> None:
    compile_native(native)
    cores = choose_cores()
    print(describe("uvloop"))
    servers = {
        f"{loop} {way}": Server(WAYS[way].title, functools.partial(argv_of, loop, way), read_printed_port)
        for loop in LOOPS
        for way in WAYS
    }
    bench = Bench(native=native, cores=cores, seconds=seconds)
    tell(measure(bench, servers, rounds=rounds), servers)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--serve", choices=[*WAYS], help="be one of the servers")
    parser.add_argument("--loop", choices=[*LOOPS], default="uvloop", help="of that server")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    if arguments.serve:
        with asyncio.Runner(loop_factory=LOOPS[arguments.loop]) as runner:
            runner.run(serve(arguments.serve))
    signal.signal(signal.SIGTERM, end_on_term)
    try:
        with tempfile.TemporaryDirectory(prefix="accepting-") as native:
            run(rounds=arguments.rounds, seconds=arguments.seconds, native=Path(native))
    except BenchmarkError as error:
        print(f"accepting: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
