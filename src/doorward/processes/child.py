"""One run as the daemon sees it."""

import asyncio
import errno
import os
from contextlib import suppress
from typing import Protocol

from doorward.core.launch import Ending, Exited, Launch, Lost, NotStarted, Signalled, Stream, Unkillable
from doorward.core.ports import ChildEvents
from doorward.processes import shim
from doorward.processes.link import ShimLink, file_of
from doorward.processes.pipes import InputPipe, OutputPipe
from doorward.processes.pool import ShimPool
from doorward.processes.readiness import Readiness
from doorward.processes.settings import ProcessSettings


class House(Protocol):
    """What a child needs of its spawner."""

    loop: asyncio.AbstractEventLoop
    pool: ShimPool
    readiness: Readiness
    settings: ProcessSettings

    def withdraw(self, child: "ShimChild") -> None:
        """Have a child that has not been started yet end without; nothing when it is over."""

    def child_ended(self, child: "ShimChild") -> None:
        """Forget a child, before its events hear of the end."""


class ShimChild:
    """A child whose tree a shim watches over."""

    __slots__ = (
        "_errors",
        "_events",
        "_give_up",
        "_house",
        "_input",
        "_launch",
        "_link",
        "_output",
        "_theirs",
        "_wanted",
    )

    def __init__(self, launch: Launch, events: ChildEvents, house: House) -> None:
        self._launch = launch
        self._events = events
        self._house = house
        self._link: ShimLink | None = None
        self._output: OutputPipe | None = None
        self._errors: OutputPipe | None = None
        self._input: InputPipe | None = None
        self._give_up: asyncio.TimerHandle | None = None
        self._theirs: list[int] = []
        self._wanted = True

    # What the desk asks for.

    def write_input(self, data: bytes) -> None:
        if self._input is not None:
            self._input.write(data)

    def close_input(self) -> None:
        if self._input is not None:
            self._input.end()

    def stop(self) -> None:
        if self._link is None:
            self._house.withdraw(self)
            return
        if self._give_up is not None:
            return
        self._link.stop()
        launch = self._launch
        self._wait_no_longer_than(launch.grace_seconds + launch.unkillable_seconds)

    # What the spawner asks for.

    def prepare(self) -> None:
        """
        Make the pipes and the files for secrets.

        Raises:
            OSError: there is no descriptor or no memory; nothing is left behind.
        """
        try:
            self._output = self._make_output(Stream.OUT)
            self._errors = self._make_output(Stream.ERR)
            if self._launch.takes_input:
                self._input = self._make_input()
            for secret in self._launch.secrets:
                self._theirs.append(file_of(secret))
        except OSError:
            self._let_go()
            raise

    def start(self) -> None:
        """
        Hand the launch to a shim.

        Raises:
            OSError: there is no shim; nothing was started or left behind.
            ValueError: what the launch holds cannot be handed over.
        """
        try:
            link = self._house.pool.take()
            try:
                # a shim that is dead, or never was, is heard of soon, with the reason
                with suppress(ConnectionError):
                    link.launch(self._launch, self._theirs)
            except (OSError, ValueError):
                self._house.pool.give_back(link)
                raise
        except (OSError, ValueError):
            self._let_go()
            raise
        self._close_theirs()
        link.user = self
        self._link = link

    def watch(self) -> None:
        """Read output from now on as it comes."""
        if self._output is not None and self._errors is not None:
            self._output.watch()
            self._errors.watch()

    def end(self, ending: Ending) -> None:
        """Be over, in this way, once."""
        if self._give_up is not None:
            self._give_up.cancel()
        for pipe in (self._output, self._errors):
            if pipe is not None:
                pipe.finish()
        self._let_go()
        self._link = None
        self._house.child_ended(self)
        self._events.ended(ending)

    # What the shim tells.

    def shim_reported(self, report: bytes) -> None:
        link = self._link
        if link is None:
            return
        ending = ending_of(report)
        if isinstance(ending, Unkillable):
            self._house.pool.abandon(link, kill=False, on_gone=self._events.gone)
        else:
            self._house.pool.give_back(link)
        self.end(ending)

    def shim_died(self) -> None:
        self._wait_no_longer_than(self._launch.unkillable_seconds)

    def shim_gone(self) -> None:
        if self._link is not None:
            self._link.user = None
            self.end(Lost("the process that watched over it died"))

    def shim_not_forked(self) -> None:
        if self._link is not None:
            self._link.user = None
            self.end(NotStarted(errno.EAGAIN, os.strerror(errno.EAGAIN)))

    def _wait_no_longer_than(self, seconds: float) -> None:
        if self._give_up is not None:
            self._give_up.cancel()
        seconds += self._house.settings.answer_seconds
        self._give_up = self._house.loop.call_later(seconds, self._given_up)

    def _given_up(self) -> None:
        """The shim itself is stuck, in an exec that never ends or because somebody stopped it."""
        if self._link is not None:
            self._house.pool.abandon(self._link, kill=True, on_gone=self._events.gone)
            self.end(Unkillable())

    def _take(self, stream: Stream, data: bytes) -> bool:
        if self._wanted:
            self._wanted = self._events.output_received(stream, data)
        return self._wanted

    def _make_output(self, stream: Stream) -> OutputPipe:
        ours, their_end = os.pipe2(os.O_CLOEXEC)
        self._theirs.append(their_end)
        os.set_blocking(ours, False)
        house = self._house
        return OutputPipe(
            ours,
            stream=stream,
            take=self._take,
            loop=house.loop,
            readiness=house.readiness,
            settings=house.settings,
        )

    def _make_input(self) -> InputPipe:
        their_end, ours = os.pipe2(os.O_CLOEXEC)
        self._theirs.append(their_end)
        os.set_blocking(ours, False)
        return InputPipe(ours, readiness=self._house.readiness)

    def _close_theirs(self) -> None:
        for descriptor in self._theirs:
            os.close(descriptor)
        self._theirs.clear()

    def _let_go(self) -> None:
        self._close_theirs()
        for pipe in (self._output, self._errors, self._input):
            if pipe is not None:
                pipe.close()
        self._output = self._errors = self._input = None


def ending_of(report: bytes) -> Ending:
    """The ending that a shim's report tells."""
    kind, number = shim.ENDING.unpack_from(report)
    if kind == shim.EXITED:
        return Exited(number)
    if kind == shim.SIGNALLED:
        return Signalled(number)
    if kind == shim.NOT_STARTED:
        return NotStarted(number, report[shim.ENDING.size :].decode(errors="replace"))
    return Unkillable()
