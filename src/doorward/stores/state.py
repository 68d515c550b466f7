"""The state folder: ours alone, held by one daemon, and telling clients which doors are open."""

import contextlib
import json
import os
import shlex
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from doorward.core.errors import StateError, StateTaken
from doorward.stores.atomic import remove_leftovers, write_all, write_atomically
from doorward.stores.locks import open_lock, open_private, try_lock, unlock

LOCK_NAME = "lock"
DOORS_NAME = "doors.json"

_PID_BYTES = 32
_DOORS_BYTES = 64 * 1024
_FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> None:
    """
    Make `folder` with mode 0700, and the folders above it that are missing too; one that is there stays.

    Raises:
        StateError: the system refused, or something else stands there.
    """
    try:
        for missing in reversed([folder, *folder.parents]):
            if not missing.is_dir():
                missing.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise StateError(f"{folder} cannot be made: {error.strerror}") from error


def check_private_folder(folder: Path, *, may_be_anothers: bool = False) -> None:
    """
    Make sure that nobody else can read or change what stands in `folder`.

    Args:
        folder: it is there already; a symbolic link to a folder is followed, as systemd makes them.
        may_be_anothers: root, who keeps the users of a daemon, may use that daemon's folder.

    Raises:
        StateError: it is no folder, belongs to another user, or its mode lets others in.
    """
    try:
        facts = os.stat(folder)
    except OSError as error:
        raise StateError(f"{folder} cannot be used: {error.strerror}") from error
    if not stat.S_ISDIR(facts.st_mode):
        raise StateError(f"{folder} is no folder")
    process_uid = os.geteuid()
    if facts.st_uid != process_uid and not (may_be_anothers and process_uid == 0):
        raise StateError(
            f"{folder} belongs to uid {facts.st_uid}, and this process is uid {process_uid}; "
            "name another folder with --state"
        )
    if facts.st_mode & 0o077:
        raise StateError(f"{folder} is open to other users; type: chmod 700 {shlex.quote(str(folder))}")


def is_trusted(folder: Path) -> bool:
    """
    Whether a client may believe what it finds in `folder`, which it was not told to use.

    It has to be the client's own or root's, and nobody else may enter it, as a daemon makes one: in /tmp,
    anybody can put a `.doorward` and listen to what is typed, and a repository can bring one that is the
    client's own as soon as it is cloned, with mode 0755. Where the umask is 077 that one passes here, so what
    is found in it may still lead to this machine alone.
    """
    try:
        facts = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid in {0, os.geteuid()} and not facts.st_mode & 0o077


class HeldState:
    """
    A state folder that this process holds until `release`, or until it ends in any way.

    The lock is the kernel's, on an open file: one that a dead daemon left is free. The descriptor is closed
    in children at their exec.

    Attributes:
        folder: absolute, mode 0700.
    """

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self._descriptor = descriptor

    def write_doors(self, doors: Mapping[str, Sequence[str]]) -> None:
        """
        Tell clients what is listened on: by door, the addresses.

        Raises:
            StateError: the folder was released, or the system refused; the old file stands whole.
        """
        self._check_held()
        text = json.dumps({name: list(addresses) for name, addresses in doors.items()}, indent=2) + "\n"
        write_atomically(self.folder / DOORS_NAME, text.encode(), mode=0o600)

    def remove_doors(self) -> None:
        """
        Tell clients that nothing is listened on any more; idempotent.

        Raises:
            StateError: the folder was released, or the system refused.
        """
        self._check_held()
        try:
            (self.folder / DOORS_NAME).unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{self.folder / DOORS_NAME} cannot be removed: {error.strerror}") from error

    def release(self) -> None:
        """Let another daemon have the folder; doors.json is removed before, if it can be. Idempotent."""
        if self._descriptor < 0:
            return
        # that would hide why the folder is released; who drains hears of it, and the next holder tries again
        with contextlib.suppress(StateError):
            self.remove_doors()
        descriptor, self._descriptor = self._descriptor, -1
        # the file stays: were it removed, two daemons could each hold a lock on a file of this name
        unlock(descriptor)

    def _check_held(self) -> None:
        if self._descriptor < 0:
            raise StateError(f"{self.folder} was released")


def hold_state(folder: Path) -> HeldState:
    """
    Make `folder` where it is missing, check it, and hold it; what a killed daemon left of doors.json goes.

    Raises:
        StateError: it cannot be made or is not ours alone.
        StateTaken: another daemon holds it.
    """
    make_private_folder(folder)
    check_private_folder(folder)
    held = HeldState(folder, _locked(folder / LOCK_NAME))
    try:
        held.remove_doors()
        remove_leftovers(folder / DOORS_NAME)
    except StateError:
        held.release()
        raise
    return held


def read_doors(folder: Path) -> dict[str, list[str]]:
    """
    Read which doors the daemon of `folder` has open.

    Returns:
        By door, the addresses that it really listens on; nothing when no daemon runs or it is not ready yet.

    Raises:
        StateError: the file cannot be read, or does not say that.
    """
    path = folder / DOORS_NAME
    try:
        # neither a link nor a pipe: root reads it in the folders of others
        with os.fdopen(open_private(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StateError(f"{path} is no regular file")
            data = file.read(_DOORS_BYTES + 1)
        found = json.loads(data) if len(data) <= _DOORS_BYTES else None
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StateError(f"{path} is no JSON") from error
    if not isinstance(found, dict) or not all(_are_addresses(addresses) for addresses in found.values()):
        raise StateError(f"{path} does not hold lists of addresses by door")
    return found


def _are_addresses(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(address, str) for address in found)


def _locked(path: Path) -> int:
    descriptor = open_lock(path)
    try:
        _take_lock(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _take_lock(descriptor: int, path: Path) -> None:
    try:
        if not try_lock(descriptor):
            holder = os.pread(descriptor, _PID_BYTES, 0).strip()
            who = f"process {holder.decode()}" if holder.isdigit() else "another process"
            raise StateTaken(f"{path.parent} is in use by {who}; stop that one, or name another with --state")
        os.ftruncate(descriptor, 0)
        write_all(descriptor, b"%d\n" % os.getpid())
    except OSError as error:
        raise StateError(f"{path} cannot be locked: {error.strerror}") from error
