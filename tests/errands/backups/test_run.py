"""Runs against a store in memory that goes wrong where a test wants."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from doorward.core.backup_errands import Check
from doorward.core.backup_source import Source
from doorward.core.backup_store import Trouble
from doorward.core.backups import backup_of, partial_name
from doorward.core.errors import BackupError
from doorward.errands.backups.checking import Checking
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.planning import Wish
from doorward.errands.backups.reaching import Again
from doorward.errands.backups.report import report_text, summary
from doorward.errands.backups.watching import Nobody
from doorward.stores.backup_folder import BackupFolder
from doorward.testing.backup_store import MemoryPlace, MemoryStore
from tests.errands.backups.places import (
    Changing,
    content_of,
    contents,
    fill,
    pushed,
    quick_patience,
    run_of,
    told,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def partial_of(path: Path) -> str:
    facts = path.stat()
    backup = backup_of(path.name, facts.st_size, facts.st_mtime_ns)
    assert backup is not None
    return partial_name(backup)


def test_twenty_backups_of_two_names_leave_the_newest_five(store: MemoryStore, tmp_path: Path) -> None:
    for number in range(1, 21):
        fill(tmp_path, f"web.{number}", f"archives.{number + 100}")
        report = pushed(run_of(tmp_path, store, Wish(keep=5)))
        assert report.is_success
        # the machine keeps but three
        for name in (f"web.{number - 3}", f"archives.{number + 97}"):
            (tmp_path / name).unlink(missing_ok=True)
        newest = range(max(1, number - 4), number + 1)
        assert set(store.files) == {name for n in newest for name in (f"web.{n}", f"archives.{n + 100}")}
        if number == 20:
            assert told(report)["web.15"] == "removed"
            assert summary(report) == "2 sent, 8 kept, 2 removed"
    assert store.files == contents(
        *(f"web.{n}" for n in range(16, 21)), *(f"archives.{n}" for n in range(116, 121))
    )
    sent_before = [name for method, name in store.asked if method == "send"]
    again = pushed(run_of(tmp_path, store, Wish(keep=5)))
    assert summary(again) == "10 kept"
    assert [name for method, name in store.asked if method == "send"] == sent_before


def test_a_file_has_its_name_only_once_it_is_whole(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1", size_bytes=700_000)
    part = partial_of(tmp_path / "web.1")
    store.cut_after_bytes = 300_000

    def look(method: str, _name: str) -> None:
        if method == "send":
            assert "web.1" not in store.files

    store.after = look
    report = pushed(run_of(tmp_path, store, Wish(keep=5), retries=0))
    assert told(report) == {"web.1": "failed"}
    assert set(store.files) == {part}
    store.cut_after_bytes = None
    report = pushed(run_of(tmp_path, store, Wish(keep=5)))
    assert store.files == contents("web.1", size_bytes=700_000)
    assert report.moved_bytes == 400_000
    assert report.entries[0].reason == "gone on with"


def test_what_breaks_off_goes_on_as_long_as_it_gets_further(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1", size_bytes=900_000)

    def cut(method: str, name: str) -> None:
        if method == "send":
            store.cut_after_bytes = len(store.files.get(name, b"")) + 50_000

    store.before = cut
    report = pushed(run_of(tmp_path, store, Wish(keep=5), retries=1))
    assert report.is_success
    assert store.files == contents("web.1", size_bytes=900_000)
    store.files.clear()
    store.before = lambda *_: setattr(store, "cut_after_bytes", 50_000)
    report = pushed(run_of(tmp_path, store, Wish(keep=5), retries=2))
    assert told(report) == {"web.1": "failed"}
    assert report.entries[0].reason == "the connection was lost, after 4 tries"


def test_a_name_that_is_taken_by_then_is_left_as_it_is(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1", "web.2")

    def take(method: str, _name: str) -> None:
        if method == "send":
            store.files["web.2"] = b"of somebody else"

    store.after = take
    report = pushed(run_of(tmp_path, store, Wish(keep=1), at_once=1))
    assert told(report) == {"web.2": "failed", "web.1": "skipped"}
    assert store.files["web.2"] == b"of somebody else"


def test_a_list_that_lacks_a_file_has_it_neither_overwritten_nor_anything_removed(
    store: MemoryStore, tmp_path: Path
) -> None:
    fill(tmp_path, "web.8", "web.9")
    store.files |= contents("web.1", "web.2", "web.8")
    hidden: dict[str, bytes] = {}

    def hide(method: str, _name: str) -> None:
        if method == "listing" and not hidden:
            hidden["web.8"] = store.files.pop("web.8")

    def show(method: str, _name: str) -> None:
        if method == "listing":
            store.files.update(hidden)

    store.before, store.after = hide, show
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert told(report) == {"web.9": "sent", "web.8": "kept", "web.2": "skipped", "web.1": "skipped"}
    assert report.problem == (
        "nothing was removed, as two lists of what is there differ: web.8 is new in the second"
    )
    assert set(store.files) == {"web.1", "web.2", "web.8", "web.9"}


@pytest.mark.parametrize("lost", [["web.1"], ["web.3", "web.4"], ["web.1", "web.2", "web.3", "web.4"]])
def test_a_second_list_that_is_cut_or_empty_takes_nothing_away(
    store: MemoryStore, tmp_path: Path, lost: list[str]
) -> None:
    fill(tmp_path, "web.5")
    store.files |= contents("web.1", "web.2", "web.3", "web.4")
    lists = 0
    away: dict[str, bytes] = {}

    def cut(method: str, _name: str) -> None:
        nonlocal lists
        lists += method == "listing"
        if method == "listing" and lists == 2:
            away.update({name: store.files.pop(name) for name in lost})

    def back(method: str, _name: str) -> None:
        if method == "listing":
            store.files.update(away)

    store.before, store.after = cut, back
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert not report.is_success
    assert "differ" in report.problem
    assert set(store.files) == {"web.1", "web.2", "web.3", "web.4", "web.5"}


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("trouble", [Trouble.TEMPORARY, Trouble.PERMANENT])
def test_a_list_that_fails_takes_nothing_away(
    store: MemoryStore, tmp_path: Path, which: int, trouble: Trouble
) -> None:
    fill(tmp_path, "web.5")
    store.files |= contents("web.1", "web.2", "web.3", "web.4")
    lists = 0

    def fail(method: str, _name: str) -> None:
        nonlocal lists
        lists += method == "listing"
        if method == "listing" and lists >= which:
            raise store.error("read", "it cannot be listed", trouble)

    store.before = fail
    report = pushed(run_of(tmp_path, store, Wish(keep=2), retries=2))
    assert not report.is_success
    assert report.problem == "memory://folder: read: it cannot be listed"
    assert {"web.1", "web.2", "web.3", "web.4"} <= set(store.files)
    assert "removed" not in told(report).values()
    assert lists == which + (2 if trouble is Trouble.TEMPORARY else 0)


def test_no_room_ends_the_sending_and_removes_nothing(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "a.2", "b.2", "c.2", size_bytes=1000)
    store.files |= contents("a.1", "b.1", "c.1")
    store.room_bytes = 4500
    report = pushed(run_of(tmp_path, store, Wish(keep=1), at_once=1))
    assert told(report) == {
        "a.2": "sent",
        "a.1": "removed",
        "b.2": "failed",
        "b.1": "skipped",
        "c.2": "skipped",
        "c.1": "skipped",
    }
    assert report.entries[2].reason == "there is no room left"
    # and once there is room, all of it gets there
    store.room_bytes = None
    assert (pushed(run_of(tmp_path, store, Wish(keep=1)))).is_success
    assert store.files == contents("a.2", "b.2", "c.2")


def test_a_server_that_lets_in_one_connection_gets_all_files_by_it(
    store: MemoryStore, tmp_path: Path
) -> None:
    fill(tmp_path, *(f"web.{number}" for number in range(1, 6)))
    connections = 0

    def refuse(method: str, _name: str) -> None:
        nonlocal connections
        connections += method == "connect"
        if method == "connect" and connections > 1:
            raise store.error("connect", "421 too many connections", Trouble.TEMPORARY)

    store.before = refuse
    report = pushed(run_of(tmp_path, store, Wish(keep=5), at_once=4))
    assert report.is_success
    assert connections == 4
    assert len(store.files) == 5


@pytest.mark.parametrize("stale", ["web.1", "web.2"])
def test_parts_that_nobody_goes_on_with_make_room_on_a_full_place(
    store: MemoryStore, tmp_path: Path, stale: str
) -> None:
    fill(tmp_path, "web.2", size_bytes=60_000)
    part = f"{stale}.{'0' * 12}.part"
    store.files[part] = b"x" * 50_000
    store.room_bytes = 100_000
    report = pushed(run_of(tmp_path, store, Wish(keep=2)))
    assert report.is_success
    assert told(report) == {"web.2": "sent", part: "removed"}
    assert store.files == contents("web.2", size_bytes=60_000)


def test_parts_of_what_is_neither_here_nor_there_are_cleared_away(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.9")
    store.files |= {f"{file}.{'0' * 12}.part": b"x" for file in ("web.2", "web.3", "others.2")}
    assert pushed(run_of(tmp_path, store, Wish(keep=2))).is_success
    assert set(store.files) == {"web.9", f"others.2.{'0' * 12}.part"}


async def test_a_connection_that_never_comes_holds_up_nothing(tmp_path: Path) -> None:
    await asyncio.to_thread(fill, tmp_path, *(f"web.{number}" for number in range(1, 6)))
    connections = 0

    class OneAtATime(MemoryStore):
        @asynccontextmanager
        async def connect(self) -> AsyncIterator[MemoryPlace]:
            nonlocal connections
            connections += 1
            if connections > 1:
                await asyncio.get_running_loop().create_future()
            async with super().connect() as place:
                yield place

    store = OneAtATime()
    async with asyncio.timeout(30):
        report = await run_of(tmp_path, store, Wish(keep=5), at_once=4).push()
    assert report.is_success
    assert connections == 4
    assert len(store.files) == 5


def test_a_connection_that_fails_at_first_is_tried_again(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1")
    tries = 0

    def refuse(method: str, _name: str) -> None:
        nonlocal tries
        tries += method == "connect"
        if tries < 3:
            raise store.error("connect", "421 try again later", Trouble.TEMPORARY)

    store.before = refuse
    assert (pushed(run_of(tmp_path, store, Wish(keep=5)))).is_success
    store.before = lambda *_: _wrong_login(store)
    report = pushed(run_of(tmp_path, store, Wish(keep=5)))
    assert report.problem == "memory://folder: login: the password is wrong"
    assert report.entries == ()


def _wrong_login(store: MemoryStore) -> None:
    raise store.error("login", "the password is wrong", Trouble.PERMANENT)


# Files here


def test_a_file_that_grows_while_it_is_sent_does_not_get_its_name(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.3", size_bytes=600_000)
    store.files |= contents("web.1", "web.2")

    def grow(_offset: int) -> None:
        with (tmp_path / "web.3").open("ab") as opened:
            opened.write(b"more")

    report = pushed(run_of(tmp_path, store, Wish(keep=1), change=grow))
    assert told(report) == {"web.3": "failed", "web.2": "skipped", "web.1": "skipped"}
    assert report.entries[0].reason == "it was written while it was sent, or between two looks at it"
    # not even a part of it stays, with which nobody could go on
    assert store.files == contents("web.1", "web.2")
    report = pushed(run_of(tmp_path, store, Wish(keep=1)))
    assert store.files == {"web.3": (tmp_path / "web.3").read_bytes()}


@pytest.mark.parametrize("how", ["cut", "removed", "replaced"])
def test_a_file_that_goes_while_it_is_sent_does_not_get_its_name(
    store: MemoryStore, tmp_path: Path, how: str
) -> None:
    fill(tmp_path, "web.1", size_bytes=600_000)
    file = tmp_path / "web.1"

    def change(_offset: int) -> None:
        if how == "cut":
            os.truncate(file, 300_000)
        else:
            file.unlink(missing_ok=True)
        if how == "replaced":
            fill(tmp_path, "web.1", size_bytes=600_000)

    report = pushed(run_of(tmp_path, store, Wish(keep=1), change=change))
    assert told(report) == {"web.1": "failed"}
    assert store.files == {}


def test_links_and_folders_are_told_and_not_followed(store: MemoryStore, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"not for sending")
    (folder / "web.1").symlink_to(tmp_path / "secret")
    (folder / "web.2").mkdir()
    os.mkfifo(folder / "web.3")
    fill(folder, "web.4", "notes.txt", ".web.5.swp")
    report = pushed(run_of(folder, store, Wish(keep=5)))
    assert store.files == contents("web.4")
    assert report.notes == tuple(
        f"'web.{n}' is here, and no regular file: it is passed over" for n in (1, 2, 3)
    )


def test_a_file_whose_name_cannot_be_kept_is_told(store: MemoryStore, tmp_path: Path) -> None:
    longest, too_long = "web." + "9" * 18, "web." + "9" * 21
    fill(tmp_path, longest, too_long, "nl\nx.3", "notes." + "9" * 21 + ".txt")
    report = pushed(run_of(tmp_path, store, Wish(keep=5)))
    assert store.files == contents(longest)
    assert report.notes == tuple(
        f"{name!r} is here, and no file whose name can be kept: it is passed over"
        for name in ("nl\nx.3", too_long)
    )
    assert pushed(run_of(tmp_path, store, Wish(keep=5, names={"x": None}))).notes == ()


def test_a_folder_that_is_not_there_or_empty_is_an_error(store: MemoryStore, tmp_path: Path) -> None:
    store.files |= contents("web.1")
    empty = pushed(run_of(tmp_path, store, Wish(keep=1)))
    assert "there is no backup here" in empty.problem
    gone = pushed(run_of(tmp_path / "gone", store, Wish(keep=1)))
    assert gone.problem == (
        f"{tmp_path}/gone: it cannot be listed: no such file or directory. "
        "Is it mounted, and may this user read it?"
    )
    named = pushed(run_of(tmp_path, store, Wish(keep=1, names={"web": None})))
    assert told(named) == {"web": "failed", "web.1": "kept"}
    assert store.files == contents("web.1")


async def test_two_runs_of_one_folder_are_kept_apart(tmp_path: Path) -> None:
    async with BackupFolder(tmp_path).held():
        with pytest.raises(BackupError, match="another run carries backups from here just now"):
            async with BackupFolder(tmp_path).held():
                pass
    async with BackupFolder(tmp_path).held():
        pass


# Parts and hashes


def test_of_numbers_that_began_anew_one_of_the_same_length_is_told(
    store: MemoryStore, tmp_path: Path
) -> None:
    store.files |= {"web.1": b"X" * 1000, "web.2": b"X" * 10, "web.17": b"X" * 1000}
    fill(tmp_path, "web.1", "web.3", "archives.1")
    wish = Wish(keep=3, restarted=frozenset({"web"}))
    report = pushed(run_of(tmp_path, store, wish))
    (note,) = report.notes
    assert note.startswith("web began anew, and web.1 may be there from before, with the same length: ")
    assert told(report)["web.3"] == "sent"


def test_a_part_of_what_the_file_was_before_is_not_gone_on_with(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1", size_bytes=600_000)
    store.cut_after_bytes = 300_000
    pushed(run_of(tmp_path, store, Wish(keep=1), retries=0))
    store.cut_after_bytes = None
    (tmp_path / "web.1").write_bytes(os.urandom(500_000))
    report = pushed(run_of(tmp_path, store, Wish(keep=1)))
    assert store.files == {"web.1": (tmp_path / "web.1").read_bytes()}
    assert [entry.did.value for entry in report.entries] == ["sent", "removed"]
    assert report.entries[1].reason == "it is a part of what nobody sends any more"


def test_parts_of_other_names_and_what_only_looks_like_one_stay(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1")
    others = {"other.1.0123456789ab.part": b"", "web.1.part": b"", "web.1.0123456789AB.part": b""}
    store.files |= others
    assert (pushed(run_of(tmp_path, store, Wish(keep=1)))).is_success
    assert store.files == contents("web.1") | others


@pytest.mark.parametrize("computes", [False, True])
def test_with_hashes_what_came_there_with_other_content_is_sent_again(
    store: MemoryStore, tmp_path: Path, *, computes: bool
) -> None:
    store.computes_sha256 = computes
    fill(tmp_path, "web.1", size_bytes=300_000)
    spoilt = 0

    def spoil(method: str, name: str) -> None:
        nonlocal spoilt
        if method == "send" and not spoilt:
            spoilt += 1
            store.files[name] = b"X" + store.files[name][1:]

    store.after = spoil
    report = pushed(run_of(tmp_path, store, Wish(keep=1), check=Check.HASH))
    assert report.is_success
    assert store.files == contents("web.1", size_bytes=300_000)
    assert ("sha256", partial_of(tmp_path / "web.1")) in store.asked
    assert any(method == "read" for method, _ in store.asked) is not computes


def test_with_hashes_what_is_always_spoilt_never_gets_its_name(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1")

    def spoil(method: str, name: str) -> None:
        if method == "send":
            store.files[name] = b"X" + store.files[name][1:]

    store.after = spoil
    report = pushed(run_of(tmp_path, store, Wish(keep=1), check=Check.HASH))
    assert report.entries[0].reason == "what is there has another SHA-256 than what is here, twice"
    assert store.files == {}


def test_a_part_is_compared_where_the_other_end_can_compute_it(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorward.errands.backups.sending.END_BYTES", 50_000)
    store.computes_sha256 = True
    fill(tmp_path, "web.1", size_bytes=300_000)
    part = partial_of(tmp_path / "web.1")
    content = content_of("web.1", size_bytes=300_000)
    store.files[part] = bytes(100_000) + content[100_000:200_000]
    assert (pushed(run_of(tmp_path, store, Wish(keep=1)))).is_success
    assert store.files == contents("web.1", size_bytes=300_000)


@pytest.mark.parametrize(
    ("there", "moved_bytes"),
    [
        (content_of("web.1", size_bytes=300_000)[:200_000], 100_000),
        (content_of("web.1", size_bytes=300_000), 0),
        # as a machine that lost its power leaves it
        (bytes(200_000), 300_000),
        # as several writes at once leave it that broke off
        (content_of("web.1")[:1000] + bytes(1000) + content_of("web.1", size_bytes=3000)[2000:], 300_000),
        (bytes(300_000), 300_000),
    ],
    ids=["ours", "ours, all of it", "nothing", "a hole", "nothing, all of it"],
)
def test_a_part_of_another_run_is_gone_on_with_where_it_ends_as_ours(
    store: MemoryStore, tmp_path: Path, there: bytes, moved_bytes: int
) -> None:
    fill(tmp_path, "web.1", size_bytes=300_000)
    store.files[partial_of(tmp_path / "web.1")] = there
    report = pushed(run_of(tmp_path, store, Wish(keep=1)))
    assert report.is_success
    assert store.files == contents("web.1", size_bytes=300_000)
    assert report.moved_bytes == moved_bytes


def test_a_part_that_may_not_be_read_is_gone_on_with(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1", size_bytes=300_000)
    store.files[partial_of(tmp_path / "web.1")] = content_of("web.1", size_bytes=300_000)[:200_000]

    def refuse(method: str, _name: str) -> None:
        if method == "read":
            raise store.error("read", "only to be written", Trouble.PERMANENT)

    store.before = refuse
    report = pushed(run_of(tmp_path, store, Wish(keep=1)))
    assert report.moved_bytes == 100_000
    assert store.files == contents("web.1", size_bytes=300_000)


async def test_a_run_that_is_cancelled_leaves_a_part_for_the_next(store: MemoryStore, tmp_path: Path) -> None:
    await asyncio.to_thread(fill, tmp_path, "web.1", size_bytes=3_000_000)
    began = asyncio.Event()

    class Watcher:
        def expect(self, files: int, total_bytes: int) -> None:
            assert (files, total_bytes) == (1, 3_000_000)

        def begun(self, file: str, *, size_bytes: int, from_offset: int) -> None:
            assert (file, size_bytes, from_offset) == ("web.1", 3_000_000, 0)

        def moved(self, file: str, offset: int) -> None:
            began.set()

        def paused(self, file: str, problem: str, seconds: float) -> None:
            raise AssertionError(file)

        def ended(self, file: str) -> None:
            assert file == "web.1"

    task = asyncio.get_running_loop().create_task(
        run_of(tmp_path, store, Wish(keep=1), watcher=Watcher()).push()
    )
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (part,) = store.files
    assert 0 < len(store.files[part]) < 3_000_000
    report = await run_of(tmp_path, store, Wish(keep=1)).push()
    assert report.moved_bytes < 3_000_000
    assert store.files == {"web.1": content_of("web.1", size_bytes=3_000_000)}


# Looking at what is there


def checked(
    store: MemoryStore, source: Source | None, *names: str, keep: int | None = None
) -> dict[str, tuple[str, str]]:
    checking = Checking(
        store,
        source,
        pace=Pace(0, monotonic=lambda: 0.0),
        watcher=Nobody(),
        again=Again(quick_patience(1), Nobody()),
        only_sizes=False,
    )
    entries = asyncio.run(checking.check(names, keep=keep))
    return {entry.file: (entry.did.value, entry.reason) for entry in entries}


def test_a_file_that_cannot_be_read_there_or_here_is_told_and_holds_up_no_other(
    store: MemoryStore, tmp_path: Path
) -> None:
    files = ("web.1", "web.2", "web.3")
    fill(tmp_path, *files, size_bytes=300_000)
    store.files |= contents(*files, size_bytes=300_000)

    def fail(method: str, name: str) -> None:
        if (method, name) == ("read", "web.2"):
            raise store.error("read", "the disk is broken", Trouble.PERMANENT)

    store.before = fail
    removing = Changing(BackupFolder(tmp_path), lambda _: (tmp_path / "web.1").unlink(missing_ok=True))
    assert checked(store, removing) == {
        "web.3": ("same", "by its SHA-256"),
        "web.2": ("failed", "it cannot be read there: the disk is broken"),
        "web.1": ("failed", "here it cannot be read: no such file or directory"),
    }


@pytest.mark.parametrize(
    ("keep", "there", "missing"),
    [
        (None, ("web.5", "web.2"), ("web.4", "web.3")),
        (None, (), ("web.5",)),
        (3, ("web.5",), ("web.4", "web.3")),
        (9, ("web.5", "web.4", "web.3", "web.2", "web.1"), ()),
    ],
)
def test_what_is_here_and_should_be_there_is_missed(
    store: MemoryStore, tmp_path: Path, keep: int | None, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    fill(tmp_path, *(f"web.{number}" for number in range(1, 6)))
    store.files |= contents(*there)
    found = checked(store, BackupFolder(tmp_path), keep=keep)
    assert {file for file, (did, _) in found.items() if did == "failed"} == set(missing)
    assert set(found) == {*there, *missing}


def test_where_there_is_nothing_at_all_that_is_told(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no backup, here or there"):
        checked(store, BackupFolder(tmp_path))


@pytest.mark.parametrize("came", [b"short", b"much more than the list has"])
def test_what_is_not_as_long_as_the_list_says_is_not_whole(store: MemoryStore, came: bytes) -> None:
    store.files["web.1"] = b"by the list"

    def change(method: str, _name: str) -> None:
        if method == "read":
            store.files["web.1"] = came

    store.before = change
    ((did, reason),) = checked(store, None).values()
    assert did == "failed"
    assert reason.startswith("it cannot be read there: ")
    assert reason.endswith("that it has by the list")


def test_with_nothing_here_all_that_is_there_is_read(store: MemoryStore) -> None:
    store.files |= contents("web.1", "archives.2", "notes")
    whole = ("whole", "nothing is here to compare it with")
    assert checked(store, None) == {"archives.2": whole, "web.1": whole}
    assert checked(store, None, "web", "none") == {
        "none": ("failed", "there is no backup of this name, here or there"),
        "web.1": whole,
    }


def spoilt(file: str) -> bytes:
    return content_of(file).upper()


def test_with_hashes_what_is_to_stay_is_compared_before_anything_goes(
    store: MemoryStore, tmp_path: Path
) -> None:
    fill(tmp_path, "db.3", "db.4", "web.3", "web.4")
    store.files |= contents("db.1", "db.2", "web.1", "web.2", "web.3") | {"db.3": spoilt("db.3")}
    report = pushed(run_of(tmp_path, store, Wish(keep=2), check=Check.HASH))
    assert not report.is_success
    assert set(store.files) == {"db.1", "db.2", "db.3", "db.4", "web.3", "web.4"}
    reasons = {entry.file: (entry.did.value, entry.reason) for entry in report.entries}
    assert reasons["db.3"] == ("failed", "it has another SHA-256 there than here")
    assert reasons["db.2"] == (
        "skipped",
        "it is older than the newest 2, but stays: db.3 is not there as it is here",
    )
    assert reasons["web.3"] == ("kept", "it is one of the newest 2, with the SHA-256 that it has here")


def test_with_hashes_what_is_not_here_any_more_is_told_as_known_by_its_length(
    store: MemoryStore, tmp_path: Path
) -> None:
    fill(tmp_path, "db.4")
    store.files |= contents("db.2", "db.3")
    report = pushed(run_of(tmp_path, store, Wish(keep=2), check=Check.HASH))
    assert told(report) == {"db.4": "sent", "db.3": "kept", "db.2": "removed"}
    assert "known by its length alone, as it is not here any more" in report.entries[1].reason


def test_parts_of_other_names_are_told_where_there_is_no_room(tmp_path: Path) -> None:
    store = MemoryStore(room_bytes=2500)
    store.files["other.7.0123456789ab.part"] = b"x" * 2000
    fill(tmp_path, "web.1")
    report = pushed(run_of(tmp_path, store, Wish(keep=1, names={"web": None})))
    assert told(report) == {"web.1": "failed"}
    (note,) = report.notes
    assert note.startswith("'other.7.0123456789ab.part' is a part of another name, and takes room there")
    assert "2000 bytes in all" in note


def test_a_name_that_cannot_have_begun_anew_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.1")
    store.files |= contents("web.9")
    report = pushed(run_of(tmp_path, store, Wish(keep=1, restarted=frozenset({"wab"}))))
    assert report.problem.endswith(
        "there is no backup 'wab' here whose numbers could have begun anew. Did you mean web?"
    )
    assert store.files == contents("web.9")


def test_a_file_named_in_place_of_a_name_and_a_number_is_told(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.15")
    report = pushed(run_of(tmp_path, store, Wish(keep=1, names={"web.15": None})))
    assert summary(report) == "1 failed; web.15: there is no such file here; did you mean web=15?"


def test_hidden_files_are_backups_only_when_they_are_named(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.15", ".web.15")
    assert told(pushed(run_of(tmp_path, store, Wish(keep=1)))) == {"web.15": "sent"}
    named = pushed(run_of(tmp_path, store, Wish(keep=1, names={".web": None})))
    assert told(named) == {".web.15": "sent"}


def test_what_failed_is_told_once_in_the_text_of_a_report(store: MemoryStore, tmp_path: Path) -> None:
    fill(tmp_path, "web.15")
    store.files["web.15"] = b"other"
    text = report_text(pushed(run_of(tmp_path, store, Wish(keep=1))))
    assert text.count("it was left as it is") == 1
    assert text.endswith("1 failed.\n")
