"""One backup on its way there: under another name until it is whole, and tried again where that may help."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

from doorward.core.backup_errands import Check
from doorward.core.backup_source import OpenBackup, Source
from doorward.core.backup_store import BackupPlace, StoreError, Trouble
from doorward.core.backups import Backup, partial_name
from doorward.core.errors import BackupError
from doorward.core.units import MIB
from doorward.errands.backups.hashing import Digest, digest_here, digest_there, read_there
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.patience import MOST_TRIES, Patience
from doorward.errands.backups.report import Did
from doorward.errands.backups.watching import Watcher

END_BYTES = 5 * MIB
"""
Of a part that another run left, so much of its end is read back before it is gone on with.

Whatever was under way when that run ended may have got there with a hole before it, as over SFTP, where 4 MiB
are, or on a disk behind a network. Nobody sees that by its length.
"""

_OTHER_CONTENT = "what is there has another SHA-256 than what is here"
_OTHER_END = "the part that is there does not end as what is here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    What became of a file that was to be sent.

    Attributes:
        did: `SENT`, `KEPT` for one that was there all the same, or `FAILED`.
        reason: why, or what is worth saying.
        moved_bytes: how many went, those of broken tries among them.
        is_full: there is no room for this one, and so for no other.
    """

    did: Did
    reason: str = ""
    moved_bytes: int = 0
    is_full: bool = False


class _Ended(Exception):
    """A try that came to a result; never leaves this file."""

    def __init__(self, did: Did, reason: str) -> None:
        super().__init__(reason)
        self.did = did
        self.reason = reason


