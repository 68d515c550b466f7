"""What is to be done with the backups of a folder: decided out of two lists, and nothing else."""

import enum
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType

from doorward.core.backup_errands import MOST_REMOVALS
from doorward.core.backups import Backup, backup_of, by_name, newest_first


class Deed(enum.Enum):
    """What is done with one file; the values are for people and for JSON."""

    SEND = "send"
    KEEP = "keep"
    """It is there, and stays."""
    REMOVE = "remove"
    """It is there, and goes once the newest are sure to be there."""
    SKIP = "skip"
    """Nothing is done with it, as it should be or as something else is in the way."""
    REFUSE = "refuse"
    """Nothing is done with it, and somebody has to look."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    One file, what is done with it, and why.

    Attributes:
        deed: what.
        backup: which.
        reason: why, in a few words.
        is_held: it would be removed, and something is in the way.
        begins_anew: it is refused, as numbers seem to have begun anew.
    """

    deed: Deed
    backup: Backup
    reason: str
    is_held: bool = False
    begins_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What somebody wants done.

    Attributes:
        keep: so many of each name stay, the newest by their numbers; 1 and up, or None for all of them.
        names: which, each with the number of the newest that counts, or None to find it; with no names, all
            that are here.
        restarted: names whose numbers began anew on purpose: theirs are sent, and nothing of them is removed.
        most_removals: of one run, 0 and up.

    Raises:
        ValueError: fewer than one would be kept.
    """

    keep: int | None
    names: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))
    restarted: frozenset[str] = frozenset()
    most_removals: int = MOST_REMOVALS

    def __post_init__(self) -> None:
        if (self.keep is not None and self.keep < 1) or self.most_removals < 0:
            raise ValueError("at least one backup is kept")

    @property
    def why_kept(self) -> str:
        """Why one of those stays."""
        return {None: "all of them stay", 1: "it is the newest"}.get(self.keep, f"it is one of {self.kept}")

    @property
    def kept(self) -> str:
        """Which stay, in words."""
        return "all" if self.keep is None else "the newest" if self.keep == 1 else f"the newest {self.keep}"


@dataclass(frozen=True, slots=True)
class There:
    """
    What a place has.

    Attributes:
        backups: of the names that were asked for.
        parts: names and lengths of what is there of files that are not whole.
        passed_over: names that no file can have, as they came.
    """

    backups: tuple[Backup, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    What a run would do.

    Attributes:
        steps: a file each.
        here: all backups that are here.
        there: what is there.
        notes: what somebody should know besides.
    """

    steps: tuple[Step, ...]
    here: tuple[Backup, ...]
    there: There
    notes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nobody has to look at anything first."""
        return bool(self.steps) and not any(step.deed is Deed.REFUSE for step in self.steps)


def plan(here: Iterable[Backup], there: Iterable[Backup], wish: Wish) -> tuple[Step, ...]:
    """
    Decide what is to be done with each file of the names that are wanted.

    A name in which anything is refused loses nothing, and one whose newest files are empty neither: a backup
    that failed does not push out one that did not.

    Args:
        here: all backups that are here.
        there: all that are there; never a list that may have been cut.
        wish: what somebody wants.

    Returns:
        A step a file, by names, the newest first. That of a name with nothing here is one, for no file.
    """
    ours, theirs = by_name(here), by_name(there)
    steps: list[Step] = []
    for name in sorted(wish.names or ours):
        of_name = _Name(name, ours.get(name, []), theirs.get(name, []), wish)
        steps += of_name.steps()
    return _capped(steps, wish.most_removals)


class _Name:
    def __init__(self, name: str, ours: Sequence[Backup], theirs: Sequence[Backup], wish: Wish) -> None:
        self._name = name
        self._wish = wish
        self._newest = wish.names.get(name)
        self._all_ours = ours
        self._ours = [each for each in ours if self._newest is None or each.number <= self._newest]
        self._theirs = theirs
        self._theirs_by_number = {each.number: each for each in theirs}
        self._is_restarted = name in wish.restarted

    def steps(self) -> list[Step]:
        if problem := self._problem():
            left = [Step(Deed.KEEP, each, "left as it is") for each in self._theirs]
            return [problem, *(step for step in left if step.backup.file != problem.backup.file)]
        here = [self._of_ours(each) for each in self._ours]
        missing = {each.number for each in self._ours}
        steps = [*here, *(self._of_theirs(each) for each in self._theirs if each.number not in missing)]
        steps = sorted(steps, key=lambda step: (-step.backup.number, step.backup.file))
        return _held(steps, self._why_held(steps))

    def _problem(self) -> Step | None:
        """Why nothing at all is done with this name, with the file that shows it."""
        for backups, place in ((self._all_ours, "here"), (self._theirs, "there")):
            if twice := _twice(backups):
                first, second = twice
                reason = f"{first.file} and {second.file} have one number {place}; rename one of them"
                return Step(Deed.REFUSE, first, reason)
        top = self._top()
        if top is None:
            wanted = self._name if self._newest is None else f"{self._name}.{self._newest}"
            nothing = Backup(file=wanted, name=self._name, number=self._newest or 0, size_bytes=0)
            return Step(Deed.REFUSE, nothing, f"there is no such file here{self._hint()}")
        if self._theirs and self._theirs[0].number > top.number and not self._is_restarted:
            newest = self._theirs[0]
            which = "newest here is" if self._newest is None else "newest that counts here is"
            reason = (
                f"the {which} number {top.number}, and {newest.number} is there already: did the "
                f"numbers begin anew? Nothing of {self._name} is sent or removed"
            )
            return Step(Deed.REFUSE, top, reason, begins_anew=True)
        return None

    def _hint(self) -> str:
        """For who named a file in place of a name and a number."""
        meant = backup_of(self._name, 0) if self._newest is None else None
        return "" if meant is None else f"; did you mean {meant.name}={meant.number}?"

    def _top(self) -> Backup | None:
        """The newest that counts, which is here or was sent already."""
        if self._newest is None:
            return self._ours[0] if self._ours else None
        known = [*self._ours, *self._theirs]
        return next((each for each in known if each.number == self._newest), None)

    @functools.cached_property
    def _window(self) -> frozenset[int]:
        """The numbers that are to be there in the end."""
        counted = self._ours if self._is_restarted else [*self._ours, *self._theirs]
        return frozenset(sorted({each.number for each in counted}, reverse=True)[: self._wish.keep])

    def _of_ours(self, ours: Backup) -> Step:
        theirs = self._theirs_by_number.get(ours.number)
        if theirs is not None and theirs.file != ours.file:
            return Step(
                Deed.REFUSE, ours, f"{theirs.file} has its number there; one of them has another name"
            )
        if theirs is not None and theirs.size_bytes != ours.size_bytes:
            reason = (
                f"there it has {theirs.size_bytes} bytes, and here {ours.size_bytes}; it was left as it is"
            )
            return Step(Deed.REFUSE, ours, reason)
        if theirs is not None:
            return self._of_theirs(theirs)
        if ours.number in self._window:
            return Step(Deed.SEND, ours, "it is not there yet")
        return Step(Deed.SKIP, ours, f"it is older than {self._wish.kept}")

    def _of_theirs(self, theirs: Backup) -> Step:
        if theirs.number in self._window:
            return Step(Deed.KEEP, theirs, self._wish.why_kept)
        if self._is_restarted:
            return Step(Deed.KEEP, theirs, "it is from before the numbers began anew")
        return Step(Deed.REMOVE, theirs, f"it is older than {self._wish.kept}")

    def _why_held(self, steps: Sequence[Step]) -> str:
        """Why nothing of this name is removed; empty for nothing in the way."""
        refused = [step for step in steps if step.deed is Deed.REFUSE]
        if refused:
            return f"{refused[0].backup.file} has to be looked at first"
        empty = [step for step in steps if step.backup.number in self._window and not step.backup.size_bytes]
        return f"{empty[0].backup.file} is empty" if empty else ""


def _held(steps: list[Step], why: str) -> list[Step]:
    if not why:
        return steps
    return [hold(step, why) if step.deed is Deed.REMOVE else step for step in steps]


def hold(step: Step, why: str) -> Step:
    """`step`, a removal, as one that is not done for now."""
    return replace(step, deed=Deed.SKIP, reason=f"{step.reason}, but stays: {why}", is_held=True)


def _capped(steps: list[Step], most: int) -> tuple[Step, ...]:
    """`steps` with at most so many removals, the oldest of each name first."""
    removals = [step for step in steps if step.deed is Deed.REMOVE]
    oldest = sorted(removals, key=lambda step: (step.backup.name, step.backup.number))
    late = {id(step) for step in oldest[most:]}
    why = f"a run removes at most {most}"
    return tuple(hold(step, why) if id(step) in late else step for step in steps)


def _twice(backups: Sequence[Backup]) -> tuple[Backup, Backup] | None:
    ordered = newest_first(backups)
    for first, second in pairwise(ordered):
        if first.number == second.number:
            return first, second
    return None
