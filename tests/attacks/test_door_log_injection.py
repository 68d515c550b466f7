"""Names and words that write lines of their own: audit trail and log stay one clean line an event."""

import json

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.peers import address_of, ask, frames

HOSTILE = [
    'x"}\n{"event":"login","who":"admin"}',
    "\r\nwarning: forged\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe\u2066\u2028\u2029\u0085",
    "%s%n%(asctime)s{0}",
]
CONFIG = """
[commands.show]
run = ["printf", "<%s>", "{text}"]
roles = ["guest"]
[commands.show.parameters]
text = { type = "pattern", pattern = ".*" }
"""


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_each_event_stays_one_line_of_printable_ascii(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    for hostile in HOSTILE:
        with frames(address_of(daemon, door)) as peer:
            for line in (f"show '{hostile}'", hostile, f"cancel '{hostile}'", f"'{hostile}'", "show end"):
                peer.ask(line)
        ask(address_of(daemon, door), f"doorward/1\n{hostile}\n{hostile}".encode())
        ask(address_of(daemon, door), f"{hostile} HTTP/1.1\n".encode())
    daemon.audited(event="end", command="show")
    assert daemon.stop() == 0
    data = (daemon.state / "audit.jsonl").read_bytes()
    for row in data.splitlines():
        assert row.isascii()
        assert row.decode().isprintable()
        assert json.loads(row)["event"] in {"login", "run", "end", "refusal", "cancel"}
    if door == "tcp":
        assert b'"who":"admin"' not in data
    for line in daemon.log.splitlines():
        assert line.startswith("doorward."), line
        assert line.isprintable()
        assert line.isascii()
    assert "forged" not in daemon.log
