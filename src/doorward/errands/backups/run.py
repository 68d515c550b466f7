"""A run: what is not there yet is sent, and then, if all is well, the oldest are removed."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

from doorward.core.backup_errands import AT_ONCE
from doorward.core.backup_source import Source
from doorward.core.backup_store import BackupPlace, BackupStore, StoreError, is_plain_name
from doorward.core.backups import Backup, backup_of, by_name, partial_name
from doorward.core.errors import BackupError
from doorward.core.nearest import nearest_name
from doorward.errands.backups.course import Course
from doorward.errands.backups.planning import Deed, Planned, Step, There, Wish, plan
from doorward.errands.backups.reaching import Again, connected, listed, parts_of_others
from doorward.errands.backups.removing import Removing
from doorward.errands.backups.report import NAMES_TOLD, NO_NAME_OF_A_FILE, Report, names_told
from doorward.errands.backups.sending import Sending
from doorward.errands.backups.watching import Watcher


class BackupRun:
    """
    One run; two at the same time of one folder are kept apart by whoever begins them.

    Args:
        source: where the backups are made.
        store: where they are kept.
        wish: what somebody wants.
        sending: brings one file there.
        removing: takes the oldest away.
        again: tries connections and lists again.
        watcher: told how far it is.
        monotonic: seconds that never go back.
        at_once: how many files go at the same time.
    """

    def __init__(
        self,
        *,
        source: Source,
        store: BackupStore,
        wish: Wish,
        sending: Sending,
        removing: Removing,
        again: Again,
        watcher: Watcher,
        monotonic: Callable[[], float],
        at_once: int = AT_ONCE,
    ) -> None:
        self._source = source
        self._store = store
        self._wish = wish
        self._sending = sending
        self._removing = removing
        self._again = again
        self._watcher = watcher
        self._at_once = at_once
        self._monotonic = monotonic
        self._began_at = monotonic()
        self._course = Course()

    async def plan(self) -> Planned:
        """
        Look at both folders, and change nothing.

        Raises:
            BackupError: the one here cannot be listed.
            StoreError: the one there cannot.
        """
        async with connected(self._store, self._again) as place:
            return await self._planned(place)

    async def push(self) -> Report:
        """
        Send what is to be sent, remove what may be removed, and tell what became of each file.

        Cancelled, it leaves parts that the next run goes on with, and `so_far` tells what was done.
        """
        self._began_at = self._monotonic()
        self._course = course = Course()
        try:
            async with connected(self._store, self._again) as place:
                await self._carry_out(place, course)
                course.is_over = True
        except (BackupError, StoreError) as error:
            # one that only came when all was done, from saying goodbye, changes nothing
            if not course.is_over:
                course.problem, course.error = str(error), error
        return self._report(course)

    def so_far(self, problem: str) -> Report:
        """The report of a run that was broken off, for the reason `problem`."""
        self._course.problem = self._course.problem or problem
        return self._report(self._course)

    def _report(self, course: Course) -> Report:
        return Report(
            folder=self._source.path,
            address=self._store.address,
            entries=course.entries(),
            problem=course.problem,
            error=course.error,
            begun_anew=tuple(step.backup.name for step in course.steps if step.begins_anew),
            notes=tuple(course.notes),
            moved_bytes=sum(each.moved_bytes for each in course.deliveries.values()),
            seconds=self._monotonic() - self._began_at,
        )

    async def _planned(self, place: BackupPlace) -> Planned:
        found = await self._source.found(self._wish.names)
        names = {*self._wish.names, *(backup.name for backup in found.backups)}
        if not names:
            raise BackupError(
                self._source.path,
                "there is no backup here, no file such as web.15",
                "Is it the right folder?",
            )
        if unknown := sorted(self._wish.restarted - names):
            nearest = nearest_name(unknown[0], names)
            problem = f"there is no backup {unknown[0]!r} here whose numbers could have begun anew"
            raise BackupError(self._source.path, problem, f"Did you mean {nearest}?" if nearest else "")
        there = await listed(place, names, self._again)
        passed_over = [
            *_passed_over(found.passed_over),
            *names_told(there.passed_over, NO_NAME_OF_A_FILE),
        ]
        # of a hundred thousand files a loop would stand still
        steps = await asyncio.to_thread(plan, found.backups, there.backups, self._wish)
        empty = [
            f"{step.backup.file} is empty: did the backup fail?"
            for step in steps
            if step.deed is Deed.SEND and not step.backup.size_bytes
        ]
        notes = (*passed_over, *empty, *_doubtful(steps, found.backups, self._wish.restarted))
        return Planned(steps=steps, here=found.backups, there=there, notes=notes)

    async def _carry_out(self, place: BackupPlace, course: Course) -> None:
        planned = await self._planned(place)
        course.steps = planned.steps
        course.notes += planned.notes
        to_send = [step.backup for step in planned.steps if step.deed is Deed.SEND]
        if to_send:
            self._watcher.expect(len(to_send), sum(each.size_bytes for each in to_send))
            await self._send_all(place, to_send, there=planned.there, course=course)
        if course.is_full and await self._removing.clear_away(place, planned, course):
            left = course.without_room(to_send)
            course.is_full = False
            await self._send_all(place, left, there=planned.there, course=course)
        if course.is_full:
            names = {step.backup.name for step in planned.steps}
            course.notes += await parts_of_others(place, names)
        await self._removing.remove_old(place, planned, course)
        await self._removing.clear_away(place, planned, course)

    async def _send_all(
        self, place: BackupPlace, backups: list[Backup], *, there: There, course: Course
    ) -> None:
        waiting = deque(_most_wanted_first(backups))

        async def work(place: BackupPlace) -> None:
            while waiting and not course.is_full:
                backup = waiting.popleft()
                is_absent = partial_name(backup) not in there.parts and backup.file not in course.deliveries
                delivery = await self._sending.send(place, backup, is_surely_absent=is_absent)
                course.note(backup, delivery)

        async def help_out() -> None:
            # a server that lets in no second connection has its files come over the first
            with suppress(StoreError):
                async with self._store.connect() as another:
                    at_work.add(asyncio.current_task())
                    await work(another)

        loop = asyncio.get_running_loop()
        at_work: set[asyncio.Task[None] | None] = set()
        helpers = [loop.create_task(help_out()) for _ in range(min(self._at_once, len(backups)) - 1)]
        try:
            await work(place)
            # one that is not let in yet would come to nothing
            await asyncio.gather(*(helper for helper in helpers if helper.done() or helper in at_work))
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)


def _passed_over(names: Sequence[str]) -> list[str]:
    """Of names here: why they are none of a backup."""
    unkept = {name for name in names if backup_of(name, 0) is None or not is_plain_name(name)}
    irregular = [name for name in names if name not in unkept]
    return [
        *names_told(irregular, "is here, and no regular file: it is passed over"),
        *names_told(sorted(unkept), "is here, and no file whose name can be kept: it is passed over"),
    ]


def _doubtful(steps: Iterable[Step], here: Iterable[Backup], restarted: Collection[str]) -> list[str]:
    """Of each name that began anew: what is there with the length it has here may be that of before."""
    files = {backup.file for backup in here if backup.name in restarted}
    kept = by_name(step.backup for step in steps if step.deed is Deed.KEEP and step.backup.file in files)
    return [
        f"{name} began anew, and {', '.join(each.file for each in backups[:NAMES_TOLD])} may be there from "
        "before, with the same length: doorward backup verify compares them"
        for name, backups in kept.items()
    ]


def _most_wanted_first(backups: Iterable[Backup]) -> list[Backup]:
    """The newest of each name before the second of any."""
    ranked: list[tuple[int, str, Backup]] = []
    ranks: dict[str, int] = {}
    for backup in sorted(backups, key=lambda each: (each.name, -each.number)):
        rank = ranks[backup.name] = ranks.get(backup.name, -1) + 1
        ranked.append((rank, backup.name, backup))
    return [backup for _, _, backup in sorted(ranked, key=lambda each: each[:2])]
