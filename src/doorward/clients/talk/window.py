"""
Patterns looked for in text as it comes, in a window: a line without end costs time with its length alone.

A pattern such as `.*x` takes time with the square of the text that it finds nothing in. So at most
`window_characters` are added at a time, and as many are kept before them. A match of up to that length is
found wherever it stands.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence

from doorward.core.talking import KEPT_CHARACTERS, WINDOW_CHARACTERS, Matched

_PIECE_CHARACTERS = 4096


class Window:
    """
    The text since the last match, of which the end is looked through.

    Args:
        window_characters: how long a match may be, to be surely found.
        kept_characters: how many before those that are looked through are kept, to be told.

    Attributes:
        dropped_characters: how many of the text since the last match were not kept.
    """

    def __init__(
        self, *, window_characters: int = WINDOW_CHARACTERS, kept_characters: int = KEPT_CHARACTERS
    ) -> None:
        self._step = window_characters
        self._most_kept = kept_characters
        self._before = ""  # the one character before the window: `^` and `\b` look at it
        self._window = ""
        self._older: deque[str] = deque()
        self._older_characters = 0
        self._waiting: deque[str] = deque()
        self._taken_characters = 0  # of the first that waits
        self._is_searched = False
        self.dropped_characters = 0

    def receive(self, text: str) -> None:
        """Take in text; it is looked through when `search` comes to it."""
        if text:
            self._waiting.append(text)

    @property
    def has_more(self) -> bool:
        """Whether another call of `search` would look at more text."""
        return bool(self._waiting)

    @property
    def text(self) -> str:
        """All that is kept since the last match."""
        waiting = "".join(self._waiting)
        return "".join((*self._older, self._window, waiting[self._taken_characters :]))

    def take(self) -> str:
        """Take all that is kept, as if it had been matched."""
        text = self.text
        self._waiting.clear()
        self._taken_characters = 0
        self._go_on_after(self._before + text, len(self._before) + len(text))
        return text

    def begin(self) -> None:
        """Have what was looked through looked through again: other patterns are coming."""
        self._is_searched = False

    def search(self, patterns: Sequence[re.Pattern[str]]) -> Matched | None:
        """
        Take one step, and look for the match that begins first; of two at one place the first pattern wins.

        Returns:
            What matched, and then the text after it is next; None when nothing did so far.
        """
        if self._is_searched or not self._window:
            self._advance()
        self._is_searched = True
        place, window = len(self._before), self._before + self._window
        found = ((each.search(window, place), index) for index, each in enumerate(patterns))
        matches = [(match.start(), index, match) for match, index in found if match is not None]
        if not matches:
            return None
        start, index, match = min(matches, key=lambda each: each[:2])
        matched = Matched(
            index=index,
            match=match,
            before="".join((*self._older, window[place:start])),
            dropped_characters=self.dropped_characters,
        )
        self._go_on_after(window, match.end())
        return matched

    def _advance(self) -> None:
        window = self._window + "".join(self._taken(self._step))
        excess = len(window) - 2 * self._step
        if excess > 0:
            self._before = window[excess - 1]
            self._keep(window[:excess])
            window = window[excess:]
        self._window = window

    def _taken(self, most_characters: int) -> Iterator[str]:
        """What comes next, piece by piece; of a long one a part, for which its rest is not copied."""
        while self._waiting and most_characters:
            begin, piece = self._taken_characters, self._waiting[0]
            part = piece[begin : begin + most_characters]
            most_characters -= len(part)
            self._taken_characters += len(part)
            if self._taken_characters == len(piece):
                self._waiting.popleft()
                self._taken_characters = 0
            yield part

    def _keep(self, text: str) -> None:
        # whoever sends letter by letter makes no list of letters
        if self._older and len(self._older[-1]) < _PIECE_CHARACTERS:
            text_before = self._older.pop()
            self._older_characters -= len(text_before)
            text = text_before + text
        self._older.append(text)
        self._older_characters += len(text)
        while self._older_characters > self._most_kept:
            dropped = len(self._older.popleft())
            self._older_characters -= dropped
            self.dropped_characters += dropped

    def _go_on_after(self, window: str, end: int) -> None:
        self._before, self._window = window[max(end - 1, 0) : end], window[end:]
        self._older.clear()
        self._older_characters = 0
        self.dropped_characters = 0
        self._is_searched = False
