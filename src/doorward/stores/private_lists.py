"""Lists in the state that nobody else may read, each in one file that is replaced as a whole."""

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from doorward.core.errors import StateError, TrustError
from doorward.stores.atomic import remove_leftovers, write_atomically
from doorward.stores.locks import short_lock
from doorward.stores.owners import acting_as_owner

_LOCK_SECONDS = 10.0
_FILE_BYTES = 4 * 1024 * 1024
_VERSION = 1


class PrivateList:
    """
    A list of objects in JSON, in a file of mode 0600.

    All that it does blocks for as long as a disk takes. Root may change it in the folder of a daemon that is
    not root; the file stays the daemon's.

    Attributes:
        path: of the file; its lock stands beside it.
    """

    def __init__(self, path: Path, *, noun: str) -> None:
        """Keep `noun`, which is the list's name in the file and for people."""
        self.path = path
        self._noun = noun

    def read(self) -> Sequence[object]:
        """
        What stands in the file; nothing without one.

        Raises:
            TrustError: others could have read or written it.
            StateError: it cannot be read, or does not hold such a list.
        """
        try:
            data = _read_private(self.path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from error
        return self._decoded(data)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """
        Keep all others from changing it meanwhile, so that two at once lose nothing.

        Raises:
            StateError: it was held for 10 s, or the system refused.
        """
        lock = self.path.with_suffix(".lock")
        with acting_as_owner(self.path.parent), short_lock(lock, within_seconds=_LOCK_SECONDS):
            yield

    def replace(self, members: Sequence[object]) -> None:
        """
        Have `members` stand there; only within `changing`.

        Raises:
            StateError: they are too many, or the system refused. The old ones stand whole.
        """
        data = (json.dumps({"version": _VERSION, self._noun: members}, indent=2) + "\n").encode("ascii")
        if len(data) > _FILE_BYTES:
            raise StateError(f"{self.path} would have more than {_FILE_BYTES} bytes")
        remove_leftovers(self.path)
        write_atomically(self.path, data, mode=0o600)

    def _decoded(self, data: bytes) -> Sequence[object]:
        noun = self._noun
        try:
            found = json.loads(data)
        # a number of thousands of digits is a ValueError too
        except (ValueError, RecursionError) as error:
            raise StateError(
                f"{self.path} is no JSON; restore it from a backup, or remove it and add the {noun} anew"
            ) from error
        if not isinstance(found, dict) or found.get("version") != _VERSION:
            raise StateError(
                f"{self.path} is not a file of {noun}, or was written by a later version of this program"
            )
        members = found.get(noun)
        if not isinstance(members, list) or not set(found) <= {"version", noun}:
            raise StateError(f"{self.path} does not hold a list of {noun}")
        return members


def texts(found: object, place: str) -> list[str]:
    """
    `found` as a list of texts.

    Raises:
        StateError: it is something else; `place` says where it stands.
    """
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise StateError(f"{place} is not a list of texts")
    return found


def _read_private(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if facts.st_mode & 0o077:
            raise TrustError(f"{path} is open to other users; type: chmod 600 {shlex.quote(str(path))}")
        if facts.st_uid not in {os.geteuid(), os.stat(path.parent).st_uid}:
            raise TrustError(f"{path} belongs to uid {facts.st_uid}, who is not the owner of its folder")
        data = file.read(_FILE_BYTES + 1)
    if len(data) > _FILE_BYTES:
        raise StateError(f"{path} has more than {_FILE_BYTES} bytes")
    return data
