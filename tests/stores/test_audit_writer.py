"""What the writer of the audit trail does with a descriptor that is not its own any more."""

import os
import threading
from pathlib import Path

from doorward.stores.audit_writer import AuditWriter

BOUND_SECONDS = 10.0


def _written(writer: AuditWriter, line: str, *, is_last: bool = False) -> None:
    reached = threading.Event()
    writer.write([line])
    writer.mark(reached.set, is_last=is_last)
    assert reached.wait(BOUND_SECONDS)


def _descriptor_on(path: Path) -> int:
    folder = Path("/proc/self/fd")
    for name in os.listdir(folder):
        try:
            if os.path.samefile(folder / name, path):
                return int(name)
        except FileNotFoundError:
            continue  # it was the one that lists
    raise AssertionError(f"no descriptor on {path}")


def test_a_close_that_fails_is_not_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    writer = AuditWriter(path, wall=lambda: 0.0)
    writer.open()
    # as a close that failed leaves it: the number is free, and somebody else's soon
    os.close(_descriptor_on(path))
    writer.start()
    _written(writer, "first\n")
    _written(writer, "second\n", is_last=True)
    assert "second\n" in path.read_text()
    assert writer.lost_lines == 1
