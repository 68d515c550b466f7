"""
What stands between a client and a real server, and breaks what goes through it at an exact place.

It listens at an address of its own, with the ports that the server gives for data beside that of its control
connection: so both go through it, encrypted or not, and nothing has to be written anew.
"""

import asyncio
import contextlib
import enum
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

IN_BETWEEN = "127.0.0.2"
_THERE = "127.0.0.1"
_PIECE_BYTES = 16 * 1024


class Then(enum.Enum):
    """What happens at a place."""

    CUT = "cut"
    """The connection is reset at both ends."""
    END = "end"
    """It ends at both ends as if all had been said."""
    CUT_ALL = "cut all"
    """Every connection there is is reset."""
    SILENCE = "silence"
    """Nothing more comes through it, and nobody is told."""
    SILENCE_CONTROL = "silence control"
    """That happens to all control connections; those for data go on."""
    CLOSING = "421"
    """The client hears 421 in place of the answer, and both ends are closed."""


@dataclass(frozen=True, slots=True)
class AtCommand:
    """Before a command of this verb is passed on; in the clear alone."""

    verb: str
    then: Then = Then.CUT


@dataclass(frozen=True, slots=True)
class AtAnswer:
    """In place of an answer to that verb that begins so; in the clear alone."""

    verb: str
    begins: str = ""
    then: Then = Then.CUT


@dataclass(frozen=True, slots=True)
class AtByte:
    """Once so many bytes of one connection came through."""

    offset: int
    then: Then = Then.CUT
    is_data: bool = True
    is_from_client: bool = True


Fault = AtCommand | AtAnswer | AtByte


@dataclass(slots=True)
class Relay:
    """
    What stands in between.

    Attributes:
        port: on `IN_BETWEEN`.
        faults: those that did not happen yet; each happens once.
        is_clear: commands and answers can be read.
        most_bytes: that came through one connection; by whether that is one for data, and whether they came
            from the client.
    """

    faults: list[Fault]
    is_clear: bool
    port: int = 0
    most_bytes: dict[tuple[bool, bool], int] = field(default_factory=dict)
    connections: "set[_Connection]" = field(default_factory=set)

    def take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        """The first of the faults that is wanted, which is none of them any more."""
        for fault in self.faults:
            if wanted(fault):
                self.faults.remove(fault)
                return fault
        return None


def free_range(number: int) -> range:
    """Ports in a row that nobody listens at, below those that connections get."""
    # each process looks elsewhere first
    for first in range(20_000 + os.getpid() % 97 * 100, 32_000 - number, number):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + number):
                    for host in (_THERE, IN_BETWEEN):
                        stack.enter_context(socket.socket()).bind((host, port))
            except OSError:
                continue
            return range(first, first + number)
    raise AssertionError("no ports are free")


@contextlib.asynccontextmanager
async def relaying(
    port: int, faults: Sequence[Fault] = (), *, data_ports: Sequence[int] = (), is_clear: bool = False
) -> AsyncIterator[Relay]:
    """Yield what stands before the server at `port`, whose data comes by `data_ports`."""
    relay = Relay([*faults], is_clear=is_clear)
    tasks: set[asyncio.Task[None]] = set()

    def listener_to(port: int, *, is_data: bool) -> Callable[..., None]:
        def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = _Connection(relay, reader, writer, is_data=is_data)
            task = asyncio.get_running_loop().create_task(connection.carry(port))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        return begun

    control = await asyncio.start_server(listener_to(port, is_data=False), IN_BETWEEN, 0)
    listeners = [control]
    try:
        listeners += [
            await asyncio.start_server(listener_to(each, is_data=True), IN_BETWEEN, each)
            for each in data_ports
        ]
        relay.port = control.sockets[0].getsockname()[1]
        yield relay
    finally:
        for listener in listeners:
            listener.close()
        for task in (waiting := list(tasks)):
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class _BrokenError(Exception):
    """A connection goes no further; never leaves this file."""


