"""Paths are followed off the loop, and those that lead out of their folder are refused."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.core.errors import BadArgument
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import PathType
from doorward.service import paths
from doorward.service.paths import follow_paths
from tests.service.house import ALICE, BOUND_SECONDS, House, program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with links of every kind, beside a secret."""
    inside = tmp_path / "inside"
    (inside / "deep").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("s", encoding="utf-8")
    (inside / "file").write_text("f", encoding="utf-8")
    links: dict[str, str | Path] = {
        "to-file": "file",
        "to-deep": inside / "deep",
        "out": "../outside",
        "out-far": tmp_path / "outside" / "secret",
        "out-chain": "out-far",
        "out-new": "../outside/new",
        "deep/up": "../..",
        "ring": "ring",
        "ring-a": "ring-b",
        "ring-b": "ring-a",
        "dangling": "not-there",
    }
    for name, target in links.items():
        (inside / name).symlink_to(target)
    (tmp_path / "door").symlink_to("inside")
    return inside


def house_with(folder: Path, **fields: object) -> House:
    path = Parameter(name="path", type=PathType(within=str(folder)))
    limits = fields.pop("limits", None)
    assert limits is None or isinstance(limits, Limits)
    return House(program("show", path, **fields), limits=limits)


@pytest.mark.parametrize(
    ("word", "real"),
    [
        ("file", "file"),
        ("./deep/../file", "file"),
        ("to-file", "file"),
        ("to-deep", "deep"),
        ("to-deep/new", "deep/new"),
        ("not-there/at/all", "not-there/at/all"),
        ("dangling", "not-there"),
        (".", ""),
    ],
)
async def test_a_path_inside_is_handed_over_as_what_it_really_is(folder: Path, word: str, real: str) -> None:
    house = house_with(folder)
    reader = house.ask(ALICE, f"show {word}")
    await started(house)
    assert house.child.launch.argv == ("/bin/show", str(folder / real))
    house.child.end()
    assert reader.outcome == SUCCESS
    await house.runs.close()
    house.assert_at_rest()


@pytest.mark.parametrize(
    "word",
    [
        "out",
        "out/secret",
        "out-far",
        "out-chain",
        "out-new",
        "deep/up",
        "to-deep/up/outside/secret",
        "ring",
        "ring-a",
        "ring/../file/x",
        "ring-b/x",
        "file/x",
    ],
)
async def test_a_path_out_of_its_folder_or_round_in_a_ring_is_refused(folder: Path, word: str) -> None:
    house = house_with(folder)
    reader = house.ask(ALICE, f"show {word}")
    outcome = await reader.ended()
    assert outcome.kind is OutcomeKind.INVALID
    assert outcome.reason.startswith(f"path: expected a path inside {folder}, got ")
    assert house.children == []
    await house.runs.close()
    house.assert_at_rest()


def test_a_folder_that_is_a_link_itself_is_followed_too(folder: Path) -> None:
    door = folder.parent / "door"
    assert follow_paths({"path": (f"{door}/to-file", str(door))}) == {"path": str(folder / "file")}


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "/inside/nul\0", "/" + "y/" * 3000])
def test_a_path_that_the_system_cannot_take_is_refused(path: str) -> None:
    with pytest.raises(BadArgument):
        follow_paths({"path": (path, "/inside")})


