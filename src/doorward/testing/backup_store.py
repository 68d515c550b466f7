"""A place for backups in memory, which goes wrong where a test wants."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256

from doorward.core.backup_store import Listing, StoredFile, StoreError, Trouble, is_plain_name

_PIECE_BYTES = 64 * 1024

Hook = Callable[[str, str], None]
"""Told what is asked, by the method's name, and of which file; raises what is to go wrong."""


class MemoryStore:
    """
    A `BackupStore` whose folder is a dictionary.

    Args:
        has_folder: without one nobody can connect until it is made.
        room_bytes: how much fits in all; None for any number.
        computes_sha256: whether it offers that.

    Attributes:
        files: content by name; what is put in by a test counts as sent by somebody.
        folders: names in the folder that are folders.
        asked: method and name of all that was asked for, in order; `connect` and `listing` have no name.
        before: called before something is done; what it raises is raised in place of doing it.
        after: called once it was done; what it raises is raised all the same, as when an answer is lost.
        cut_after_bytes: a `send` loses its connection once the file has so many bytes; None for never.
    """

    def __init__(
        self, *, has_folder: bool = True, room_bytes: int | None = None, computes_sha256: bool = False
    ) -> None:
        self.has_folder = has_folder
        self.room_bytes = room_bytes
        self.computes_sha256 = computes_sha256
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing
        self.cut_after_bytes: int | None = None

    @property
    def address(self) -> str:
        """See `BackupStore`."""
        return "memory://folder"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["MemoryPlace"]:
        """See `BackupStore`."""
        self.begin("connect", "")
        if not self.has_folder:
            raise self.error("connect", "there is no such folder", Trouble.PERMANENT)
        self.after("connect", "")
        yield MemoryPlace(self)

    async def make_folder(self) -> None:
        """See `BackupStore`."""
        self.begin("make_folder", "")
        self.has_folder = True
        self.after("make_folder", "")

    def begin(self, method: str, name: str) -> None:
        """Note that something is asked for, and have it go wrong where that is wanted."""
        self.asked.append((method, name))
        self.before(method, name)

    def error(self, phase: str, problem: str, trouble: Trouble) -> StoreError:
        """The error that says so."""
        return StoreError(self.address, phase, problem, trouble=trouble)


class MemoryPlace:
    """A `BackupPlace` of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def listing(self, is_wanted: Callable[[str], bool] | None = None) -> Listing:
        """See `BackupPlace`."""
        self._store.begin("listing", "")
        names = [name for name in self._store.files if is_plain_name(name)]
        listing = Listing(
            {
                name: StoredFile(name, len(self._store.files[name]))
                for name in names
                if is_wanted is None or is_wanted(name)
            },
            tuple(name for name in self._store.files if not is_plain_name(name)),
        )
        self._store.after("listing", "")
        return listing

    async def size(self, name: str) -> int | None:
        """See `BackupPlace`."""
        self._begin("size", name)
        content = self._store.files.get(name)
        self._store.after("size", name)
        return None if content is None else len(content)

    async def send(self, chunks: AsyncIterable[bytes], name: str, *, from_offset: int = 0) -> int:
        """See `BackupPlace`."""
        store = self._store
        self._begin("send", name)
        if name in store.folders:
            raise store.error("send", f"{name} is a folder", Trouble.PERMANENT)
        if from_offset and len(store.files.get(name, b"")) != from_offset:
            raise store.error("send", f"{name} has another length by now", Trouble.TEMPORARY)
        store.files[name] = store.files.get(name, b"")[:from_offset]
        async for chunk in chunks:
            self._take(name, chunk)
        size_bytes = len(store.files[name])
        store.after("send", name)
        return size_bytes

    def _take(self, name: str, chunk: bytes) -> None:
        store = self._store
        taken = chunk
        if store.room_bytes is not None:
            taken = chunk[: max(0, store.room_bytes - sum(map(len, store.files.values())))]
        if store.cut_after_bytes is not None:
            taken = taken[: max(0, store.cut_after_bytes - len(store.files[name]))]
        store.files[name] += taken
        if len(store.files[name]) == store.cut_after_bytes:
            raise store.error("send", "the connection was lost", Trouble.TEMPORARY)
        if len(taken) < len(chunk):
            raise store.error("send", "there is no room left", Trouble.FULL)

    async def sha256(self, name: str) -> str | None:
        """See `BackupPlace`."""
        self._begin("sha256", name)
        digest = sha256(self._content(name)).hexdigest() if self._store.computes_sha256 else None
        self._store.after("sha256", name)
        return digest

    async def read(self, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        """See `BackupPlace`."""
        self._begin("read", name)
        content = self._content(name)
        if from_offset > len(content):
            raise self._store.error("read", f"{name} is shorter than that", Trouble.PERMANENT)
        for start in range(from_offset, len(content), _PIECE_BYTES):
            yield content[start : start + _PIECE_BYTES]
        self._store.after("read", name)

    async def rename(self, partial: str, final: str) -> None:
        """See `BackupPlace`."""
        self._check(final)
        self._begin("rename", partial)
        if final in self._store.files or final in self._store.folders:
            raise self._store.error("send", f"{final} is there already", Trouble.TAKEN)
        content = self._content(partial)
        del self._store.files[partial]
        self._store.files[final] = content
        self._store.after("rename", partial)

    async def remove(self, name: str) -> bool:
        """See `BackupPlace`."""
        self._begin("remove", name)
        if name in self._store.folders:
            raise self._store.error("send", f"{name} is a folder", Trouble.PERMANENT)
        was_there = self._store.files.pop(name, None) is not None
        self._store.after("remove", name)
        return was_there

    def _begin(self, method: str, name: str) -> None:
        self._check(name)
        self._store.begin(method, name)

    def _check(self, name: str) -> None:
        if not is_plain_name(name):
            raise self._store.error("send", f"this is no name of a file: {name!r:.80}", Trouble.PERMANENT)

    def _content(self, name: str) -> bytes:
        content = self._store.files.get(name)
        if content is None:
            raise self._store.error("read", f"there is no file {name}", Trouble.PERMANENT)
        return content


def _nothing(_method: str, _name: str) -> None:
    """Nothing goes wrong."""
