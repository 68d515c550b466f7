"""The line editor, with keys that come at any moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from prompt_toolkit.input import typeahead

from doorward.doors.ssh.editor import Editor
from doorward.doors.ssh.typed import Ended, Interrupted

BOUND_SECONDS = 30.0


class Desk:
    """
    An editor, and what becomes of what is typed into it.

    Attributes:
        is_drawn: something was drawn.
        said: the lines that were read, and how they were ended otherwise.
    """

    def __init__(self, *lines: str, between: Callable[[], Awaitable[None]] | None = None) -> None:
        self.is_drawn = asyncio.Event()
        self.said: list[str] = []
        self._between = between
        self.editor = Editor(
            write=lambda _text: self.is_drawn.set(),
            size=lambda: (80, 24),
            term="xterm-256color",
            commands=dict,
            lines=lines,
            remember=lambda _line: True,
            most_lines=500,
        )

    async def read_all(self) -> list[str]:
        """Read lines until they are ended."""
        async with asyncio.timeout(BOUND_SECONDS):
            while not self.said or self.said[-1] != "ended":
                self.said.append(await self._read())
                if self._between is not None:
                    await self._between()
        return self.said

    async def _read(self) -> str:
        try:
            return await self.editor.read_line()
        except Interrupted:
            return "interrupted"
        except Ended:
            return "ended"


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_arrows_find_what_was_asked_before_although_they_come_before_the_prompt() -> None:
    desk = Desk("echo first", "echo second")
    desk.editor.receive("\x1b[A\x1b[A\r\x04")
    assert await desk.read_all() == ["echo first", "ended"]


async def test_a_search_finds_it_in_a_line_that_was_typed_ahead() -> None:
    desk = Desk("echo first", "echo second")
    desk.editor.receive("\x12fir\r\r\x12sec\r\r\x1b[A\r\x04")
    assert await desk.read_all() == ["echo first", "echo second", "echo second", "ended"]


@pytest.mark.parametrize("seed", range(6))
async def test_no_key_is_lost_nor_changes_its_place_however_they_come(seed: int) -> None:
    chances = random.Random(seed)
    desk = Desk("echo first", "echo second", between=lambda: turns(chances.randrange(4)))
    text = "echo a\r\x12fir\r\rgiven up\x03\x1b[A\rb\x01c\r\x04"

    async def type_all() -> None:
        begin = 0
        while begin < len(text):
            size = chances.choice([1, 1, 2, 5, 30])
            desk.editor.receive(text[begin : begin + size])
            begin += size
            await turns(chances.randrange(12))

    said, _ = await asyncio.gather(desk.read_all(), type_all())
    assert said == ["echo a", "echo first", "interrupted", "echo first", "cb", "ended"]


async def test_a_line_that_was_just_entered_is_not_ended_again() -> None:
    desk = Desk()

    async def enter() -> None:
        await desk.is_drawn.wait()
        await turns(2)
        desk.editor.receive("x\r")
        desk.editor.end()

    async with asyncio.timeout(BOUND_SECONDS):
        line, _ = await asyncio.gather(desk.editor.read_line(), enter())
    assert line == "x"


async def test_what_was_typed_after_the_end_is_kept_for_nobody() -> None:
    desk = Desk()
    desk.editor.receive("\x04echo secret\r")
    assert await desk.read_all() == ["ended"]
    assert not any(typeahead._buffer.values())


async def test_there_is_no_descriptor() -> None:
    with pytest.raises(OSError, match="no descriptor"):
        Desk().editor._input.fileno()