class HangingMount:
    """
    Stands in for a dead mount.

    One path blocks its thread in the kernel, in `open` of a FIFO that nobody writes. Only the call is put in
    the place of `realpath`: a file system whose `lstat` hangs needs FUSE or NFS.
    """

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        self.fifo = fifo
        self.both_ends = -1
        self.entered = threading.Semaphore(0)
        self._realpath = os.path.realpath

    def __call__(self, path: str, *, strict: bool = False) -> str:
        if path.endswith("/dead"):
            self.entered.release()
            os.close(os.open(self.fifo, os.O_RDONLY))
        return self._realpath(path, strict=strict)

    async def was_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=BOUND_SECONDS)

    def release(self) -> None:
        """Let go of all that hang, and of those that are about to."""
        # a descriptor of both ends: whoever opens one of them finds the other
        self.both_ends = os.open(self.fifo, os.O_RDWR)


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingMount]:
    made = HangingMount(tmp_path / "fifo")
    monkeypatch.setattr(paths, "realpath", made)
    yield made
    if made.both_ends < 0:
        made.release()
    for thread in threading.enumerate():
        if thread.name.startswith("paths-"):
            thread.join(BOUND_SECONDS)
            assert not thread.is_alive()
    os.close(made.both_ends)


async def started(house: House) -> None:
    async with asyncio.timeout(BOUND_SECONDS):
        while not house.children:  # noqa: ASYNC110 - no event tells of a start
            await asyncio.sleep(0)


async def test_a_dead_mount_holds_up_its_own_run_and_time_ends_it(folder: Path, mount: HangingMount) -> None:
    house = house_with(folder)
    dead = house.ask(ALICE, "show dead")
    await mount.was_entered()
    house.ask(ALICE, "show file")
    await started(house)
    house.child.end()
    house.clock.advance(60)
    assert dead.outcome is not None
    assert dead.outcome.kind is OutcomeKind.TIMED_OUT
    house.assert_at_rest()
    await asyncio.to_thread(mount.release)
    async with asyncio.timeout(BOUND_SECONDS):
        while len(house.runs._paths._idle) < 2:  # noqa: ASYNC110 - nor of an idle thread
            await asyncio.sleep(0)
    assert len(house.children) == 1  # what came of it later is nobody's
    await house.runs.close()


async def test_a_run_whose_path_is_being_followed_can_be_cancelled(folder: Path, mount: HangingMount) -> None:
    house = house_with(folder)
    reader = house.ask(ALICE, "show dead")
    await mount.was_entered()
    reader.cancel()
    assert reader.outcome is not None
    assert reader.outcome.kind is OutcomeKind.CANCELLED
    house.assert_at_rest()
    await house.runs.close()
    assert house.children == []


async def test_paths_behind_many_dead_mounts_wait_in_a_line_that_does_not_grow(
    folder: Path, mount: HangingMount
) -> None:
    house = house_with(folder, limits=Limits(runs_per_user=32))
    for _ in range(paths.THREADS):
        house.ask(ALICE, "show dead")
        await mount.was_entered()
    for _ in range(100):
        house.ask(ALICE, "show file").cancel()
        assert house.runs._paths.waiting == 0
    stuck = house.ask(ALICE, "show file")
    assert house.runs._paths.waiting == 1
    house.clock.advance(60)
    assert stuck.outcome is not None
    assert stuck.outcome.kind is OutcomeKind.TIMED_OUT
    house.assert_at_rest()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("paths-")]
    assert all(thread.daemon for thread in threads)  # the end of the process waits for no daemon thread
    await house.runs.close()


@pytest.mark.may_block("pytest's own log handler writes to a file")
async def test_an_error_of_ours_while_following_fails_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(path: str, *, strict: bool = False) -> str:
        raise MemoryError

    monkeypatch.setattr(paths, "realpath", broken)
    house = house_with(folder)
    outcome = await house.ask(ALICE, "show file").ended()
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.reason.rpartition(" ")[2] in caplog.text
    await house.runs.close()
    house.assert_at_rest()


async def test_equal_paths_are_shared_by_how_they_were_asked_for(folder: Path) -> None:
    house = house_with(folder, read_only=True, fresh_seconds=60.0)
    first = house.ask(ALICE, "show to-file")
    await started(house)
    house.child.end()
    assert house.ask(ALICE, "show ./to-file").answer.number == first.answer.number
    assert house.ask(ALICE, "show file").answer.number != first.answer.number
    await house.runs.close()