class _Connection:
    """One that came in, and the one that goes on to the server."""

    def __init__(
        self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_data: bool
    ) -> None:
        self.is_data = is_data
        self._relay = relay
        self._near = (reader, writer)
        self._writers = [writer]
        self._verbs: deque[str] = deque()
        self._is_in_long_answer = False
        self._is_silent = False

    async def carry(self, port: int) -> None:
        """Pass on what comes from both ends, until both have said all or it is broken."""
        self._relay.connections.add(self)
        try:
            far_reader, far_writer = await asyncio.open_connection(_THERE, port)
            self._writers.append(far_writer)
            near_reader, near_writer = self._near
            pumps = (
                self._pump(near_reader, far_writer, is_from_client=True),
                self._pump(far_reader, near_writer, is_from_client=False),
            )
            with contextlib.suppress(ExceptionGroup):
                async with asyncio.TaskGroup() as group:
                    for pump in pumps:
                        group.create_task(pump)
        except OSError:
            pass
        finally:
            self._relay.connections.discard(self)
            self.cut()

    def cut(self) -> None:
        """Reset both ends."""
        for writer in self._writers:
            writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_from_client: bool
    ) -> None:
        passed = 0
        is_read = self._relay.is_clear and not self.is_data
        while data := await (reader.readline() if is_read else reader.read(_PIECE_BYTES)):
            if self._is_silent:
                await asyncio.Event().wait()
            fault, before = self._fault_in(data, passed, is_from_client=is_from_client)
            writer.write(before)
            await writer.drain()
            if fault is not None:
                await self._break(fault.then)
                writer.write(data[len(before) :])
            passed += len(data)
            self._note(passed, is_from_client=is_from_client)
        if self._is_silent:
            await asyncio.Event().wait()
        writer.write_eof()

    def _note(self, passed: int, *, is_from_client: bool) -> None:
        way = (self.is_data, is_from_client)
        self._relay.most_bytes[way] = max(self._relay.most_bytes.get(way, 0), passed)

    def _fault_in(self, data: bytes, passed: int, *, is_from_client: bool) -> tuple[Fault | None, bytes]:
        """The fault that happens here, and what is passed on before it."""

        def is_here(fault: Fault) -> bool:
            return (
                isinstance(fault, AtByte)
                and (fault.is_data, fault.is_from_client) == (self.is_data, is_from_client)
                and fault.offset < passed + len(data)
            )

        if (fault := self._relay.take(is_here)) is not None:
            assert isinstance(fault, AtByte)
            return fault, data[: fault.offset - passed]
        if self.is_data or not self._relay.is_clear:
            return None, data
        words = data.decode("utf-8", "replace")
        fault = self._at_command(words) if is_from_client else self._at_answer(words)
        return fault, b"" if fault is not None else data

    def _at_command(self, line: str) -> Fault | None:
        verb = line.partition(" ")[0].strip().upper()
        fault = self._relay.take(lambda each: isinstance(each, AtCommand) and each.verb == verb)
        self._verbs.append(verb)
        return fault

    def _at_answer(self, line: str) -> Fault | None:
        """Of one with several lines, the last has a space behind the same code that the first has."""
        is_first = not self._is_in_long_answer
        if is_first:
            self._is_in_long_answer = line[3:4] == "-"
        elif line[:3].isdigit() and line[3:4] == " ":
            self._is_in_long_answer = False
        if not self._verbs:  # the greeting
            return None
        verb = self._verbs[0]
        if not self._is_in_long_answer and not line.startswith("1"):
            self._verbs.popleft()
        if not is_first:
            return None
        return self._relay.take(
            lambda each: isinstance(each, AtAnswer) and each.verb == verb and line.startswith(each.begins)
        )

    async def _break(self, then: Then) -> None:
        if then is Then.SILENCE_CONTROL:
            for each in self._relay.connections:
                each._is_silent = each._is_silent or not each.is_data
        elif then is Then.SILENCE:
            self._is_silent = True
            await asyncio.Event().wait()
        else:
            await self._end(then)
            raise _BrokenError

    async def _end(self, then: Then) -> None:
        if then is Then.CUT_ALL:
            for each in self._relay.connections:
                each.cut()
        if then is Then.CUT:
            self.cut()
        near_writer = self._writers[0]
        if then is Then.CLOSING:
            near_writer.write(b"421 Service not available, closing control connection.\r\n")
        for writer in self._writers:
            writer.close()
        with contextlib.suppress(OSError):
            await near_writer.wait_closed()
