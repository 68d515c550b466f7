"""
The tls door beside a bare uvloop server with `ssl=` and a fixed answer, by the server's CPU time.

Both show one certificate (P-256). Ours asks for a password, whose hash is as cheap as hashes get, and has the
gate, session, desk and audit in the way. Rounds are interleaved, and only the ratios of one run count.
The load is one thread of Python that never fills the server's core: no rates are told.
"""

import argparse
import asyncio
import functools
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import argon2
import uvloop
from line_door import (
    ANSWER,
    EXPECTED,
    OURS,
    BenchmarkError,
    Server,
    choose_cores,
    cpu_seconds,
    end_on_term,
    find_doorward,
    lines_of_table,
    read_printed_port,
    read_written_port,
    running,
)
from machine import describe
from peers.bare_uvloop import BACKLOG, GREETING, FixedAnswer

SESSIONS = 16
ASKED_EACH = 200
PASSWORD = "sesame"
BARE = "bare"
CONFIGURATION = """\
[doors.tls]
listen = ["127.0.0.1:0"]
certificate = "{certificate}"
key = "{key}"
session = "{session}"

[limits.penalties]
exempt = ["127.0.0.0/8"]

[users.alice]
password = "{password_hash}"

[commands.uptime]
summary = "How long the machine has been up"
run = ["uptime"]
read_only = true
fresh_seconds = 2
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


def make_pair(folder: Path) -> Pair:
    pair = Pair(folder / "cert.pem", folder / "key.pem")
    wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 -subj /CN=localhost"
    files = ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    subprocess.run(["openssl", *wanted.split(), *files], check=True, capture_output=True, timeout=30)
    pair.key.chmod(0o600)
    return pair


# Servers


def our_argv(program: str, pair: Pair, keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - called through a table
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    configuration = folder / "doorward.toml"
    configuration.write_text(
        CONFIGURATION.format(
            certificate=pair.certificate,
            key=pair.key,
            session="keep" if keep else "once",
            password_hash=cheap.hash(PASSWORD),
        )
    )
    configuration.chmod(0o600)
    return [program, "serve", "--config", str(configuration), "--state", str(folder / "state")]


def bare_argv(pair: Pair, keep: bool, _: Path) -> list[str]:  # noqa: FBT001 - called through a table
    serve = ["--serve", str(pair.certificate), str(pair.key)]
    return [sys.executable, __file__, *serve, *(["--keep"] if keep else [])]


async def serve_bare(pair: Pair, *, keep: bool) -> None:
    """Print the port and serve until the process is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    make = functools.partial(FixedAnswer, answer=ANSWER.encode() + b"\n", keep=keep)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def find_servers(pair: Pair) -> dict[str, Server]:
    program = find_doorward()
    if program is None:
        raise BenchmarkError("no program `doorward` beside this Python nor on the path")
    read_port = functools.partial(read_written_port, door="tls")
    return {
        BARE: Server("bare uvloop, ssl=", functools.partial(bare_argv, pair), read_printed_port),
        OURS: Server("Doorward", functools.partial(our_argv, program, pair), read_port),
    }


# The load


class Peer:
    """One client, greeted or asked for its password."""

    def __init__(self, port: int, context: ssl.SSLContext, *, keep: bool) -> None:
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(raw)
        self._ends_with = GREETING if keep else b"\n"
        self._is_greeted = self._receive(b"\n") == GREETING

    def log_in(self) -> None:
        """Say the password to a server that asked for one."""
        if not self._is_greeted:
            self._socket.sendall(PASSWORD.encode() + b"\n")
            self._receive(GREETING)

    def ask(self) -> None:
        self._socket.sendall(b"uptime\n")

    def hear(self) -> None:
        if EXPECTED.encode() not in (said := self._receive(self._ends_with)):
            raise BenchmarkError(f"answered {said[:80]!r}")

    def close(self) -> None:
        self._socket.close()

    def _receive(self, ends_with: bytes) -> bytes:
        said = b""
        while not said.endswith(ends_with):
            if not (data := self._socket.recv(4096)):
                raise BenchmarkError(f"ended after {said[:80]!r}")
            said += data
        return said


