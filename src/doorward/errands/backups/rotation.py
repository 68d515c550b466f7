"""Which files may go, once those that were to be sent are there: decided anew, out of a new list."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from doorward.core.backups import Backup
from doorward.errands.backups.planning import Deed, Step, hold


def disagreement(before: Iterable[Backup], after: Iterable[Backup], sent: Iterable[Backup]) -> str:
    """
    How two lists of what is there differ in more than what was sent between them; empty for not at all.

    One that was cut, or a folder that another program writes into just now, says nothing that anything may be
    removed by.
    """
    expected = {each.file: each.size_bytes for each in (*before, *sent)}
    found = {each.file: each.size_bytes for each in after}
    for file, size_bytes in expected.items():
        if file not in found:
            return f"{file} is missing in the second"
        if found[file] != size_bytes:
            return f"{file} has {found[file]} bytes in the second, and not {size_bytes}"
    return next((f"{file} is new in the second" for file in found if file not in expected), "")


def removals(steps: Iterable[Step], *, failed: Mapping[str, str]) -> Sequence[Step]:
    """
    Decide what is removed: the steps that would have been, the oldest first, each as `REMOVE` or held.

    Args:
        steps: planned anew, out of what was here when the run began and what is there now, which agrees with
            what was there then.
        failed: by name, a file of it that did not get there.
    """
    steps = list(steps)
    missing = {step.backup.name: step.backup.file for step in steps if step.deed is Deed.SEND} | dict(failed)
    decided = [
        hold(step, f"{missing[step.backup.name]} is not there yet") if _is_early(step, missing) else step
        for step in steps
        if step.deed is Deed.REMOVE or step.is_held
    ]
    return sorted(decided, key=lambda step: (step.backup.name, step.backup.number))


def _is_early(step: Step, missing: Collection[str]) -> bool:
    return step.deed is Deed.REMOVE and step.backup.name in missing
