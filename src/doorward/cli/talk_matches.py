"""The matches of a conversation that `--json` tells of: the last, and no more of them than a bound allows."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from doorward.core.talking import readable

MATCHES = 1000

BEFORE_CHARACTERS = 64 * 1024
"""Of what came before one match, the last."""

CHARACTERS = 1024 * 1024
"""Of all matches together, what came before them included; the newest alone may have more."""


@dataclass(slots=True, kw_only=True)
class Found:
    """
    One match; no secret stands in it.

    Attributes:
        step: the line of the script.
        pattern: which one matched.
        index: of the pattern, among those of the step.
        text: what matched.
        groups: of the pattern.
        before: what came before.
        left_out_characters: how many of that, the oldest, are not there.
    """

    step: int
    pattern: str
    index: int
    text: str
    groups: list[str | None]
    before: str
    left_out_characters: int

    @property
    def characters(self) -> int:
        """How many are kept."""
        return len(self.text) + sum(len(each or "") for each in self.groups) + len(self.before)

    def cut_before(self, most: int) -> None:
        """Leave out the oldest of what came before, where it is more than this."""
        excess = max(len(self.before) - most, 0)
        self.before = self.before[excess:]
        self.left_out_characters += excess

    def as_json(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "step": self.step,
            "pattern": self.pattern,
            "index": self.index,
            "text": readable(self.text),
            "groups": [each if each is None else readable(each) for each in self.groups],
            "before": readable(self.before),
            "left_out_characters": self.left_out_characters,
        }


class KeptMatches:
    """
    The last matches.

    Attributes:
        left_out: how many there were before these.
    """

    def __init__(self) -> None:
        self.left_out = 0
        self._kept: deque[Found] = deque()
        self._characters = 0
        self._without_before = 0  # so many of the oldest

    def add(self, found: Found) -> None:
        """Take in the newest. For it goes first what came before the oldest, and then these themselves."""
        found.cut_before(BEFORE_CHARACTERS)
        self._kept.append(found)
        self._characters += found.characters
        while self._characters > CHARACTERS and self._without_before < len(self._kept):
            self._let_go_before(self._kept[self._without_before])
            self._without_before += 1
        while len(self._kept) > MATCHES or (self._characters > CHARACTERS and len(self._kept) > 1):
            self._characters -= self._kept.popleft().characters
            self._without_before = max(self._without_before - 1, 0)
            self.left_out += 1

    def as_json(self) -> list[dict[str, Any]]:
        """What is told of each."""
        return [each.as_json() for each in self._kept]

    def _let_go_before(self, found: Found) -> None:
        self._characters -= len(found.before)
        found.cut_before(0)
