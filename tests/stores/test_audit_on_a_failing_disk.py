"""The audit trail when the disk fails under it, or the process dies: whole lines, and no loss untold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RECORD = """
import asyncio, sys
from pathlib import Path
from doorward.core.audit import AuditEvent, AuditKind
from doorward.stores.audit import AuditFile
from doorward.testing.clock import ManualClock

async def main():
    told = []
    audit = AuditFile(Path(sys.argv[1]), clock=ManualClock(), waiting_lines=1000, told=told.append)
    audit.open()
    for number in range(20):
        audit.record(AuditEvent(AuditKind.RUN, details={"run": number}))
        if number == 9:
            await audit.flush()
    await audit.close()
    print(audit.lost_lines, *told, sep="\\n")

asyncio.run(main())
"""

pytestmark = pytest.mark.needs_program("strace", package="strace")


def record_under_strace(path: Path, injection: str) -> subprocess.CompletedProcess[str]:
    """Record 20 lines, ten and ten, in a process with a fault in one of its calls on the file."""
    argv = [
        "strace",
        "-f",
        "-o",
        str(path.with_suffix(".strace")),
        "-P",
        str(path),
        "-e",
        f"inject={injection}",
    ]
    argv += [sys.executable, "-B", "-c", RECORD, str(path)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)


def test_a_sync_that_fails_makes_all_lines_since_the_last_one_count_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    done = record_under_strace(path, "fdatasync:error=EIO:when=1")
    assert done.stdout.splitlines()[0] == "10"
    assert "10 lines of the audit trail are lost: Input/output error" in done.stdout
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event.get("lines") for event in events if event["event"] == "lost"] == [10]


@pytest.mark.parametrize("number", [1, 2])
def test_a_write_that_fails_loses_its_lines_alone(tmp_path: Path, number: int) -> None:
    path = tmp_path / "audit.jsonl"
    done = record_under_strace(path, f"write:error=EIO:when={number}")
    assert done.stdout.splitlines()[0] == "10"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    runs = [event["run"] for event in events if event["event"] == "run"]
    assert runs == (list(range(10, 20)) if number == 1 else list(range(10)))
    assert [event.get("lines") for event in events if event["event"] == "lost"] == [10]


@pytest.mark.parametrize("injection", ["write:signal=KILL:when=2", "fdatasync:signal=KILL:when=1"])
def test_a_kill_leaves_whole_lines(tmp_path: Path, injection: str) -> None:
    path = tmp_path / "audit.jsonl"
    assert record_under_strace(path, injection).returncode == -9
    text = path.read_text()
    assert text.endswith("\n")
    assert [json.loads(line)["run"] for line in text.splitlines()] == list(range(10))
