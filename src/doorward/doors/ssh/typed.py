"""How lines come from somebody at a terminal, whatever it can do."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from doorward.doors.ssh.keyboard import Keyboard, Typed

PROMPT = "doorward> "

LINES_AHEAD = 64
"""Typed before they are asked for; what comes then is dropped."""


class Interrupted(Exception):
    """Ctrl-C was pressed, or so many keys that the line was given up."""


class Ended(Exception):
    """Ctrl-D was pressed on an empty line, or there is to be no next one."""


class LineReader(Protocol):
    """Who reads lines."""

    async def read_line(self) -> str:
        """
        The next line.

        Raises:
            Interrupted: Ctrl-C.
            Ended: Ctrl-D, or `end` was called.
        """

    def receive(self, text: str) -> None:
        """Take what was typed; it waits for the next line while none is being read."""

    def resize(self) -> None:
        """Draw anew for another size of the terminal."""

    def end(self) -> None:
        """Have the line that is being read be the end."""


class PlainReader:
    """
    Lines from a terminal that can do nothing but show letters: `TERM=dumb`, as Emacs' shell has it.

    Args:
        write: takes what the terminal is to show.
        modes: of the terminal.
    """

    def __init__(self, write: Callable[[str], None], modes: Mapping[int, int]) -> None:
        self._write = write
        self._keyboard = Keyboard(modes)
        self._ahead: deque[str | type[Exception]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._unread = ""

    async def read_line(self) -> str:
        self._write(PROMPT)
        text, self._unread = self._unread, ""
        self._waiter = asyncio.get_running_loop().create_future()
        self.receive(text)
        while not self._ahead:
            await self._waiter
        self._waiter = None
        found = self._ahead.popleft()
        if isinstance(found, str):
            return found
        raise found

    def receive(self, text: str) -> None:
        for index, byte in enumerate(data := text.encode("utf-8", "replace")):
            if self._waiter is None or self._ahead:
                # shown where it is read: below the answer that is under way
                self._unread = (self._unread + data[index:].decode("utf-8", "replace"))[: LINES_AHEAD * 64]
                return
            for typed, line, shown in self._keyboard.receive(bytes([byte])):
                self._write(shown.decode("utf-8", "replace"))
                self._take(typed, line)

    def resize(self) -> None:
        """Nothing is drawn."""

    def end(self) -> None:
        self._put(Ended)

    def _take(self, typed: Typed, line: bytes) -> None:
        match typed:
            case Typed.NOTHING_YET:
                pass
            case Typed.LINE:
                self._put(line.decode("utf-8", "replace").rstrip("\n"))
            case Typed.END:
                self._put(Ended)
            case Typed.INTERRUPT:
                self._put(Interrupted)

    def _put(self, found: str | type[Exception]) -> None:
        self._ahead.append(found)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
