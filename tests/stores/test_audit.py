"""The audit trail in its file."""

import asyncio
import json
import math
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.errors import StateError
from doorward.core.ports import AuditLog
from doorward.core.principal import Peer
from doorward.stores.audit import AuditFile, AuditTrouble
from doorward.stores.audit_writer import TimeText
from doorward.stores.clock import SystemClock
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

PEER = Peer("tcp", "127.0.0.1:40000", None, 7)
RELOAD = AuditEvent(AuditKind.RELOAD)

Make = Callable[..., AuditFile]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=1_795_410_000.25)


@pytest.fixture
def troubles() -> list[AuditTrouble]:
    return []


@pytest.fixture
def make_audit(path: Path, clock: ManualClock, troubles: list[AuditTrouble]) -> Iterator[Make]:
    def make(*, waiting_lines: int = 100) -> AuditFile:
        audit = AuditFile(path, clock=clock, waiting_lines=waiting_lines, told=troubles.append)
        audit.open()
        made.append(audit)
        return audit

    made: list[AuditFile] = []
    yield make
    for audit in made:
        close(audit)


@pytest.fixture
def audit(make_audit: Make) -> AuditFile:
    return make_audit()


def flush(audit: AuditFile) -> None:
    assert asyncio.run(audit.flush())


def close(audit: AuditFile) -> None:
    asyncio.run(audit.close())


def run(number: int) -> AuditEvent:
    return AuditEvent(AuditKind.RUN, "alice", PEER, {"run": number})


def read(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text("ascii").splitlines(keepends=True)
    assert all(line.endswith("\n") for line in lines)
    return [json.loads(line) for line in lines]


def test_the_file_and_the_fake_hold_the_same_lines_but_for_the_time(
    audit: AuditFile, clock: ManualClock
) -> None:
    fake = MemoryAuditLog(clock)
    logs: list[AuditLog] = [audit, fake]
    for log in logs:
        log.record(AuditEvent(AuditKind.LOGIN, "alice", PEER, {"how": "uid"}))
        log.record(
            AuditEvent(AuditKind.REFUSAL, "", PEER, {"reason": "x\n", "n": 1, "b": True, "f": 0.5, "z": None})
        )
        log.record(RELOAD)
    close(audit)
    expected = [json.loads(line) for line in fake.lines]
    for members in expected:
        members["at"] = "2026-11-23T05:00:00.250Z"
    assert read(audit.path) == expected


def test_the_time_is_that_of_the_record_and_not_of_the_write(audit: AuditFile, clock: ManualClock) -> None:
    audit.record(RELOAD)
    clock.jump(3600)
    close(audit)
    assert [members["at"] for members in read(audit.path)] == ["2026-11-23T05:00:00.250Z"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_795_410_000.9999, "2026-11-23T05:00:00.999Z"),
        (951_782_400.0, "2000-02-29T00:00:00.000Z"),
    ],
)
def test_times_are_in_utc_with_milliseconds(seconds: float, text: str) -> None:
    assert TimeText()(seconds) == text


def test_lines_stand_in_the_order_of_the_records_over_many_batches(
    audit: AuditFile, clock: ManualClock
) -> None:
    for number in range(90):
        audit.record(run(number))
        if number % 7 == 0:
            clock.advance(0.05)
    close(audit)
    assert [members["run"] for members in read(audit.path)] == list(range(90))
    assert audit.lost_lines == 0


def test_one_timer_serves_a_batch_and_none_is_left_when_all_is_written(
    audit: AuditFile, clock: ManualClock
) -> None:
    for number in range(50):
        audit.record(run(number))
    assert clock.scheduled == 1
    flush(audit)
    clock.advance(1)
    assert clock.scheduled == 0


def test_the_file_is_private_and_what_stood_in_it_stays(path: Path, make_audit: Make) -> None:
    path.write_text('{"event":"earlier"}\n')
    path.chmod(0o600)
    audit = make_audit()
    audit.record(RELOAD)
    close(audit)
    assert [members["event"] for members in read(path)] == ["earlier", "reload"]
    path.unlink()
    before = os.umask(0)
    try:
        close(make_audit())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_a_crash_cut_does_not_spoil_the_next(path: Path, make_audit: Make) -> None:
    path.write_bytes(b'{"event":"ru')
    audit = make_audit()
    audit.record(RELOAD)
    close(audit)
    cut, whole = path.read_text().splitlines()
    assert cut == '{"event":"ru'
    assert json.loads(whole)["event"] == "reload"


def test_a_folder_that_is_not_there_is_an_error_at_the_start(tmp_path: Path, clock: ManualClock) -> None:
    audit = AuditFile(tmp_path / "missing" / "a", clock=clock, waiting_lines=1, told=print)
    with pytest.raises(StateError, match="missing/a cannot be opened"):
        audit.open()


