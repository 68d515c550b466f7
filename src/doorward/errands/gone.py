"""What came of going on an errand, whatever its kind."""

from dataclasses import dataclass

from doorward.core.errors import DoorwardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """
    What came of an errand that was gone on; one that failed altogether raises instead.

    Attributes:
        text: that, in a line: `3 of 40 entries are new and told`.
        mails: the numbers of its messages in the queue.
        notes: what a keeper should know although it is no failure.
        troubles: what failed while the rest was done.
    """

    text: str
    mails: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    troubles: tuple[DoorwardError, ...] = ()
