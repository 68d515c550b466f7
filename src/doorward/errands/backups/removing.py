"""The end of a run: the oldest go, once nothing speaks against it, and parts that nobody needs."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial

from doorward.core.backup_source import Source
from doorward.core.backup_store import BackupPlace, StoreError
from doorward.core.backups import Backup, name_of_partial, partial_name
from doorward.core.errors import BackupError
from doorward.errands.backups.checking import Checking, staying
from doorward.errands.backups.course import Course
from doorward.errands.backups.planning import Deed, Planned, Step, Wish, hold, plan
from doorward.errands.backups.probing import Probing
from doorward.errands.backups.reaching import Again, listed
from doorward.errands.backups.report import Did, Entry
from doorward.errands.backups.rotation import disagreement, removals

_STALE = "it is a part of what nobody sends any more"


class Removing:
    """
    Removes what is older than what is to stay.

    Args:
        source: where the backups are made.
        wish: how many stay.
        probing: tells the two folders apart.
        again: tries questions again.
        checking: compares, before something of a name goes, what is to stay of it; None where lengths do.
    """

    def __init__(
        self, source: Source, wish: Wish, *, probing: Probing, again: Again, checking: Checking | None
    ) -> None:
        self._source = source
        self._wish = wish
        self._probing = probing
        self._again = again
        self._checking = checking

    async def remove_old(self, place: BackupPlace, planned: Planned, course: Course) -> None:
        """
        Remove what may go, and have `course` know what became of each.

        It is decided anew, out of a new list; what `course` knows of those that were sent counts.

        Raises:
            StoreError: what is there cannot be listed, or not be asked for.
            BackupError: the folder here cannot be looked at.
        """
        if not any(step.deed is Deed.REMOVE for step in planned.steps):
            return
        after = await listed(place, {step.backup.name for step in planned.steps}, self._again)
        if why := disagreement(planned.there.backups, after.backups, course.sent()):
            course.problem = f"nothing was removed, as two lists of what is there differ: {why}"
            return
        # of a hundred thousand files a loop would stand still
        steps = await asyncio.to_thread(plan, planned.here, after.backups, self._wish)
        decided = await asyncio.to_thread(removals, steps, failed=course.failed())
        if why := await self._why_not_apart(place, planned.here, after.backups, decided):
            course.problem = f"nothing was removed: {why}"
            return
        spoilt = await self._spoilt(place, steps, decided=decided, here=planned.here, course=course)
        for each in decided:
            spoils = spoilt.get(each.backup.name)
            step = each if each.is_held or spoils is None else hold(each, spoils)
            course.removals[step.backup.file] = await self._removed(place, step)

    async def _why_not_apart(
        self,
        place: BackupPlace,
        here: Collection[Backup],
        there: Collection[Backup],
        decided: Iterable[Step],
    ) -> str:
        """Why what is removed there may be what is here; empty where it is not, or nothing is here of it."""
        leaving = [step.backup.file for step in decided if not step.is_held]
        # asked for by name: a link was passed over when what is here was listed
        if not any([await self._source.has(file) for file in leaving]):
            return ""
        try:
            if not await self._again.until_done(lambda: self._probing.are_one(place, here, there)):
                return ""
        except StoreError as error:
            return f"nobody can tell whether it is another folder: {error.problem}"
        return f"what is sent there comes to {self._source.path} itself, where the backups are made"

    async def _spoilt(
        self,
        place: BackupPlace,
        steps: Iterable[Step],
        *,
        decided: Iterable[Step],
        here: Iterable[Backup],
        course: Course,
    ) -> Mapping[str, str]:
        """
        By name, what is wrong with a file that is to stay; what was sent just now is known.

        A list may have a name that nothing has: with a line end in it, the name of another file makes one.
        """
        leaving = {step.backup.name for step in decided if not step.is_held}
        ours, sent = {each.file: each for each in here}, {each.file for each in course.sent()}
        spoilt: dict[str, str] = {}
        for step in steps:
            theirs = step.backup
            if step.deed is not Deed.KEEP or theirs.name not in leaving or theirs.file in sent:
                continue
            size_bytes = await self._again.until_done(partial(place.size, theirs.file))
            if size_bytes != theirs.size_bytes:
                reason = "the list has it, and it is not there" if size_bytes is None else "it changed there"
                course.compared[theirs.file] = Entry(Did.FAILED, theirs.file, theirs.size_bytes, reason)
                spoilt[theirs.name] = f"{theirs.file} is not there as the list has it"
            elif self._checking is not None:
                compared = await staying(self._checking, place, step, ours.get(theirs.file))
                course.compared[theirs.file] = compared
                if compared.did is Did.FAILED:
                    spoilt[theirs.name] = f"{theirs.file} is not there as it is here"
        return spoilt

    async def _removed(self, place: BackupPlace, step: Step) -> Entry:
        backup = step.backup
        if step.is_held:
            return Entry(Did.SKIPPED, backup.file, backup.size_bytes, step.reason)
        try:
            await self._again.until_done(lambda: place.remove(backup.file))
        except StoreError as error:
            return Entry(Did.FAILED, backup.file, backup.size_bytes, f"it cannot be removed: {error.problem}")
        return Entry(Did.REMOVED, backup.file, backup.size_bytes, step.reason)

    async def clear_away(self, place: BackupPlace, planned: Planned, course: Course) -> bool:
        """
        Remove parts that nobody sends any more, of names in which nothing has to be looked at.

        One that is here too stays: it may be of a restore under way, in a place that is this very folder.

        Returns:
            Whether one went.
        """
        if course.problem:
            return False
        kept = {partial_name(step.backup) for step in planned.steps if step.deed is Deed.SEND}
        refused = {step.backup.name for step in planned.steps if step.deed is Deed.REFUSE}
        names = {step.backup.name for step in planned.steps} - refused
        before = len(course.cleared)
        for part, size_bytes in planned.there.parts.items():
            if name_of_partial(part) not in names or part in kept:
                continue
            with suppress(StoreError, BackupError):
                if not await self._source.has(part) and await place.remove(part):
                    course.cleared.append(Entry(Did.REMOVED, part, size_bytes, _STALE))
        return len(course.cleared) > before
