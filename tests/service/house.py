"""A desk with all that stands behind it, in the hands of a test."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from doorward.core.audit import AuditKind
from doorward.core.builtin_commands import program_command, verb_commands
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Program
from doorward.core.functions import function_action, function_parameters
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome
from doorward.core.parameter import Parameter
from doorward.core.principal import ADMIN, Login, Peer, Principal, User, guest, principal_of
from doorward.core.template import Element
from doorward.service.answer import Answer
from doorward.service.caller import Caller
from doorward.service.desk import Desk
from doorward.service.run import Run
from doorward.service.runs import Runs
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock
from doorward.testing.spawner import FakeChild, FakeSpawner

BOUND_SECONDS = 20.0
"""However busy the machine is, what is waited for comes within this."""


def caller(name: str = "alice", *, roles: Iterable[str] = (), door: str = "unix") -> Caller:
    principal = principal_of(User(name=name, roles=frozenset(roles)), Login.UID)
    return Caller(principal, Peer(door, "uid 1000", 1000, 1))


def a_guest(visitor: int = 2) -> Caller:
    return Caller(guest(), Peer("tcp", "127.0.0.1", visitor=visitor))


ALICE = caller("alice")
BOB = caller("bob")
ROOT = caller(ADMIN, roles=[ADMIN])
GUEST = a_guest()


def user(name: str) -> Principal:
    return caller(name).principal


def program(name: str, *parameters: Parameter, **fields: Any) -> Command:
    """A command that runs a program with each parameter as a word."""
    elements = tuple(Element(("", parameter.name, "")) for parameter in parameters)
    return Command(name=name, action=Program(f"/bin/{name}", elements), parameters=parameters, **fields)


def function(name: str, called: Callable[..., Any], **fields: Any) -> Command:
    """A command that calls a function."""
    parameters = function_parameters(called, key=name)
    return Command(name=name, action=function_action(called), parameters=parameters, **fields)


class Reader:
    """
    Somebody who asked, and reads.

    Attributes:
        answer: what they got.
        told: how often there was news.
    """

    def __init__(self, house: "House", asker: Caller, line: str | None) -> None:
        self.told = 0
        self.asker = asker
        self._house = house
        self._changed = asyncio.Event()
        self._taken: list[tuple[Stream, bytes]] = []
        self.answer: Answer = house.desk.ask(asker, line, self._hear)

    def _hear(self) -> None:
        self.told += 1
        self._changed.set()

    @property
    def run(self) -> Run:
        assert self.answer.run is not None
        return self.answer.run

    @property
    def output(self) -> bytes:
        """All that was there to take so far, both streams."""
        while (chunk := self.answer.take()) is not None:
            self._taken.append(chunk)
        return b"".join(data for _, data in self._taken)

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def streams(self) -> list[tuple[Stream, bytes]]:
        assert self.output is not None
        return self._taken

    @property
    def outcome(self) -> Outcome | None:
        assert self.output is not None
        return self.answer.outcome

    @property
    def is_over(self) -> bool:
        return self.outcome is not None

    async def ended(self) -> Outcome:
        """How it ends, when it does."""
        async with asyncio.timeout(BOUND_SECONDS):
            while (outcome := self.outcome) is None:
                self._changed.clear()
                await self._changed.wait()
        return outcome

    async def has_written(self, output: bytes) -> None:
        """Wait until this is what was written."""
        async with asyncio.timeout(BOUND_SECONDS):
            while self.output != output:
                self._changed.clear()
                await self._changed.wait()

    def leave(self) -> None:
        self._house.desk.leave(self.answer)

    def cancel(self) -> None:
        self._house.desk.cancel(self.asker, self.answer)

    def write(self, data: bytes) -> None:
        self._house.desk.write_input(self.answer, data)

    def end_input(self) -> None:
        self._house.desk.end_input(self.answer)


class House:
    """
    The desk, its runs, and fakes around them.

    Attributes:
        spawner: whose children the test has in its hands.
        connected: what `whoami` says.
        status: what `status` says.
    """

    def __init__(
        self, *commands: Command, spawner: FakeSpawner | None = None, limits: Limits | None = None
    ) -> None:
        self.clock = ManualClock()
        self.audit = MemoryAuditLog(self.clock)
        self.spawner = FakeSpawner() if spawner is None else spawner
        self.limits = Limits() if limits is None else limits
        self.connected = 1
        self.status: dict[str, object] = {"version": "1"}
        self.schedules: list[dict[str, object]] = []
        self.runs = Runs(self.limits, spawner=self.spawner, clock=self.clock, audit=self.audit)
        self.desk = Desk(
            catalogue(*commands),
            self.limits,
            runs=self.runs,
            clock=self.clock,
            connected=lambda: self.connected,
            status=lambda: self.status,
            schedules=lambda: self.schedules,
        )

    def ask(self, asker: Caller, line: str | None) -> Reader:
        return Reader(self, asker, line)

    def child_of(self, asker: Caller, line: str) -> FakeChild:
        """The child of a run whose asker has left at once."""
        self.ask(asker, line).leave()
        return self.child

    @property
    def children(self) -> list[FakeChild]:
        return self.spawner.children

    @property
    def child(self) -> FakeChild:
        """The youngest."""
        return self.spawner.children[-1]

    def trail(self, *kinds: AuditKind) -> list[dict[str, object]]:
        """What was written down, of these kinds or of all."""
        return [
            {"event": event.kind.value, "who": event.who, **event.details}
            for event in self.audit.events
            if not kinds or event.kind in kinds
        ]

    def assert_at_rest(self) -> None:
        """Nothing runs, waits, holds a place or is due."""
        assert self.runs.history.live() == ()
        assert self.spawner.alive == []
        assert (self.runs.places.taken, self.runs.places.waiting) == (0, 0)
        assert self.clock.scheduled == 0


def catalogue(*commands: Command) -> Catalogue:
    """These, and the built-ins that were not declared anew."""
    declared = {command.name for command in commands}
    builtins = [program_command(name, f"/usr/bin/{name}", home="/") for name in ("uptime", "df")]
    return Catalogue(
        [*commands, *(each for each in [*builtins, *verb_commands()] if each.name not in declared)]
    )