class _Spoilt(Exception):
    """What is there has another content; never leaves this file."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class _Progress:
    """
    How far one file is, over all its tries.

    Attributes:
        is_surely_absent: nothing is there of it, whole or in part, as a list says that was made just now.
    """

    tries: int = 0
    tries_in_vain: int = 0
    moved_bytes: int = 0
    began_at: int = 0
    furthest: int = 0
    spoilt: int = 0
    is_surely_absent: bool = False
    is_named: bool = False
    is_end_known: bool = False

    def note_failure(self) -> None:
        """Hear that a try broke off."""
        self.is_surely_absent = False
        self.tries += 1
        self.tries_in_vain += 1

    def note_part(self, there: int) -> None:
        """Hear how much is there before a try: what got further was not in vain."""
        if self.tries == 0:
            self.began_at = self.furthest = there
        if there > self.furthest:
            self.furthest, self.tries_in_vain = there, 0


class Sending:
    """
    Sends files, each whole or not at all under its own name.

    Args:
        source: where they are.
        check: how what is there is compared before it gets its name.
        pace: how fast all of it may go.
        watcher: told how far it is.
        patience: how often a file is tried again that gets no further.
    """

    def __init__(
        self, source: Source, *, check: Check, pace: Pace, watcher: Watcher, patience: Patience
    ) -> None:
        self._source = source
        self._check = check
        self._pace = pace
        self._watcher = watcher
        self._patience = patience

    async def send(self, place: BackupPlace, backup: Backup, *, is_surely_absent: bool = False) -> Delivery:
        """
        Bring `backup` there, and say what became of it; raises nothing that place or source raise.

        A part that an earlier run left is gone on with. What breaks off stays there, for the next one; of a
        file that was written meanwhile nothing stays.

        Args:
            place: where it goes.
            backup: what.
            is_surely_absent: a list that was made just now has neither the file nor a part of it, so that the
                place need not be asked for them before all of it is there.
        """
        progress = _Progress(is_surely_absent=is_surely_absent)
        try:
            return await self._until_decided(place, backup, progress)
        finally:
            self._watcher.ended(backup.file)

    async def _until_decided(self, place: BackupPlace, backup: Backup, progress: _Progress) -> Delivery:
        while True:
            try:
                await self._try(place, backup, progress)
            except _Ended as ended:
                return Delivery(did=ended.did, reason=ended.reason, moved_bytes=progress.moved_bytes)
            except BackupError as error:
                with suppress(StoreError):
                    await place.remove(partial_name(backup))
                return _failed(error.problem, progress)
            except _Spoilt as spoilt:
                progress.is_surely_absent = False
                progress.spoilt += 1
                with suppress(StoreError):
                    await place.remove(partial_name(backup))
                if progress.spoilt > 1:
                    return _failed(f"{spoilt.problem}, twice", progress)
                await self._pause(backup, spoilt.problem, progress)
            except StoreError as error:
                if not await self._goes_on(error, backup, progress):
                    return _given_up(error, progress)

    async def _goes_on(self, error: StoreError, backup: Backup, progress: _Progress) -> bool:
        """Whether it is tried again after `error`; if so, the pause before that is over."""
        if error.trouble is Trouble.TAKEN and progress.is_surely_absent:
            # by what, a look tells
            progress.is_surely_absent = False
            return True
        progress.note_failure()
        if progress.tries >= MOST_TRIES or not self._patience.is_left(error, progress.tries_in_vain):
            return False
        await self._pause(backup, error.problem, progress)
        return True

    async def _pause(self, backup: Backup, problem: str, progress: _Progress) -> None:
        tell = partial(self._watcher.paused, backup.file, problem)
        await self._patience.pause(progress.tries_in_vain, tell)

    async def _try(self, place: BackupPlace, backup: Backup, progress: _Progress) -> None:
        part = partial_name(backup)
        there = None if progress.is_surely_absent else await self._part_there(place, backup, progress)
        progress.note_part(there or 0)
        async with self._source.open(backup) as opened:
            reading = _Reading(opened, backup, self._pace, self._watcher, is_hashed=self._check is Check.HASH)
            if there and there <= backup.size_bytes and not progress.is_end_known:
                await self._look_at_end(place, part, there, opened)
            progress.is_end_known = True
            if there != backup.size_bytes:
                offset = there if there is not None and there < backup.size_bytes else 0
                try:
                    async with aclosing(reading.pieces(offset)) as pieces:
                        await place.send(pieces, part, from_offset=offset)
                finally:
                    progress.moved_bytes += reading.moved_bytes
            await opened.check()
            await self._compare(place, part, reading, is_resumed=bool(there))
        progress.is_named = True
        await place.rename(part, backup.file)
        raise _Ended(Did.SENT, _how(progress))

    async def _part_there(self, place: BackupPlace, backup: Backup, progress: _Progress) -> int | None:
        """
        How many bytes of it are there under the name of a part; None for none.

        Raises:
            _Ended: something has its own name by now.
        """
        size_bytes, part_bytes = await place.size(backup.file), await place.size(partial_name(backup))
        if size_bytes is None:
            return part_bytes
        if size_bytes != backup.size_bytes:
            reason = f"there it has {size_bytes} bytes, and here {backup.size_bytes}; it was left as it is"
            raise _Ended(Did.FAILED, reason)
        # it may be our own, of a renaming whose answer was lost
        if progress.is_named and part_bytes is None:
            raise _Ended(Did.SENT, _how(progress))
        if part_bytes is not None:
            with suppress(StoreError):
                await place.remove(partial_name(backup))
        raise _Ended(Did.KEPT, "it is there, although the list did not have it")

    async def _look_at_end(self, place: BackupPlace, part: str, there: int, opened: OpenBackup) -> None:
        """
        Look whether a part ends as what is here has it at that place, where it may be read.

        Raises:
            _Spoilt: it does not.
        """
        at = max(0, there - END_BYTES)
        try:
            async with aclosing(read_there(place, part, size_bytes=there, from_offset=at)) as pieces:
                async for piece in pieces:
                    await self._pace.take(len(piece))
                    rest = piece
                    while rest:
                        ours = await opened.read(at, len(rest))
                        if not rest.startswith(ours):
                            raise _Spoilt(_OTHER_END)
                        rest, at = rest[len(ours) :], at + len(ours)
        except StoreError as error:
            # whoever may write there may not be one to read
            if error.trouble is not Trouble.PERMANENT:
                raise

    async def _compare(self, place: BackupPlace, part: str, reading: "_Reading", *, is_resumed: bool) -> None:
        """
        Compare what is there, as far as that is wanted, or costs little and may be needed.

        Raises:
            _Spoilt: it is something else.
        """
        if self._check is not Check.HASH and not is_resumed:
            return
        theirs = await place.sha256(part)
        if theirs is None and self._check is Check.HASH:
            theirs = await digest_there(place, part, size_bytes=reading.size_bytes, pace=self._pace)
        if theirs is not None and theirs != await reading.sha256():
            raise _Spoilt(_OTHER_CONTENT)


class _Reading:
    """The bytes of one file in one try."""

    def __init__(
        self, opened: OpenBackup, backup: Backup, pace: Pace, watcher: Watcher, *, is_hashed: bool
    ) -> None:
        self._opened = opened
        self._backup = backup
        self._pace = pace
        self._watcher = watcher
        self._digest = Digest() if is_hashed else None
        self.size_bytes = backup.size_bytes
        self.moved_bytes = 0

    async def pieces(self, offset: int) -> AsyncGenerator[bytes, None]:
        """Yield what comes from `offset` on, as fast as it may go."""
        file, size_bytes = self._backup.file, self.size_bytes
        self._watcher.begun(file, size_bytes=size_bytes, from_offset=offset)
        while offset < size_bytes:
            piece = await self._opened.read(offset, min(self._pace.piece_bytes, size_bytes - offset))
            await self._pace.take(len(piece))
            yield piece
            # asked for the next: this one was taken
            if self._digest is not None and offset == self._digest.size_bytes:
                await self._digest.take(piece)
            offset += len(piece)
            self.moved_bytes += len(piece)
            self._watcher.moved(file, offset)

    async def sha256(self) -> str:
        """Of the whole file; what went by already is not read again."""
        if self._digest is not None and self._digest.size_bytes == self.size_bytes:
            return self._digest.hexadecimal
        return await digest_here(self._opened, self.size_bytes, piece_bytes=self._pace.piece_bytes)


def _how(progress: _Progress) -> str:
    parts = []
    if progress.began_at:
        parts.append("gone on with")
    if progress.tries:
        parts.append(f"broke off {progress.tries} {'time' if progress.tries == 1 else 'times'}")
    return ", ".join(parts)


def _given_up(error: StoreError, progress: _Progress) -> Delivery:
    step = f". {error.next_step}" if error.next_step else ""
    tried = f", after {progress.tries} tries" if progress.tries > 1 else ""
    return Delivery(
        did=Did.FAILED,
        reason=f"{error.problem}{tried}{step}",
        moved_bytes=progress.moved_bytes,
        is_full=error.trouble is Trouble.FULL,
    )


def _failed(reason: str, progress: _Progress) -> Delivery:
    return Delivery(did=Did.FAILED, reason=reason, moved_bytes=progress.moved_bytes)
