"""A hostile user name, at any way in, leaves one harmless line in the trail."""

import json
from collections.abc import Iterator

import pytest

from doorward.core.principal import Peer, User
from doorward.core.secret import Secret
from doorward.service.admission import Refused
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

COST = HashCost(memory_kib=8, passes=1, lanes=1)
PEER = Peer("tls", "192.0.2.1", visitor=9)

HOSTILE = [
    'x"}\n{"event":"login","who":"admin"}',
    "root\r\nroot",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202enimda\u202c\u2066\u2069\u200f",
    "\x00\x7f\x85\u2028\u2029\u009b31m",
    "\ud800",
    "x" * 100_000,
]


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def portal(audit: MemoryAuditLog) -> Iterator[Portal]:
    verifier = PasswordVerifier(waiting=4, most_bytes=1024, workers=1, cost=COST)
    yield Portal(
        [User(name="alice")],
        verifier=verifier,
        audit=audit,
        clock=ManualClock(),
        process_uid=990,
        checks_per_source=2,
    )
    verifier.close()
    verifier.join()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_in_a_field_of_its_own_is_shown_escaped_and_cut(
    portal: Portal, audit: MemoryAuditLog, name: str
) -> None:
    assert isinstance(await portal.admit_password(PEER, name=name, password=Secret("x")), Refused)
    (line,) = audit.lines
    assert line.endswith("\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert len(line) < 1000
    members = json.loads(line)
    assert members["event"] == "refusal"
    assert members["tried"] == name[:64]
    assert "who" not in members
    assert (members["door"], members["from"], members["visitor"]) == ("tls", "192.0.2.1", 9)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_came_with_a_password_in_one_line_is_not_shown_at_all(
    portal: Portal, audit: MemoryAuditLog, name: str
) -> None:
    assert isinstance(await portal.admit_line(PEER, Secret(f"{name} x")), Refused)
    (line,) = audit.lines
    assert "tried" not in json.loads(line)
    assert line[:-1].isprintable()


async def test_the_name_of_a_user_who_is_there_is_shown(portal: Portal, audit: MemoryAuditLog) -> None:
    await portal.admit_line(PEER, Secret("alice x"))
    assert json.loads(audit.lines[0])["tried"] == "alice"
