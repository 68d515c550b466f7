"""A run that is cut before or after any of the things it asks for, and what the next one makes of it."""

from pathlib import Path

import pytest

from doorward.core.backup_store import Trouble
from doorward.errands.backups.planning import Wish
from doorward.testing.backup_store import MemoryStore
from tests.errands.backups.places import contents, fill, pushed, run_of
from tests.plugins.soak import IS_SOAK

BEFORE = ("web.1", "web.2", "web.3", "archives.7")
HERE = ("web.3", "web.4", "web.5", "archives.8")
AFTER = ("web.4", "web.5", "archives.7", "archives.8")
SIZE_BYTES = 600_000
WISH = Wish(keep=2)
STRIDE = 1 if IS_SOAK else 3


class KilledError(BaseException):
    """This process is no more."""


class _Cutting:
    """Counts what is asked for, and cuts at one of them."""

    def __init__(self, store: MemoryStore, at: int, *, when: str, kills: bool) -> None:
        self.count = 0
        self._store = store
        self._at = at
        self._kills = kills
        setattr(store, when, self._cut)

    def _cut(self, method: str, name: str) -> None:
        self.count += 1
        if self.count == self._at:
            if self._kills:
                raise KilledError
            raise self._store.error("send", f"the connection was lost in {method}", Trouble.TEMPORARY)


def filled(folder: Path) -> MemoryStore:
    fill(folder, *HERE, size_bytes=SIZE_BYTES)
    store = MemoryStore()
    store.files |= contents(*BEFORE, size_bytes=SIZE_BYTES)
    return store


def check(store: MemoryStore) -> None:
    """Nothing is half under a name of its own, and nothing is gone that should stay."""
    whole = contents(*BEFORE, *HERE, size_bytes=SIZE_BYTES)
    named = {name: content for name, content in store.files.items() if not name.endswith(".part")}
    assert named.items() <= whole.items()
    for name in ("web", "archives"):
        kept = sorted((n for n in named if n.startswith(f"{name}.")), key=lambda n: int(n.split(".")[1]))
        assert len(kept) >= min(2, sum(n.startswith(f"{name}.") for n in BEFORE))
    assert "archives.7" in named
    if "web.1" not in named:
        # the oldest only went once the newest were there
        assert {"web.4", "web.5"} <= set(named)


def steps_of_a_run(folder: Path) -> int:
    store = filled(folder)
    cutting = _Cutting(store, 0, when="before", kills=False)
    assert (pushed(run_of(folder, store, WISH, at_once=1))).is_success
    assert store.files == contents(*AFTER, size_bytes=SIZE_BYTES)
    return cutting.count


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_killed_run_is_made_good_by_the_next(tmp_path: Path, when: str, at_once: int) -> None:
    for at in range(1, steps_of_a_run(tmp_path) + 1, STRIDE):
        store = filled(tmp_path)
        _Cutting(store, at, when=when, kills=True)
        with pytest.raises(KilledError):
            pushed(run_of(tmp_path, store, WISH, at_once=at_once))
        check(store)
        store.before = store.after = lambda *_: None
        report = pushed(run_of(tmp_path, store, WISH))
        assert report.is_success, (at, report)
        assert store.files == contents(*AFTER, size_bytes=SIZE_BYTES), at


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_lost_once_anywhere_is_made_good_in_the_same_run(
    tmp_path: Path, when: str
) -> None:
    for at in range(1, steps_of_a_run(tmp_path) + 1, STRIDE):
        store = filled(tmp_path)
        _Cutting(store, at, when=when, kills=False)
        report = pushed(run_of(tmp_path, store, WISH, at_once=1))
        assert report.is_success, (at, report)
        assert store.files == contents(*AFTER, size_bytes=SIZE_BYTES), at


def test_a_file_that_is_cut_at_any_byte_is_gone_on_with(tmp_path: Path) -> None:
    stride = 7_919 if IS_SOAK else 97_001
    for cut_after_bytes in range(1, SIZE_BYTES, stride):
        store = filled(tmp_path)
        store.cut_after_bytes = cut_after_bytes
        report = pushed(run_of(tmp_path, store, WISH, retries=0))
        assert not report.is_success
        check(store)
        assert set(BEFORE) <= set(store.files)
        store.cut_after_bytes = None
        report = pushed(run_of(tmp_path, store, WISH))
        assert report.is_success
        assert report.moved_bytes == 3 * (SIZE_BYTES - cut_after_bytes)
        assert store.files == contents(*AFTER, size_bytes=SIZE_BYTES)
