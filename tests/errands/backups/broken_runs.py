"""Runs to real servers in which something breaks, and what is to be there in the midst and in the end."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.core.backup_errands import RETRIES
from doorward.core.backup_store import BackupStore
from doorward.errands.backups.planning import Wish
from doorward.errands.backups.report import Report
from tests.errands.backups.places import contents, fill, pushed, run_of
from tests.errands.backups.real_places import Place
from tests.plugins.soak import IS_SOAK

BEFORE = ("web.1", "web.2")
AFTER = ("web.2", "web.3")
WISH = Wish(keep=2)


@dataclass(frozen=True, slots=True)
class Broken:
    """
    A place with `BEFORE`, to which `web.3` goes.

    Attributes:
        place: the one.
        here: where `web.3` is.
        size_bytes: of each of them.
    """

    place: Place
    here: Path
    size_bytes: int

    def begin(self) -> None:
        """Have it all as it was before the first run."""
        self.place.fill(*BEFORE, size_bytes=self.size_bytes)
        fill(self.here, "web.3", size_bytes=self.size_bytes)

    def push(
        self,
        change: Callable[[int], object] | None = None,
        *,
        store: BackupStore | None = None,
        retries: int = RETRIES,
    ) -> Report:
        """Carry `web.3` there in small pieces; `change` is called before each but the first."""
        return pushed(
            run_of(
                self.here,
                store or self.place.store,
                WISH,
                change=change,
                retries=retries,
                is_in_small_pieces=True,
            )
        )

    def check(self) -> None:
        """Nothing is half under a name of its own, and nothing is gone that should stay."""
        whole = contents(*BEFORE, *AFTER, size_bytes=self.size_bytes)
        named = named_of(self.place.found())
        assert named.items() <= whole.items()
        assert set(named) in ({"web.1", "web.2"}, {"web.1", "web.2", "web.3"}, {"web.2", "web.3"})

    def check_end(self) -> None:
        """All is there that is to be, and nothing else."""
        assert self.place.found() == contents(*AFTER, size_bytes=self.size_bytes)

    def make_good(self) -> None:
        """Have the next run find a server with which all is well."""
        self.check()
        report = self.push()
        assert report.is_success, report
        self.check_end()


def named_of(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """What has its own name."""
    return {name: content for name, content in found.items() if not name.endswith(".part")}


def offsets(count: int, size_bytes: int) -> Iterator[int]:
    """One of each of `count` equal parts: in a soak others each time."""
    chance = random.Random(None if IS_SOAK else 15)
    for number in range(count):
        yield size_bytes * number // count + chance.randrange(size_bytes // count)
