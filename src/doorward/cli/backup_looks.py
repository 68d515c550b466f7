"""What errands that carry backups would stumble over before they reach the place."""

import os
from collections.abc import Iterator
from itertools import combinations

from doorward.core.backup_errands import BackupErrand
from doorward.core.errors import ConnectError, TrustError
from doorward.core.settings import Settings


def backups_looked_over(settings: Settings) -> tuple[str, ...]:
    """Tell of folders and passwords that this process cannot use, and of errands in each other's way."""
    errands = [each for each in settings.errands.values() if isinstance(each, BackupErrand)]
    return (*(told for errand in errands for told in _told_of(errand)), *_in_each_others_way(errands))


def _told_of(errand: BackupErrand) -> Iterator[str]:
    key = f"errands.backup.{errand.name}"
    if not os.path.isdir(errand.folder):
        yield f"{key}.folder: there is no folder {errand.folder}, or this user may not look"
    from doorward.compose.backup_places import look_apart
    from doorward.compose.backups import job_of

    try:
        job = job_of(errand, os.environ)
        look_apart(job.store, job.folder)
    except (ConnectError, TrustError) as error:
        yield f"{key}: {error}"


def _in_each_others_way(errands: list[BackupErrand]) -> Iterator[str]:
    """Two folders with files of one name would take turns in removing what the other sent."""
    for one, other in combinations(errands, 2):
        shared = set(one.names) & set(other.names)
        is_other_folder = (one.folder, one.destination) != (other.folder, other.destination)
        is_same_name = shared or not (one.names and other.names)
        if one.destination == other.destination and is_other_folder and is_same_name:
            what = f"both carry {min(shared)}" if shared else "one carries all that is in its folder"
            yield (
                f"errands.backup.{other.name}.destination: it is that of {one.name} too, and {what}; "
                "give each folder a place of its own"
            )