def test_a_link_in_the_place_of_the_file_is_not_followed(
    path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be opened"):
        AuditFile(path, clock=clock, waiting_lines=1, told=print).open()
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_was_rotated_is_followed_by_a_new_one_and_nothing_is_lost(
    audit: AuditFile, path: Path, clock: ManualClock
) -> None:
    for number in range(30):
        audit.record(run(number))
        flush(audit)
        if number == 9:
            path.rename(path.with_suffix(".1"))
        if number == 19:
            path.rename(path.with_suffix(".2"))
    close(audit)
    found = [
        [members["run"] for members in read(path.with_suffix(suffix))] for suffix in (".1", ".2", ".jsonl")
    ]
    assert found == [list(range(10)), list(range(10, 20)), list(range(20, 30))]
    assert audit.lost_lines == 0


def test_a_file_that_was_removed_is_made_anew(audit: AuditFile, path: Path) -> None:
    path.unlink()
    audit.record(RELOAD)
    close(audit)
    assert [members["event"] for members in read(path)] == ["reload"]


def test_lines_without_a_place_are_counted_told_and_announced(
    audit: AuditFile, path: Path, clock: ManualClock, troubles: list[AuditTrouble]
) -> None:
    elsewhere = path.parent.with_name("elsewhere")
    path.parent.rename(elsewhere)
    for number in range(3):
        audit.record(run(number))
    flush(audit)
    audit.record(run(3))
    clock.advance(0.05)
    assert [trouble.lost_lines for trouble in troubles] == [3]
    assert "3 lines of the audit trail are lost: No such file or directory" in str(troubles[0])
    flush(audit)
    elsewhere.rename(path.parent)
    audit.record(run(4))
    close(audit)
    notice, last = read(path)
    assert notice == {"at": "2026-11-23T05:00:00.300Z", "event": "lost", "lines": 4}
    assert last["run"] == 4
    assert troubles[-1].lost_lines == audit.lost_lines == 4


def test_more_than_may_wait_is_counted_and_announced(
    make_audit: Make, clock: ManualClock, troubles: list[AuditTrouble]
) -> None:
    audit = make_audit(waiting_lines=10)
    for number in range(25):
        audit.record(run(number))
    clock.advance(0.05)
    assert [trouble.lost_lines for trouble in troubles] == [15]
    assert "more came than the disk took" in str(troubles[0])
    flush(audit)
    audit.record(run(25))
    close(audit)
    found = read(audit.path)
    assert sorted(members["run"] for members in found if members["event"] == "run") == [*range(10), 25]
    assert sum(members["lines"] for members in found if members["event"] == "lost") == 15


def test_an_event_that_is_no_json_is_lost_alone_and_told(
    audit: AuditFile, troubles: list[AuditTrouble]
) -> None:
    audit.record(run(1))
    audit.record(AuditEvent(AuditKind.END, details={"seconds": math.nan}))
    audit.record(run(2))
    close(audit)
    assert [members.get("run") for members in read(audit.path) if members["event"] == "run"] == [1, 2]
    assert audit.lost_lines == troubles[-1].lost_lines == 1
    assert "no JSON" in str(troubles[-1])


def test_what_comes_after_the_end_counts_as_lost(audit: AuditFile) -> None:
    close(audit)
    close(audit)
    audit.record(RELOAD)
    assert audit.lost_lines == 1
    assert read(audit.path) == []


async def opened_on_the_loop(path: Path, troubles: list[AuditTrouble]) -> AuditFile:
    loop = asyncio.get_running_loop()
    audit = AuditFile(path, clock=SystemClock(loop), waiting_lines=1000, told=troubles.append)
    await loop.run_in_executor(None, audit.open)
    await loop.shutdown_default_executor()
    return audit


async def test_nothing_of_it_blocks_the_loop_whose_timers_bring_the_lines_to_the_disk(
    path: Path, troubles: list[AuditTrouble]
) -> None:
    loop = asyncio.get_running_loop()
    audit = await opened_on_the_loop(path, troubles)
    synced = Synced(audit, loop)
    audit.record(RELOAD)
    async with asyncio.timeout(10):
        await synced.event.wait()
    assert loop.time() - synced.began_at < 1
    await audit.close()
    assert troubles == []


async def test_under_steady_load_too_lines_are_synced_within_a_second(
    path: Path, troubles: list[AuditTrouble]
) -> None:
    loop = asyncio.get_running_loop()
    audit = await opened_on_the_loop(path, troubles)
    synced = Synced(audit, loop)

    async def record_on_and_on() -> None:
        while not synced.event.is_set():
            audit.record(RELOAD)
            await asyncio.sleep(0.01)

    async with asyncio.timeout(10):
        await record_on_and_on()
    assert loop.time() - synced.began_at < 1
    await audit.close()
    assert troubles == []


class Synced:
    """Tells when the writer of a trail has synced for the first time, by itself."""

    def __init__(self, audit: AuditFile, loop: asyncio.AbstractEventLoop) -> None:
        self.event = asyncio.Event()
        self.began_at = loop.time()
        sync = audit._writer._sync

        def synced() -> None:
            had_lines = audit._writer._unsynced_lines > 0
            sync()
            if had_lines:
                loop.call_soon_threadsafe(self.event.set)

        vars(audit._writer)["_sync"] = synced


def test_refusals_of_one_source_that_repeat_are_one_line_a_second_with_their_number(
    audit: AuditFile, clock: ManualClock, path: Path
) -> None:
    def refuse(visitor: int, reason: str = "no") -> None:
        peer = Peer("tcp", "192.0.2.7", visitor=visitor)
        audit.record(AuditEvent(AuditKind.REFUSAL, "guest", peer, {"reason": reason}))

    for visitor in range(1, 101):
        refuse(visitor)
    refuse(101, reason="other")
    clock.advance(1.1)
    refuse(102)
    close(audit)
    lines = read(path)
    told = [(line["visitor"], line["reason"], line.get("times")) for line in lines]
    assert told == [(1, "no", None), (101, "other", None), (100, "no", 99), (102, "no", None)]
