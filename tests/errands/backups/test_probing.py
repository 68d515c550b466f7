"""A place that is the very folder in which the backups are made loses nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from doorward.clients.ftp.store import FtpStore
from doorward.core.backup_store import Trouble
from doorward.core.backups import backup_of, partial_name
from doorward.errands.backups.planning import Wish
from doorward.testing.backup_store import MemoryStore
from tests.clients.ftp.servers import pyftpdlib_running
from tests.errands.backups.places import contents, fill, pushed, run_of, told

NIGHTS = ("web.1", "web.2", "web.3", "web.4")
NEWEST = ("web.3", "web.4")


def test_over_ftp_the_folder_itself_is_known_before_anything_is_removed() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        fill(real.folder, *NIGHTS)
        report = pushed(run_of(real.folder, FtpStore(real.server, real.inside), Wish(keep=2)))
        found = {each.name: each.read_bytes() for each in real.folder.iterdir()}
    assert found == contents(*NIGHTS)
    assert not report.is_success
    assert report.problem == (
        f"nothing was removed: what is sent there comes to {real.folder} itself, where the backups are made"
    )


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.files |= contents(*NIGHTS)
    return store


def probes(store: MemoryStore) -> list[str]:
    return [name for method, name in store.asked if method == "send" and name.endswith(".part")]


def test_another_folder_is_known_by_an_empty_part_that_goes_again(tmp_path: Path, store: MemoryStore) -> None:
    fill(tmp_path, *NIGHTS)
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert report.is_success
    assert store.files == contents(*NEWEST)
    assert len(probes(store)) == 1


def test_what_is_here_no_more_cannot_be_removed_here(tmp_path: Path, store: MemoryStore) -> None:
    fill(tmp_path, *NEWEST)
    assert pushed(run_of(tmp_path, store, Wish(keep=2))).is_success
    assert store.files == contents(*NEWEST)
    assert not probes(store)


def full(store: MemoryStore) -> None:
    def fail(method: str, _name: str) -> None:
        if method == "send":
            raise store.error("send", "no room is left", Trouble.FULL)

    store.before = fail


def test_a_full_place_that_may_be_the_folder_loses_nothing(tmp_path: Path, store: MemoryStore) -> None:
    fill(tmp_path, *NIGHTS)
    full(store)
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert store.files == contents(*NIGHTS)
    assert report.problem.endswith("nobody can tell whether it is another folder: no room is left")


@pytest.mark.parametrize("here", [NIGHTS[1:], NIGHTS])
def test_a_full_place_that_differs_from_the_folder_gets_room(
    tmp_path: Path, store: MemoryStore, here: tuple[str, ...]
) -> None:
    fill(tmp_path, *here)
    if here == NIGHTS:
        del store.files["web.1"]
    full(store)
    assert pushed(run_of(tmp_path, store, Wish(keep=2))).is_success
    assert store.files == contents(*NEWEST)
    assert not probes(store)


def test_links_in_the_folder_itself_are_not_removed() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        elsewhere = real.folder.parent / "elsewhere"
        elsewhere.mkdir()
        fill(elsewhere, "web.1", "web.2")
        fill(real.folder, *NEWEST)
        for name in ("web.1", "web.2"):
            (real.folder / name).symlink_to(elsewhere / name)
        report = pushed(run_of(real.folder, FtpStore(real.server, real.inside), Wish(keep=2)))
        assert {each.name for each in real.folder.iterdir()} == set(NIGHTS)
    assert "where the backups are made" in report.problem


def test_where_nothing_is_removed_parts_stay_too() -> None:
    part = f"web.9.{'0' * 12}.part"
    with pyftpdlib_running(Security.NONE) as real:
        fill(real.folder, *NIGHTS, part)
        pushed(run_of(real.folder, FtpStore(real.server, real.inside), Wish(keep=2)))
        assert {each.name for each in real.folder.iterdir()} == {*NIGHTS, part}


def test_a_probe_that_another_run_left_here_says_nothing(tmp_path: Path, store: MemoryStore) -> None:
    fill(tmp_path, *NIGHTS)
    newest = backup_of("web.4", 1000)
    assert newest is not None
    for token in range(7):
        (tmp_path / partial_name(replace(newest, changed_ns=-1 - token))).touch()
    assert pushed(run_of(tmp_path, store, Wish(keep=2))).is_success
    assert store.files == contents(*NEWEST)
    assert len(probes(store)) == 1


def test_where_nobody_can_tell_nothing_is_removed(tmp_path: Path, store: MemoryStore) -> None:
    fill(tmp_path, *NIGHTS)

    def fail(method: str, _name: str) -> None:
        if method == "send":
            raise store.error("send", "it is forbidden", Trouble.PERMANENT)

    store.before = fail
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert store.files == contents(*NIGHTS)
    assert report.problem == (
        "nothing was removed: nobody can tell whether it is another folder: it is forbidden"
    )
    assert told(report)["web.1"] == "skipped"
