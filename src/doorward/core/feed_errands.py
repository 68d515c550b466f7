"""A feed that is watched: where it is, and who is told of what is new."""

from dataclasses import dataclass
from typing import ClassVar

from doorward.core.feeds import Entry
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Timing
from doorward.core.whole_words import stands_in

TELL_AFTER = 3
"""So many failures in a row are told: fewer mend themselves, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedErrand:
    """
    One `[errands.feed.NAME]`.

    Attributes:
        name: as a command's.
        url: of the feed.
        timing: when it is asked for.
        to: who gets the mail; with none, who the settings of mail say.
        words: an entry with one of them is told; with none, every entry.
        tell_after: after so many failures in a row somebody is told, once.
    """

    kind: ClassVar[str] = "feed"

    name: str
    url: str
    timing: Timing
    to: tuple[Mailbox, ...] = ()
    words: tuple[str, ...] = ()
    tell_after: int = TELL_AFTER

    @property
    def about(self) -> str:
        """What it is about, in words for people."""
        return self.url


def is_wanted(entry: Entry, words: tuple[str, ...]) -> bool:
    """
    Whether `entry` is to be told to who asks for `words`.

    A word counts where it stands as a whole word, in title, summary or a category, in capitals or not; `c++`
    and `open ssl` are words too. With no words every entry is wanted.
    """
    if not words:
        return True
    return stands_in(words, "\n".join((entry.title, entry.summary, *entry.categories)))
