"""What is fetched, as a file: whole under its name or not at all, and on request gone on with later."""

import asyncio
import contextlib
import json
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec

from doorward.compose.links import followed
from doorward.core.errors import DoorwardError
from doorward.core.fetching import Head
from doorward.stores.atomic import sync, write_all
from doorward.stores.locks import try_lock

P = ParamSpec("P")

_WRITTEN_BYTES = 512 * 1024
_SYNCED_BYTES = 16 * 1024 * 1024
_NOTE_BYTES = 64 * 1024
_NAME_BYTES = 200


class CannotSave(DoorwardError):
    """The file cannot be written; the text names it, and says what is left of it."""


@dataclass(frozen=True, slots=True)
class _Note:
    """
    What is known of a file that is here in part.

    Attributes:
        url: where it comes from.
        validator: by which its rest can be asked for.
        synced_bytes: how much of it is on disk for certain.
    """

    url: str
    validator: str
    synced_bytes: int


class FileSink:
    """
    Takes a body under another name beside `file`, and gives it that name when it is whole.

    Use `finish` or `give_up` at the end.

    Args:
        file: what it is to be in the end; where a link leads. What is no regular file is written to directly.
        url: where it comes from.
        keeps_part: a part that is left is kept as `FILE.part`, and one that is there is gone on with.

    Attributes:
        received_bytes: of the whole.
        validator: by which the rest can be asked for; empty for nothing.
        may_begin_anew: nobody has seen it.
    """

    def __init__(self, file: Path, *, url: str, keeps_part: bool) -> None:
        self.received_bytes = 0
        self.validator = ""
        self.may_begin_anew = True
        self._shown = file
        self._url = url
        self._keeps_part = keeps_part
        self._file = self._part = self._note = file
        self._is_direct = False
        self._descriptor = -1
        self._waiting = bytearray()
        self._unsynced_bytes = 0

    async def open(self) -> None:
        """
        Make the file that is written to, or open the one that is there.

        Raises:
            CannotSave: that is not possible.
            TrustError: it is a link of somebody else, where everybody may write.
        """
        await self._do(self._open)

    async def begin(self, head: Head) -> bool:
        """As the port says; the page of an error is not wanted."""
        if not head.is_success:
            return False
        self._waiting.clear()
        self.validator = head.validator
        await self._do(self._begin_at, head.from_bytes)
        return True

    async def write(self, piece: bytes) -> None:
        """
        As the port says.

        Raises:
            CannotSave: the disk is full, or broken.
        """
        self._waiting += piece
        self.received_bytes += len(piece)
        if len(self._waiting) >= _WRITTEN_BYTES:
            await self._do(self._write_waiting)

    async def finish(self) -> None:
        """
        Give it its name. It is on disk when this returns, and also when it is cancelled meanwhile.

        Raises:
            CannotSave: that is not possible.
        """
        await self._do(self._finish)

    async def give_up(self) -> None:
        """Leave nothing behind, or the part that can be gone on with. Idempotent."""
        # a cancellation must not keep it from being done
        await asyncio.shield(asyncio.to_thread(self._give_up))

    async def _do(self, act: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        work = asyncio.get_running_loop().run_in_executor(None, partial(act, *args, **kwargs))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # the thread goes on with the descriptor that `give_up` closes; a reader may keep it for ever
            while not (work.done() or self._is_direct):
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({work})
            raise
        except OSError as error:
            said = error.strerror or str(error)
            raise CannotSave(f"{self._shown} cannot be saved: {said[:1].lower()}{said[1:]}") from error

    def _open(self) -> None:
        self._file = followed(self._shown)
        folder, name = self._file.parent, self._file.name
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(self._file).st_mode
            if stat.S_ISDIR(mode):
                raise CannotSave(f"{self._shown} is a folder; name the file in it")
            self._is_direct = not stat.S_ISREG(mode)
            if not os.access(self._file, os.W_OK):
                raise CannotSave(f"{self._shown} may not be written to")
        if self._is_direct:
            # a pipe without a reader would keep us waiting
            self._descriptor = os.open(self._file, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(self._descriptor, True)
        elif self._keeps_part:
            self._part = folder / f"{name}.part"
            self._note = folder / f"{name}.part.json"
            self._open_part()
        else:
            short = os.fsdecode(os.fsencode(name)[:_NAME_BYTES])
            self._part = folder / f".{short}.{secrets.token_hex(4)}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._part, flags, 0o666)

    def _open_part(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self._part, flags, 0o666)
        facts = os.fstat(self._descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_nlink != 1:
            self._close()
            raise CannotSave(f"{self._part} is there, and no file that this program wrote; move it away")
        if not try_lock(self._descriptor):
            self._close()
            raise CannotSave(f"{self._part} is being written by another fetch; wait for it")
        note = self._read_note()
        if note is not None and note.url == self._url and facts.st_size >= note.synced_bytes > 0:
            self.validator = note.validator
            self.received_bytes = note.synced_bytes
            os.lseek(self._descriptor, note.synced_bytes, os.SEEK_SET)

    def _read_note(self) -> _Note | None:
        try:
            descriptor = os.open(self._note, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as opened:
                members = json.loads(opened.read(_NOTE_BYTES))
                return _Note(str(members["url"]), str(members["validator"]), int(members["synced_bytes"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # then it begins anew

    def _write_note(self) -> None:
        """Note what is on disk for certain; the note itself is the old or the new one, never half."""
        if not (self._keeps_part and self.validator) or self._is_direct:
            return
        synced_bytes = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        members = {"url": self._url, "validator": self.validator, "synced_bytes": synced_bytes}
        made = Path(f"{self._note}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                json.dump(members, opened)
            os.replace(made, self._note)
        except BaseException:
            made.unlink(missing_ok=True)
            raise

    def _begin_at(self, from_bytes: int) -> None:
        if self._keeps_part and not self._is_direct:
            self._note.unlink(missing_ok=True)
        if not self._is_direct:
            os.ftruncate(self._descriptor, from_bytes)
            os.lseek(self._descriptor, from_bytes, os.SEEK_SET)
        self.received_bytes = from_bytes
        self.may_begin_anew = not self._is_direct

    def _write_waiting(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        write_all(self._descriptor, data)
        self._unsynced_bytes += len(data)
        if self._keeps_part and self._unsynced_bytes >= _SYNCED_BYTES:
            self._sync()

    def _sync(self) -> None:
        if not self._is_direct:
            os.fsync(self._descriptor)
        self._unsynced_bytes = 0
        self._write_note()

    def _finish(self) -> None:
        self._write_waiting()
        if self._is_direct:
            self._close()
            return
        with contextlib.suppress(FileNotFoundError):
            old = os.stat(self._file)
            # what somebody else says of a file is not said of ours, which a set-uid bit would make his key
            if old.st_uid == os.geteuid():
                os.fchmod(self._descriptor, old.st_mode & 0o777)
        os.fsync(self._descriptor)
        os.replace(self._part, self._file)
        if self._keeps_part:
            self._note.unlink(missing_ok=True)
        self._close()
        sync(self._file.parent)

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def _give_up(self) -> None:
        if self._descriptor < 0:
            return
        try:
            if self._is_direct:
                return
            if self._keeps_part and self.validator and self._can_keep():
                return
            self._part.unlink(missing_ok=True)
            if self._keeps_part:
                self._note.unlink(missing_ok=True)
        finally:
            self._close()

    def _can_keep(self) -> bool:
        """Whether the part is on disk, with a note of it."""
        try:
            self._write_waiting()
            self._sync()
        except OSError:
            return self._note.exists()
        return self.received_bytes > 0
