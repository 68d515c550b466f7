"""Whether the disk that a folder is meant to be on is there: what is below it looks like an empty one."""

import os
import re
from pathlib import Path

from doorward.core.backup_store import StoreError, Trouble

FSTAB = Path("/etc/fstab")
FSTAB_BYTES = 1024 * 1024
"""The largest table that is read."""

_OCTAL = re.compile(r"\\([0-7]{3})")


def check_mounted(address: str, folder: Path, *, mount_point: Path | None, fstab: Path = FSTAB) -> None:
    """
    Let through a folder whose disk is mounted, or that no disk is known for.

    Args:
        address: for the error.
        folder: absolute.
        mount_point: where something has to be mounted, which the folder is at or below; None for wherever the
            table of file systems says that something is to be.
        fstab: that table.

    Raises:
        StoreError: permanent; nothing is mounted there, or the folder is not below it.
        OSError: it cannot be looked at.
    """
    real = Path(os.path.realpath(folder))
    if mount_point is not None:
        wanted = Path(os.path.realpath(mount_point))
        if wanted != real and wanted not in real.parents:
            raise _error(address, f"the folder is not below {mount_point}", "Name where its disk is mounted.")
        wanted_points = [wanted]
    else:
        meant = mount_points(fstab)
        wanted_points = [path for path in (real, *real.parents) if path != Path("/") and path in meant]
    for point in wanted_points:
        if not is_mounted(point):
            raise _error(address, f"nothing is mounted at {point}", f"Mount it: mount {point}")


def mount_points(fstab: Path) -> frozenset[Path]:
    """Where a table of file systems says that something is to be mounted: fstab(5); nowhere without one."""
    try:
        with fstab.open("rb") as opened:
            text = opened.read(FSTAB_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return frozenset()
    lines = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
    return frozenset(Path(_unescaped(words[1])) for words in lines if len(words) > 1 and words[1][0] == "/")


def is_mounted(point: Path) -> bool:
    """Whether something is mounted there: a file system, or a folder of the one around it."""
    if os.path.ismount(point):
        return True
    mount, around = _mount_of(point), _mount_of(point.parent)
    return bool(mount and around) and mount != around


def _mount_of(folder: Path) -> str:
    """
    The kernel's number of the mount that a path leads into, as a line; empty where nobody can tell.

    Source: proc_pid_fdinfo(5). A table of all mounts has those too that another one hides.
    """
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii").splitlines()
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return next((line for line in lines if line.startswith("mnt_id:")), "")


def _unescaped(word: str) -> str:
    """What has a space in it is written with an octal number there."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), word)


def _error(address: str, problem: str, step: str) -> StoreError:
    return StoreError(address, "connect", problem, step, trouble=Trouble.PERMANENT)
