"""What comes of asking a source of vulnerabilities, ready to be noted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from doorward.core.vulnerabilities import Account, Epss


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsUpdate:
    """
    Accounts of one source, all or some of those that it has: what `VulnerabilityStore.note` takes.

    Attributes:
        source: its key; that of every account.
        accounts: none is an update too: a window of NVD in which nothing happened.
        marks: all marks of the source from now on. In a page that others follow they are those there were,
            so that whatever fails after it has the whole window asked for again.
        is_all: the source says nothing of any other vulnerability.
        notes: what a keeper should be told: entries that could not be read, or were left out.
    """

    source: str
    accounts: tuple[Account, ...]
    marks: Mapping[str, str]
    is_all: bool
    notes: tuple[str, ...] = ()


class EpssScores(Protocol):
    """Scores by ids, made anew each time they are gone through; they were read to the end once already."""

    def __iter__(self) -> Iterator[tuple[str, Epss]]:
        """In the order of the source; of an id that stands there twice the first one holds."""

    def __len__(self) -> int:
        """How many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpssUpdate:
    """
    The scores of EPSS: what `VulnerabilityStore.note_epss` takes.

    Attributes:
        source: its key.
        scores: of all vulnerabilities that are reckoned, known here and not; 300,000 and more.
        marks: all marks of the source from now on.
        notes: what a keeper should be told.
    """

    source: str
    scores: EpssScores
    marks: Mapping[str, str]
    notes: tuple[str, ...] = ()


CveUpdate = AccountsUpdate | EpssUpdate
