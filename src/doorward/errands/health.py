"""How a source, or a feed, is: when it answered last, and how often in a row it did not."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

_PROBLEM_CHARACTERS = 300
_KEY_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    What one errand knows of one of its sources.

    Attributes:
        answered_at: when it did so last, in seconds since the epoch; None for never.
        entries: how many there were in the last answer that had any.
        failures: how many in a row.
        since_at: when the first of them was.
        problem: what the last of them was.
        is_told: they were told.
    """

    answered_at: float | None = None
    entries: int = 0
    failures: int = 0
    since_at: float = 0.0
    problem: str = ""
    is_told: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it ever answered: what a source tells with its first answer was there all along."""
        return self.answered_at is not None

    def after_answer(self, at: float, entries: int) -> "Health":
        """How it is once it answered; with no entries, nothing in it had changed."""
        return Health(answered_at=at, entries=entries or self.entries)

    def after_failure(self, at: float, problem: str, *, tell_after: int) -> "Health":
        """How it is once it failed, as if that were told as soon as there are `tell_after` in a row."""
        failures = self.failures + 1
        return replace(
            self,
            failures=failures,
            since_at=self.since_at or at,
            problem=problem[:_PROBLEM_CHARACTERS],
            is_told=self.is_told or failures >= tell_after,
        )


def health_key(source: str) -> str:
    """The key of a mark of `SeenStore` for the source with this key, which may be long."""
    if len(source) > _KEY_CHARACTERS:
        source = hashlib.sha256(source.encode()).hexdigest()
    return f"source:{source}"


def health_mark(health: Health) -> str:
    """`health` as a mark for `SeenStore`."""
    return json.dumps(asdict(health), ensure_ascii=False)


def health_in(known: Mapping[str, str], source: str) -> Health:
    """How the source was, by the marks of the errand."""
    mark = known.get(health_key(source))
    return Health() if mark is None else Health(**json.loads(mark))
