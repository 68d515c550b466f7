"""Names that try to write lines of their own into the trail, or to deceive the terminal it is read on."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.principal import Peer
from doorward.stores.audit import AuditFile
from doorward.testing.clock import ManualClock

HOSTILE = [
    'x"}\n{"event":"login","who":"admin"}\n',
    "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
    "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\x00",
    "\u202egnp.exe\u202c\u2066\u2069\u200f\u061c",
    "\ud800\udfff",
    "a" * 100_000,
]


def paired(text: str) -> str:
    """Each high surrogate with a low one after it as the one character that they mean in JSON."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def lines_of(path: Path, text: str) -> list[bytes]:
    audit = AuditFile(path, clock=ManualClock(), waiting_lines=10, told=print)
    audit.open()
    audit.record(
        AuditEvent(AuditKind.REFUSAL, text, Peer("tcp", text), {"tried": text, text[:50] + "-": text})
    )
    asyncio.run(audit.close())
    assert audit.lost_lines == 0
    return path.read_bytes().split(b"\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_one_line_of_printable_ascii(tmp_path: Path, text: str) -> None:
    line, rest = lines_of(tmp_path / "audit.jsonl", text)
    assert rest == b""
    assert all(0x20 <= byte < 0x7F for byte in line)
    members = json.loads(line)
    assert members["event"] == "refusal"
    assert members["who"] == members["from"] == members["tried"] == paired(text)


@given(text=st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_stays_one_line_of_printable_ascii(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    line, rest = lines_of(tmp_path_factory.mktemp("state") / "audit.jsonl", text)
    assert rest == b""
    assert all(0x20 <= byte < 0x7F for byte in line)
    assert json.loads(line)["tried"] == paired(text)
