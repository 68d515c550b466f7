"""How far a run is, and what became of each file until now."""

from collections.abc import Mapping
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
    """What is known of a run under way."""

    steps: tuple[Step, ...] = ()
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    compared: dict[str, Entry] = field(default_factory=dict)
    removals: dict[str, Entry] = field(default_factory=dict)
    cleared: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    error: BackupError | StoreError | None = None
    is_over: bool = False

    @property
    def is_full(self) -> bool:
        """Whether there is no room there."""
        return any(each.is_full for each in self.deliveries.values())

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
