"""
Scripted conversations beside pexpect: short exchanges, and a prompt behind 50 MB; rates, CPU, memory, ratios.

A server of plain sockets runs on one core, and each client on another, in interleaved rounds, each in a
process of its own. Only the ratios of one run count. `benchmarks/README.md` tells how to read the table.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from machine import describe
from timing import timed

DIALOGUE = 200
"""Exchanges of one conversation."""

SECONDS = 100.0
FILLER = b"drwxr-xr-x 2 root root 4096 Nov 27 12:24 a line of a listing that goes on and on\r\n"

CLIENTS = ("ours", "pexpect", "pexpect-ncat")
"""pexpect has a socket itself, or it runs ncat in a terminal, as scripts of expect do."""

LOOKED_AT = {"maxread": 2000, "searchwindowsize": 4096}
"""
pexpect reads so much by default, and looks at so many of the last bytes, as we do. Where it looks at less
than it reads, it misses what stands in the middle; where it looks at all, its time grows with the square.
"""


class Conversation:
    """What the server says to one client."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def go_on(self) -> None:
        with self._connected, contextlib.suppress(OSError):
            self._connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connected.sendall(b"ready\r\n> ")
            for line in self._connected.makefile("rb"):
                verb, _, rest = line.strip().partition(b" ")
                if verb == b"flood":
                    self._flood(int(rest))
                else:
                    self._connected.sendall(b"you said %s\r\n> " % rest)

    def _flood(self, size: int) -> None:
        block = FILLER * 1000
        for _ in range(size // len(block)):
            self._connected.sendall(block)
        self._connected.sendall(b"end of it> ")


def serve() -> None:
    """Listen on a free port, which is printed, until it is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connected, _ = listener.accept()
            threading.Thread(target=Conversation(connected).go_on, daemon=True).start()


async def _dialogue_of_ours(port: int) -> None:
    import doorward

    async with doorward.talk(f"127.0.0.1:{port}", seconds=SECONDS) as talk:
        await talk.expect("^> ")
        for number in range(DIALOGUE):
            await talk.send_line(f"say {number}")
            matched = await talk.expect(r"you said (\d+)\n> ", "^error")
            assert matched.groups == (str(number),)


async def _flood_of_ours(port: int, size: int) -> None:
    import doorward

    async with doorward.talk(f"127.0.0.1:{port}", seconds=SECONDS) as talk:
        await talk.expect("^> ")
        await talk.send_line(f"flood {size}")
        await talk.expect("^end of it> ", "^error")


@contextlib.contextmanager
def _pexpect(client: str, port: int) -> Iterator[Any]:
    # it has no types, and over a socket no texts: it is given bytes, which need no decoding
    pexpect: Any = __import__("pexpect.socket_pexpect")
    if client == "pexpect-ncat":
        spawned = pexpect.spawn("ncat", ["127.0.0.1", str(port)], timeout=SECONDS, echo=False, **LOOKED_AT)
        spawned.delaybeforesend = None
        with contextlib.closing(spawned):
            yield spawned
        return
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        spawn = pexpect.socket_pexpect.SocketSpawn
        yield spawn(connected, timeout=SECONDS, use_poll=True, **LOOKED_AT)


def _dialogue_of_pexpect(client: str, port: int) -> None:
    answer = [re.compile(rb"you said (\d+)\r+\n> ", re.MULTILINE), re.compile(b"^error", re.MULTILINE)]
    with _pexpect(client, port) as talk:
        talk.expect("> ")
        for number in range(DIALOGUE):
            talk.send(f"say {number}\r\n" if client == "pexpect" else f"say {number}\n")
            assert talk.expect(answer) == 0
            assert int(talk.match[1]) == number


def _flood_of_pexpect(client: str, port: int, size: int) -> None:
    with _pexpect(client, port) as talk:
        talk.expect("> ")
        talk.send(f"flood {size}\n")
        talk.expect([re.compile(b"^end of it> ", re.MULTILINE), re.compile(b"^error", re.MULTILINE)])


def measure(client: str, port: int, *, dialogues: int, size: int) -> dict[str, float]:
    """
    Run one client in this process, warmed up by one conversation.

    Returns:
        `rate` of exchanges a second and `cpu_us` of each; `megabytes` a second, `flood_cpu_s`, and what the
        flood had this process grow by, `grown_mib`.
    """

    def talk(times: int) -> None:
        for _ in range(times):
            if client == "ours":
                asyncio.run(_dialogue_of_ours(port))
            else:
                _dialogue_of_pexpect(client, port)

    def flood() -> None:
        if client == "ours":
            asyncio.run(_flood_of_ours(port, size))
        else:
            _flood_of_pexpect(client, port, size)

    talk(1)
    seconds, cpu = timed(lambda: talk(dialogues))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood_seconds, flood_cpu = timed(flood)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "rate": dialogues * DIALOGUE / seconds,
        "cpu_us": cpu / (dialogues * DIALOGUE) * 1e6,
        "megabytes": size / 1e6 / flood_seconds,
        "flood_cpu_s": flood_cpu,
        "grown_mib": grown / 1024,
    }


@contextlib.contextmanager
def serving(core: int) -> Iterator[int]:
    """The port of a server on one core."""
    argv = ["taskset", "-c", str(core), sys.executable, __file__, "--serve"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def rounds(arguments: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """All figures of each client."""
    cores = sorted(os.sched_getaffinity(0))
    clients = [each for each in arguments.only or CLIENTS if each != "pexpect-ncat" or shutil.which("ncat")]
    found: dict[str, list[dict[str, float]]] = {client: [] for client in clients}
    with serving(cores[0]) as port:
        for _ in range(arguments.rounds):
            for client in clients:
                argv = ["taskset", "-c", str(cores[-1]), sys.executable, __file__, "--measure", client]
                argv += ["--port", str(port), "--dialogues", str(arguments.dialogues)]
                argv += ["--megabytes", str(arguments.megabytes)]
                run = subprocess.run(argv, check=True, capture_output=True, text=True)
                found[client].append(json.loads(run.stdout))
    return found


def show(found: dict[str, list[dict[str, float]]]) -> None:
    """Medians, and what they are beside ours."""
    columns = ("rate", "cpu_us", "megabytes", "flood_cpu_s", "grown_mib")
    heads = (
        "exchanges/s",
        "CPU us",
        "MB/s",
        "CPU s",
        "MiB",
        "rate/ours",
        "CPU/ours",
        "MB/s/ours",
        "CPU/ours",
    )
    print(f"{'':13}" + "".join(f"{head:>12}" for head in heads))
    medians = {
        client: {name: statistics.median(each[name] for each in rounds_) for name in columns}
        for client, rounds_ in found.items()
    }
    ours = medians.get("ours")
    for client, median in medians.items():
        beside = [median[name] / ours[name] for name in columns[:4]] if ours else []
        print(f"{client:13}" + "".join(f"{value:12.2f}" for value in (*median.values(), *beside)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dialogues", type=int, default=10, help=f"of {DIALOGUE} exchanges, in a round")
    parser.add_argument("--megabytes", type=int, default=50, help="before the prompt")
    parser.add_argument("--only", action="append", choices=CLIENTS)
    parser.add_argument("--json", action="store_true", help="every round's figures")
    parser.add_argument("--measure", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
    if arguments.measure:
        size = arguments.megabytes * 1_000_000
        figures = measure(arguments.measure, arguments.port, dialogues=arguments.dialogues, size=size)
        print(json.dumps(figures))
        return
    print(describe("pexpect"))
    found = rounds(arguments)
    if arguments.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    main()
