"""What every `Spawner` does, as a suite: subclass it and give it a fixture `spawner`."""

# ruff: noqa: S101 - pytest explains a failed assert

import asyncio
import errno
from collections.abc import Callable, Mapping
from types import MappingProxyType

from doorward.core.launch import Ending, Exited, Launch, NotStarted, Signalled, Stream, Unkillable
from doorward.core.ports import Child, Spawner

BOUND_SECONDS = 20.0
"""However busy the machine is, what is waited for comes within this."""

_ENVIRONMENT: Mapping[str, str] = MappingProxyType({"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})


class HeardEvents:
    """
    `ChildEvents` that keeps everything, and wants at most so many bytes.

    Attributes:
        output: of both streams.
        endings: one, when all goes well.
    """

    def __init__(self, wanted_bytes: int = 1 << 30) -> None:
        self.output = b""
        self.endings: list[Ending] = []
        self._wanted_bytes = wanted_bytes
        self._changed = asyncio.Event()

    def output_received(self, stream: Stream, data: bytes) -> bool:
        """See `ChildEvents`."""
        assert stream in {Stream.OUT, Stream.ERR}
        assert data, "empty output was told"
        assert not self.endings, "output was told after the end"
        self.output += data
        self._changed.set()
        return len(self.output) < self._wanted_bytes

    def ended(self, ending: Ending) -> None:
        """See `ChildEvents`."""
        self.endings.append(ending)
        self._changed.set()

    def gone(self) -> None:
        """See `ChildEvents`."""
        assert self.endings == [Unkillable()]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something that was told makes `holds` true."""
        async with asyncio.timeout(BOUND_SECONDS):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def ending(self) -> Ending:
        """The one ending."""
        await self.until(lambda: self.endings)
        assert len(self.endings) == 1
        return self.endings[0]


class SpawnerContract:
    """The suite; `spawner` is closed by whoever made it."""

    def begin(
        self, spawner: Spawner, *argv: str, takes_input: bool = False, wanted_bytes: int = 1 << 30
    ) -> tuple[Child, HeardEvents]:
        """Start a child, and hear nothing of it before the start has returned."""
        heard = HeardEvents(wanted_bytes)
        launch = Launch(argv, _ENVIRONMENT, takes_input=takes_input, grace_seconds=1.0)
        child = spawner.spawn(launch, heard)
        assert heard.output == b""
        assert heard.endings == []
        return child, heard

    async def test_output_comes_before_the_end(self, spawner: Spawner) -> None:
        _, heard = self.begin(spawner, "/bin/echo", "two", "words")
        assert await heard.ending() == Exited(0)
        assert heard.output == b"two words\n"

    async def test_exit_status_is_told(self, spawner: Spawner) -> None:
        _, heard = self.begin(spawner, "/bin/false")
        assert await heard.ending() == Exited(1)

    async def test_what_cannot_be_started_ends_after_the_start_has_returned(self, spawner: Spawner) -> None:
        _, heard = self.begin(spawner, "/nowhere/at/all")
        ending = await heard.ending()
        assert isinstance(ending, NotStarted)
        assert ending.errno == errno.ENOENT
        assert ending.reason

    async def test_input_is_read_in_order_to_its_end(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/cat", takes_input=True)
        child.write_input(b"one ")
        child.write_input(b"two")
        await heard.until(lambda: heard.output == b"one two")
        assert heard.endings == []
        child.close_input()
        child.close_input()
        assert await heard.ending() == Exited(0)

    async def test_input_written_at_once_and_ended_at_once_arrives(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/cat", takes_input=True)
        child.write_input(b"x" * 20_000)
        child.close_input()
        assert await heard.ending() == Exited(0)
        assert heard.output == b"x" * 20_000

    async def test_a_child_that_takes_no_input_reads_an_empty_one(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/cat")
        child.close_input()
        assert await heard.ending() == Exited(0)
        assert heard.output == b""

    async def test_stopping_ends_it_once_however_often_it_is_asked(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/cat", takes_input=True)
        child.write_input(b"up")
        await heard.until(lambda: heard.output)
        child.stop()
        child.stop()
        assert await heard.ending() == Signalled(15)
        child.stop()

    async def test_one_stopped_before_it_runs_ends_too(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/sleep", "1000")
        child.stop()
        assert isinstance(await heard.ending(), Signalled | NotStarted)

    async def test_what_is_asked_of_one_that_has_ended_is_dropped(self, spawner: Spawner) -> None:
        child, heard = self.begin(spawner, "/bin/echo", takes_input=True)
        await heard.ending()
        child.write_input(b"late")
        child.close_input()
        child.stop()
        _, other = self.begin(spawner, "/bin/echo")
        await other.ending()
        assert len(heard.endings) == 1

    async def test_output_that_is_not_wanted_does_not_keep_it_from_being_stopped(
        self, spawner: Spawner
    ) -> None:
        child, heard = self.begin(spawner, "/usr/bin/yes", wanted_bytes=10_000)
        await heard.until(lambda: len(heard.output) >= 10_000)
        told_bytes = len(heard.output)
        child.stop()
        await heard.ending()
        assert len(heard.output) == told_bytes

    async def test_children_do_not_disturb_each_other(self, spawner: Spawner) -> None:
        held, of_held = self.begin(spawner, "/bin/cat", takes_input=True)
        others = [self.begin(spawner, "/bin/echo", str(number))[1] for number in range(5)]
        for number, other in enumerate(others):
            assert await other.ending() == Exited(0)
            assert other.output == b"%d\n" % number
        assert of_held.endings == []
        held.close_input()
        assert await of_held.ending() == Exited(0)

    async def test_closing_ends_all_and_starts_no_more(self, spawner: Spawner) -> None:
        children = [self.begin(spawner, "/bin/sleep", "1000")[1] for _ in range(3)]
        await spawner.close()
        for heard in children:
            assert isinstance(await heard.ending(), Signalled | NotStarted)
        _, late = self.begin(spawner, "/bin/echo")
        assert isinstance(await late.ending(), NotStarted)
