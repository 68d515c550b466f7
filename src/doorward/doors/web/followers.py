"""Who follows which run by a stream, under names that they gave themselves."""

import contextlib
from collections.abc import Iterator

from doorward.service.answer import Answer
from doorward.service.caller import Caller


class Followers:
    """
    Finds the answer that a user reads by one of their streams, so that another request can be about it alone.

    A name belongs to its user and run; whoever takes one twice means the later stream.
    """

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int, str], Answer] = {}

    @contextlib.contextmanager
    def named(self, caller: Caller, answer: Answer, name: str | None) -> Iterator[None]:
        """Let `answer` be found by `name`, if there is one, for as long as this goes on."""
        if name is None:
            yield
            return
        key = (caller.principal.name, answer.number, name)
        self._answers[key] = answer
        try:
            yield
        finally:
            if self._answers.get(key) is answer:
                del self._answers[key]

    def find(self, caller: Caller, number: int, name: str) -> Answer | None:
        """What the caller reads of run `number` under `name`; None for nothing."""
        return self._answers.get((caller.principal.name, number, name))
