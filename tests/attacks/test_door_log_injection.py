"""Names and words that write lines of their own: audit trail and log stay one clean line an event."""

import json
from contextlib import suppress

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.daemon import Daemon
from tests.doors.peers import address_of, ask, frames, raw_address_of
from tests.doors.tls_peers import HASH, TLS

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
    assert_clean(daemon)
    if door == "tcp":
        assert b'"who":"admin"' not in (daemon.state / "audit.jsonl").read_bytes()


TWO_USERS = f"""
[doors.tls]
listen = ["127.0.0.1:0"]
[users.alice]
password = "{HASH}"
[users.bob]
password = "{HASH}"
"""


@pytest.mark.parametrize("users", [TLS, TWO_USERS], ids=["a-password", "name-and-password"])
def test_a_login_stays_one_line_of_printable_ascii(attacked: Attacked, users: str) -> None:
    daemon = attacked('[limits.penalties]\nexempt = ["127.0.0.1"]\n', tls=users)
    for hostile in HOSTILE:
        # an unknown name, and a known one
        for line in (f"{hostile} x", f"alice {hostile}"):
            assert ask(address_of(daemon, "tls"), line.encode() + b"\n") == b"Password?\n"
        # in the name that a client of TLS says it wants to reach, and where TLS is none
        with suppress(ConnectionError):
            ask(raw_address_of(daemon, "tls"), hostile.encode() * 100)
    assert daemon.stop() == 0
    assert_clean(daemon)
    data = (daemon.state / "audit.jsonl").read_bytes()
    assert not any(json.loads(row)["event"] == "login" for row in data.splitlines())
    assert b"forged" not in data


def assert_clean(daemon: Daemon) -> None:
    """Each line of trail and log is one event, printable, and of the daemon's own making."""
    data = (daemon.state / "audit.jsonl").read_bytes()
    for row in data.splitlines():
        assert row.isascii()
        assert row.decode().isprintable()
        assert json.loads(row)["event"] in {"login", "run", "end", "refusal", "cancel"}
    for line in daemon.log.splitlines():
        assert line.startswith("doorward."), line
        assert line.isprintable()
        assert line.isascii()
    assert "forged" not in daemon.log
