"""On a disk that is full: old data whole, a clear error, and nothing lost that is not told."""

import json
import os
from pathlib import Path

import pytest

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.errors import StateError
from doorward.core.principal import User
from doorward.core.tokens import Token
from doorward.stores.atomic import write_atomically
from doorward.stores.audit import AuditFile, AuditTrouble
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile
from doorward.testing.clock import ManualClock
from tests.stores.conftest import fill


def test_a_file_keeps_its_old_data_and_no_temporary_one_is_left(small_disk: Path) -> None:
    path = small_disk / "file"
    write_atomically(path, b"old" * 1000, mode=0o600)
    fill(small_disk / "filler")
    with pytest.raises(StateError, match="No space left on device"):
        write_atomically(path, b"new" * 10_000, mode=0o600)
    assert path.read_bytes() == b"old" * 1000
    assert sorted(os.listdir(small_disk)) == ["file", "filler"]
    (small_disk / "filler").unlink()
    write_atomically(path, b"new" * 10_000, mode=0o600)
    assert path.read_bytes() == b"new" * 10_000


def test_users_stay_as_they_were(small_disk: Path) -> None:
    users = UserFile(small_disk)
    users.add(User(name="alice"))
    fill(small_disk / "filler")
    with pytest.raises(StateError, match="No space left on device"):
        users.add(User(name="bob", roles=frozenset(f"role{number}" for number in range(800))))
    assert [user.name for user in UserFile(small_disk).load()] == ["alice"]


def test_tokens_stay_as_they_were(small_disk: Path) -> None:
    tokens = TokenFile(small_disk)
    kept = Token(id="aaaaaaaa", user="alice", digest=bytes(32))
    tokens.add(kept, most=10)
    fill(small_disk / "filler")
    roles = frozenset(f"role{number}" for number in range(800))
    with pytest.raises(StateError, match="No space left on device"):
        tokens.add(Token(id="bbbbbbbb", user="bob", digest=bytes(32), roles=roles), most=10)
    assert TokenFile(small_disk).load() == (kept,)
    assert sorted(os.listdir(small_disk)) == ["filler", "tokens.json", "tokens.lock"]


async def write_until_full(audit: AuditFile, clock: ManualClock, *, lines: int) -> None:
    for number in range(lines):
        audit.record(AuditEvent(AuditKind.RUN, "alice", None, {"run": number, "padding": "x" * 100}))
        if number % 100 == 99:
            clock.advance(0.05)
            assert await audit.flush()


@pytest.fixture
def troubles() -> list[AuditTrouble]:
    return []


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def audit(small_disk: Path, clock: ManualClock, troubles: list[AuditTrouble]) -> AuditFile:
    (small_disk / "filler").write_bytes(b"x" * 32_768)
    audit = AuditFile(small_disk / "audit.jsonl", clock=clock, waiting_lines=1000, told=troubles.append)
    audit.open()
    return audit


@pytest.mark.may_block("the test itself makes room on the disk")
async def test_every_audit_line_is_in_the_file_or_in_the_count_of_lost_ones(
    audit: AuditFile, clock: ManualClock, troubles: list[AuditTrouble]
) -> None:
    await write_until_full(audit, clock, lines=800)
    lost = audit.lost_lines
    assert 0 < lost < 800
    clock.advance(0.05)
    audit.record(AuditEvent(AuditKind.RELOAD))
    clock.advance(0.05)
    assert "No space left on device" in str(troubles[0])
    audit.path.with_name("filler").unlink()
    audit.record(AuditEvent(AuditKind.RELOAD))
    await audit.close()
    runs, lost_in_file = [], 0
    for line in audit.path.read_text("ascii").splitlines():
        try:
            members = json.loads(line)
        except ValueError:
            continue  # the one that the full disk cut, which counts as lost
        if members["event"] == "run":
            runs.append(members["run"])
        elif members["event"] == "lost":
            lost_in_file += members["lines"]
    assert runs == sorted(set(runs))
    assert len(runs) + lost == 800
    assert lost_in_file == audit.lost_lines


async def test_a_keeper_is_told_once_a_minute(
    audit: AuditFile, clock: ManualClock, troubles: list[AuditTrouble]
) -> None:
    await write_until_full(audit, clock, lines=400)
    troubles.clear()
    for _ in range(130):
        audit.record(AuditEvent(AuditKind.RELOAD, details={"padding": "x" * 5000}))
        clock.advance(0.05)
        assert await audit.flush()
        clock.advance(0.95)
    assert 2 <= len(troubles) <= 3
    assert troubles[-1].lost_lines > troubles[0].lost_lines
    await audit.close()
    assert troubles[-1].lost_lines == audit.lost_lines
