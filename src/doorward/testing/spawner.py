"""A `Spawner` whose children do what the test says, or what the few programs do that it knows."""

import asyncio
import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.launch import Ending, Exited, Launch, NotStarted, Signalled, Stream
from doorward.core.ports import Child, ChildEvents


@dataclass(eq=False)
class FakeChild:
    """
    A child in the hands of a test.

    Attributes:
        launch: what it was started with.
        input: what came for its stdin.
        is_input_closed: whether its stdin has ended.
        stops: how often it was asked to stop.
        ends_when_stopped: otherwise it goes on until the test ends it, as one that ignores TERM.
        on_input: called when its stdin has more, or has ended.
        has_ended: whether it has told how it ended; after that it tells nothing.
    """

    launch: Launch
    events: ChildEvents = field(repr=False)
    input: bytes = b""
    is_input_closed: bool = False
    stops: int = 0
    ends_when_stopped: bool = True
    on_input: Callable[["FakeChild"], None] | None = field(default=None, repr=False)
    has_ended: bool = False

    def write_input(self, data: bytes) -> None:
        """See `Child`."""
        if not self.is_input_closed and not self.has_ended:
            self.input += data
            self._tell_input()

    def close_input(self) -> None:
        """See `Child`."""
        if not self.is_input_closed and not self.has_ended:
            self.is_input_closed = True
            self._tell_input()

    def stop(self) -> None:
        """See `Child`."""
        self.stops += 1
        if self.ends_when_stopped:
            self.end(Signalled(15))

    def write(self, data: bytes, stream: Stream = Stream.OUT) -> bool:
        """Have the child write `data`; gives whether more is wanted, which it never is after the end."""
        return not self.has_ended and self.events.output_received(stream, data)

    def end(self, ending: Ending | None = None) -> None:
        """Have the child end, with status 0 unless told otherwise; idempotent."""
        if not self.has_ended:
            self.has_ended = True
            self.events.ended(Exited(0) if ending is None else ending)

    def go(self) -> None:
        """Have a child that was given up be gone after all."""
        self.events.gone()

    def _tell_input(self) -> None:
        if self.on_input is not None:
            self.on_input(self)


FakeProgram = Callable[[FakeChild], None]
"""Begins to do what a program does."""


def _echo(child: FakeChild) -> None:
    child.write(" ".join(child.launch.argv[1:]).encode() + b"\n")
    child.end()


def _false(child: FakeChild) -> None:
    child.end(Exited(1))


def _cat(child: FakeChild) -> None:
    def repeat(child: FakeChild) -> None:
        data, child.input = child.input, b""
        if data:
            child.write(data)
        if child.is_input_closed:
            child.end()

    child.on_input = repeat
    child.is_input_closed = child.is_input_closed or not child.launch.takes_input
    repeat(child)


def _sleep(_child: FakeChild) -> None:
    """Go on until it is stopped."""


def _yes(child: FakeChild) -> None:
    while child.write(b"y\n" * 512):
        pass


PROGRAMS: Mapping[str, FakeProgram] = MappingProxyType(
    {"/bin/echo": _echo, "/bin/false": _false, "/bin/cat": _cat, "/bin/sleep": _sleep, "/usr/bin/yes": _yes}
)
"""What the fake knows of the programs of the contract suite."""


class FakeSpawner:
    """
    Keeps every child for the test.

    Args:
        children_end_when_stopped: otherwise they ignore it.
        programs: what children do by their executable, one turn of the loop after their start; one that is
            not among them is not started. None: children do what the test says, and nothing by themselves.

    Attributes:
        children: all that were started, the oldest first.
        is_closed: whether `close` was called.
    """

    def __init__(
        self,
        *,
        children_end_when_stopped: bool = True,
        programs: Mapping[str, FakeProgram] | None = None,
    ) -> None:
        self._end_when_stopped = children_end_when_stopped
        self._programs = programs
        self.children: list[FakeChild] = []
        self.is_closed = False

    @property
    def alive(self) -> list[FakeChild]:
        """Those that have not ended."""
        return [child for child in self.children if not child.has_ended]

    def spawn(self, launch: Launch, events: ChildEvents) -> Child:
        """See `Spawner`."""
        child = FakeChild(launch, events, ends_when_stopped=self._end_when_stopped)
        self.children.append(child)
        if self.is_closed:
            asyncio.get_running_loop().call_soon(child.end, NotStarted(errno.ESHUTDOWN, "closed"))
        elif self._programs is not None:
            asyncio.get_running_loop().call_soon(self._run, child, self._programs)
        return child

    async def close(self) -> None:
        """See `Spawner`."""
        self.is_closed = True
        for child in self.children:
            child.end(Signalled(9))

    def _run(self, child: FakeChild, programs: Mapping[str, FakeProgram]) -> None:
        if child.has_ended:
            return
        program = programs.get(child.launch.argv[0])
        if program is None:
            child.end(NotStarted(errno.ENOENT, os.strerror(errno.ENOENT)))
        else:
            program(child)
