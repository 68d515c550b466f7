"""
What an answer of a kept session costs the interpreter alone: no kernel, and a transport that takes all.

The line door with all that stands behind it (session, desk, policy, audit in a real file, a fresh answer)
beside Twisted's LineReceiver and a bare protocol, whose answer is fixed. Rounds are interleaved, and what is
told is CPU time: a busy machine disturbs it less. `--profile` tells where ours goes.
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from machine import describe

from doorward.core.builtin_commands import program_command, verb_commands
from doorward.core.catalogue import Catalogue
from doorward.core.limits import Limits
from doorward.core.principal import Peer
from doorward.core.settings import Comers, Language, LineSessionKind
from doorward.doors.line import LineDoor, meet
from doorward.gate.gate import Gate
from doorward.lines.phrases import PHRASES
from doorward.service.caller import Caller
from doorward.service.desk import Desk
from doorward.service.portal import Portal
from doorward.service.runs import Runs
from doorward.stores.audit import AuditFile
from doorward.stores.clock import SystemClock
from doorward.stores.passwords import PasswordVerifier
from doorward.testing.spawner import FakeChild, FakeSpawner

ANSWER = b" 12:00:00 up 1 min, 1 user,  load average: 0.00, 0.00, 0.00\n"
GREETING = PHRASES[Language.ENGLISH].greeting
SESSIONS = 64
TURNS = 50
"""Every session asks once a turn; then the loop has its own."""

Receive = Callable[[bytes], None]


class Transport:
    """One that takes all that is written, and counts it."""

    disconnecting = False  # Twisted's

    def __init__(self) -> None:
        self.written_bytes = 0
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.written_bytes += len(data)
        self.writes += 1

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None

    def setTcpNoDelay(self, on: bool) -> None:  # noqa: FBT001, N802 - Twisted's
        pass


class Bare:
    """A protocol with nothing behind it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\n"):
            self._transport.write(ANSWER + GREETING)


def tell_uptime(child: FakeChild) -> None:
    child.write(ANSWER)
    child.end()


def catalogue() -> Catalogue:
    uptime = replace(program_command("uptime", "/usr/bin/uptime", home="/"), fresh_seconds=3600.0)
    return Catalogue([uptime, *verb_commands()])


@contextmanager
def our_door(folder: Path) -> Iterator[LineDoor]:
    """The tcp door of a daemon, its programs played."""
    limits, clock = Limits(), SystemClock(asyncio.get_running_loop())
    audit = AuditFile(folder / "audit.jsonl", clock=clock, waiting_lines=limits.audit_queue, told=print)
    audit.open()
    verifier = PasswordVerifier(waiting=1, most_bytes=limits.password_bytes, workers=1)
    portal = Portal((), verifier=verifier, audit=audit, clock=clock, process_uid=-1, checks_per_source=1)
    gate = Gate(limits, clock, audit=audit, most=10 * SESSIONS, chance=lambda: 0.5)
    spawner = FakeSpawner(programs={"/usr/bin/uptime": tell_uptime})
    runs = Runs(limits, spawner=spawner, clock=clock, audit=audit)
    desk = Desk(catalogue(), limits, runs=runs, clock=clock, connected=lambda: 1, status=dict, schedules=list)
    yield LineDoor(
        name="tcp",
        kind=LineSessionKind.KEEP,
        comers=Comers.GUESTS,
        phrases=PHRASES[Language.ENGLISH],
        limits=limits,
        clock=clock,
        gate=gate,
        portal=portal,
        desk=desk,
    )
    gate.close()
    verifier.close()


def ours(door: LineDoor, transport: Transport) -> Receive:
    connection: Any = meet(door)
    connection.connection_made(transport)
    receive: Receive = connection.data_received
    return receive


def twisted_receiver(transport: Transport) -> Receive:
    from peers.twisted_line import FixedAnswer

    receiver: Any = FixedAnswer(answer=ANSWER, keep=True)
    receiver.makeConnection(transport)
    receive: Receive = receiver.dataReceived
    return receive


class Peers:
    """Sixty-four sessions of one kind."""

    def __init__(self, connect: Callable[[Transport], Receive], *, at_once: int) -> None:
        self._transports = [Transport() for _ in range(SESSIONS)]
        self._receive = [connect(transport) for transport in self._transports]
        self._asked = b"uptime\n" * at_once
        self._at_once = at_once

    async def measure(self) -> float:
        """CPU microseconds an answer."""
        before_bytes = self._written_bytes
        began_at = time.process_time()
        for _ in range(TURNS):
            for receive in self._receive:
                receive(self._asked)
            await asyncio.sleep(0)
        cpu_seconds = time.process_time() - began_at
        answers = TURNS * SESSIONS * self._at_once
        if self._written_bytes - before_bytes != answers * len(ANSWER + GREETING):
            raise AssertionError("an answer is missing")
        return cpu_seconds * 1e6 / answers

    @property
    def _written_bytes(self) -> int:
        return sum(transport.written_bytes for transport in self._transports)


def all_peers(door: LineDoor, *, at_once: int) -> dict[str, Peers]:
    peers = {"Doorward": Peers(lambda transport: ours(door, transport), at_once=at_once)}
    try:
        peers["Twisted LineReceiver"] = Peers(twisted_receiver, at_once=at_once)
    except ImportError:
        print("Twisted LineReceiver is left out: twisted is not installed", file=sys.stderr)
    if at_once == 1:
        peers["bare protocol"] = Peers(lambda transport: Bare(transport).data_received, at_once=1)
    return peers


async def compare(door: LineDoor, *, rounds: int, at_once: int) -> Mapping[str, list[float]]:
    peers = all_peers(door, at_once=at_once)
    figures: dict[str, list[float]] = {title: [] for title in peers}
    for turn in range(rounds + 1):
        for title, each in peers.items():
            figure = await each.measure()
            if turn:  # the first warms up
                figures[title].append(figure)
    return figures


async def warm_up(door: LineDoor) -> None:
    """Have a fresh answer there: until then an asker waits for the run."""
    ended = asyncio.Event()
    caller = Caller(door.portal.admit_guest().principal, Peer(door.name, "127.0.0.1"))
    door.desk.ask(caller, "uptime", ended.set)
    await ended.wait()


async def tell_profile(door: LineDoor) -> None:
    peers = Peers(lambda transport: ours(door, transport), at_once=1)
    profile = cProfile.Profile()
    profile.enable()
    await peers.measure()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


async def tell_figures(door: LineDoor, *, rounds: int) -> None:
    for at_once in (1, 32):
        print(f"{at_once} a write, CPU us an answer: median and least")
        for title, figures in (await compare(door, rounds=rounds, at_once=at_once)).items():
            print(f"  {title:24}{statistics.median(figures):8.2f}{min(figures):8.2f}")


async def run(*, rounds: int, profiles: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, our_door(Path(folder)) as door:
        await warm_up(door)
        await (tell_profile(door) if profiles else tell_figures(door, rounds=rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="%(default)s")
    parser.add_argument("--profile", action="store_true", help="a profile of ours instead of the figures")
    arguments = parser.parse_args()
    print(describe("uvloop", "twisted"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(rounds=arguments.rounds, profiles=arguments.profile))


if __name__ == "__main__":
    main()