def connect_only(connect: Callable[[], Peer]) -> int:
    """Handshakes, one after the other; how many."""
    for _ in range(ASKED_EACH):
        connect().close()
    return ASKED_EACH


def connect_and_ask(connect: Callable[[], Peer]) -> int:
    """A connection a request, one after the other; how many."""
    for _ in range(ASKED_EACH):
        peer = connect()
        peer.log_in()
        peer.ask()
        peer.hear()
        peer.close()
    return ASKED_EACH


def ask_in_turns(peers: Sequence[Peer]) -> int:
    """Requests of sessions that are kept, one outstanding in each; how many."""
    for _ in range(ASKED_EACH):
        for peer in peers:
            peer.ask()
        for peer in peers:
            peer.hear()
    return ASKED_EACH * len(peers)


def cpu_us(pid: int, work: Callable[[], int], *, seconds: float) -> float:
    """The server's CPU time for each request of `work`, which is repeated for about so long."""
    before, until, requests = cpu_seconds(pid), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        requests += work()
    return (cpu_seconds(pid) - before) * 1e6 / requests


def measure_once(connect: Callable[[], Peer], pid: int, seconds: float) -> dict[str, float]:
    connect_and_ask(connect)
    return {
        "A handshake": cpu_us(pid, functools.partial(connect_only, connect), seconds=seconds),
        "A handshake, a login (ours only) and a request": cpu_us(
            pid, functools.partial(connect_and_ask, connect), seconds=seconds
        ),
    }


def measure_kept(connect: Callable[[], Peer], pid: int, seconds: float) -> dict[str, float]:
    peers = []
    for _ in range(SESSIONS):
        # at once, for of many who have not logged in some are turned away
        peers.append(connect())
        peers[-1].log_in()
    ask_in_turns(peers)
    figure = cpu_us(pid, functools.partial(ask_in_turns, peers), seconds=seconds)
    for peer in peers:
        peer.close()
    return {f"A request of {SESSIONS} kept sessions": figure}


def measure(server: Server, *, seconds: float, core: int) -> dict[str, float]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    figures: dict[str, float] = {}
    for keep in (False, True):
        with running(server, keep=keep, core=core) as (pid, port):
            connect = functools.partial(Peer, port, context, keep=keep)
            figures |= (measure_kept if keep else measure_once)(connect, pid, seconds)
    return figures


Figures = dict[str, list[dict[str, float]]]


def compare(servers: dict[str, Server], *, rounds: int, seconds: float) -> Figures:
    core = choose_cores().server
    figures: Figures = {key: [] for key in servers}
    for turn in range(rounds):
        for key in sorted(servers, reverse=bool(turn % 2)):
            figures[key].append(measure(servers[key], seconds=seconds, core=core))
    return figures


def tell(figures: Figures, servers: dict[str, Server]) -> None:
    for title in figures[BARE][0]:
        bare = statistics.median(each[title] for each in figures[BARE])
        rows = [["server", "CPU us", "least", "bare's CPU of it"]]
        for key, rounds in figures.items():
            each = [figure[title] for figure in rounds]
            median = statistics.median(each)
            rows.append([servers[key].title, f"{median:.1f}", f"{min(each):.1f}", f"{bare / median:.2f}"])
        print("\n".join(["", title, *lines_of_table(rows)]))


def run(arguments: argparse.Namespace) -> None:
    print(f"{describe('uvloop')}, {ssl.OPENSSL_VERSION}")
    with tempfile.TemporaryDirectory(prefix="tls-door-") as folder:
        servers = find_servers(make_pair(Path(folder)))
        tell(compare(servers, rounds=arguments.rounds, seconds=arguments.seconds), servers)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--serve", type=Path, nargs=2, metavar=("CERT", "KEY"), help="be the bare server")
    parser.add_argument("--keep", action="store_true", help="of that server: greet again")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    if arguments.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_bare(Pair(*arguments.serve), keep=arguments.keep))
    signal.signal(signal.SIGTERM, end_on_term)
    try:
        run(arguments)
    except BenchmarkError as error:
        print(f"tls_door: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
