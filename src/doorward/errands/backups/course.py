"""How far a run is, and what became of each file until now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from doorward.core.backup_store import StoreError
from doorward.core.backups import Backup
from doorward.core.errors import BackupError
from doorward.errands.backups.planning import Deed, Step
from doorward.errands.backups.report import Did, Entry
from doorward.errands.backups.sending import Delivery

_NO_ROOM = "there is no room for the one before it"
_NOT_REACHED = "the run ended before it"


@dataclass(slots=True)
class Course:
    """
    What is known of a run under way.

    Attributes:
        steps: what was planned.
        deliveries: by file, what became of it on its way; `note` adds one.
        compared: by file, what came of comparing it before another was removed.
        removals: by file, likewise of removing it.
        cleared: parts that were removed.
        notes: what somebody should know besides.
        problem: why the run did not do all; empty where it did.
        error: what ended it.
        is_full: there is no room there.
        is_over: all was done.
    """

    steps: tuple[Step, ...] = ()
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    compared: dict[str, Entry] = field(default_factory=dict)
    removals: dict[str, Entry] = field(default_factory=dict)
    cleared: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    error: BackupError | StoreError | None = None
    is_full: bool = False
    is_over: bool = False

    def note(self, backup: Backup, delivery: Delivery) -> None:
        """Hear what became of a file that was to be sent."""
        self.deliveries[backup.file] = delivery
        self.is_full = self.is_full or delivery.is_full

    def without_room(self, backups: Iterable[Backup]) -> list[Backup]:
        """Those for which there was no room, or no try any more."""
        done = self.deliveries
        return [each for each in backups if each.file not in done or done[each.file].is_full]

    def sent(self) -> list[Backup]:
        """What got there."""
        return [
            step.backup
            for step in self.steps
            if (done := self.deliveries.get(step.backup.file)) is not None and done.did is Did.SENT
        ]

    def failed(self) -> Mapping[str, str]:
        """By name, a file that was to be there and is not, or that nobody knows of."""
        return {
            step.backup.name: step.backup.file
            for step in self.steps
            if step.deed is Deed.REFUSE or (step.deed is Deed.SEND and not self._is_there(step.backup))
        }

    def entries(self) -> tuple[Entry, ...]:
        """A file each, as a report has them."""
        return (*(self._entry(step) for step in self.steps), *self.cleared)

    def _is_there(self, backup: Backup) -> bool:
        done = self.deliveries.get(backup.file)
        return done is not None and done.did is not Did.FAILED

    def _entry(self, step: Step) -> Entry:
        backup = step.backup
        match step.deed:
            case Deed.SEND:
                done = self.deliveries.get(backup.file)
                if done is not None and backup.file in self.compared:
                    return self.compared[backup.file]
                if done is not None:
                    return Entry(done.did, backup.file, backup.size_bytes, done.reason)
                reason = _NO_ROOM if self.is_full else _NOT_REACHED
                return Entry(Did.SKIPPED, backup.file, backup.size_bytes, reason)
            case Deed.KEEP:
                kept = Entry(Did.KEPT, backup.file, backup.size_bytes, step.reason)
                return self.compared.get(backup.file, kept)
            case Deed.REMOVE:
                stays = f"{step.reason}, but stays: {self.problem or _NOT_REACHED}"
                left = Entry(Did.SKIPPED, backup.file, backup.size_bytes, stays)
                return self.removals.get(backup.file, left)
            case Deed.SKIP:
                return Entry(Did.SKIPPED, backup.file, backup.size_bytes, step.reason)
            case Deed.REFUSE:
                return Entry(Did.FAILED, backup.file, backup.size_bytes, step.reason)
