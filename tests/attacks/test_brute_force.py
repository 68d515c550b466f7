"""Passwords tried again and again: a few from each source, at all doors together, and no user locked out."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.passwords import prompted, tried
from tests.attacks.worker import at_work
from tests.doors.daemon import Daemon, until
from tests.doors.peers import GREETING, Address, address_of, ask, raw_address_of, receive_all, status
from tests.doors.tls_peers import HASH, TlsAddress

ATTACKER, NEIGHBOUR, OTHER = "127.0.0.3", "127.0.0.4", "::1"
"""All of 127/8 is one source, and ::1 another."""

USERS = f"""
[doors.tls]
listen = ["127.0.0.1:0", "127.0.0.1:0", "[::1]:0"]
[users.alice]
password = "{HASH}"
[users.bob]
password = "{HASH}"
"""
PAID_SOON = """
[limits.penalties]
failed_login_seconds = 0.6
least_seconds = 1.5
no_login_seconds = 0.0
"""
RIGHT, WRONG = b"alice sesame", b"alice wrong"


def addresses(daemon: Daemon) -> list[Address]:
    """Two that the attacker comes by, and that of somebody else."""
    first = address_of(daemon, "tls")
    assert isinstance(first, TlsAddress)
    found = [at.rpartition(":") for at in daemon.doors["tls"]]
    return [replace(first, host=host.strip("[]"), port=int(port)) for host, _, port in found]


def tries_until_shut_out(daemon: Daemon, line: bytes, source: str = ATTACKER) -> int:
    """How many are looked at."""
    for number in range(20):
        if tried(daemon, line, source=source) is None:
            return number
    raise AssertionError("twenty were looked at")


def test_after_a_few_its_source_is_shut_out_at_every_address_and_nobody_else_is(attacked: Attacked) -> None:
    daemon = attacked(tls=USERS)
    # four cost 20 s, which is over the least of 15; on a slow machine the first may be paid off by then
    assert 4 <= tries_until_shut_out(daemon, WRONG) <= 6
    *both, other = addresses(daemon)
    for address in both:
        for source in (ATTACKER, NEIGHBOUR):
            assert tried(daemon, RIGHT, source=source, address=address) is None
    # the account is not locked
    assert tried(daemon, RIGHT, source=OTHER, address=other) == GREETING
    # and the door without a login is open to all
    assert status(daemon)["shut_out"] == 1
    assert b"load average" in ask(raw_address_of(daemon, "tcp"), b"uptime\n", source=ATTACKER)
    assert daemon.audited(event="refusal", source="127.0.0.1")["reason"].startswith("shut out for ")


@pytest.mark.parametrize("line", [b"nobody wrong", b"alice " + b"x" * 2000])
def test_whatever_is_wrong_counts(attacked: Attacked, line: bytes) -> None:
    daemon = attacked(tls=USERS)
    assert 4 <= tries_until_shut_out(daemon, line) <= 6


def test_connections_made_beforehand_do_not_try_more(attacked: Attacked) -> None:
    many = 20
    daemon = attacked("[limits]\nearly_refusals_from = 100\n", tls=USERS)
    with ExitStack() as stack:
        peers = [stack.enter_context(prompted(daemon, ATTACKER)) for _ in range(many)]
        for peer in peers:
            peer.sendall(WRONG + b"\n")
            assert receive_all(peer) == b""
    assert daemon.stop() == 0
    wrong = [line for line in daemon.audit() if line.get("reason") == "wrong name or password"]
    # an audit line that one source repeats within a second is written once, with how often
    looked_at = sum(int(line.get("times", 1)) for line in wrong)
    assert 4 <= looked_at <= 6


def test_penalties_run_out_and_a_session_of_that_source_goes_on(attacked: Attacked) -> None:
    daemon = attacked(PAID_SOON, session="keep")
    with at_work(daemon, "tls", source=ATTACKER) as worker:
        assert tries_until_shut_out(daemon, b"wrong") >= 3
        worker.work()
        until(lambda: status(daemon)["shut_out"] == 0, "the end of the penalty")
        worker.work()
    assert tried(daemon, b"sesame", source=ATTACKER) == GREETING


def test_the_right_password_after_wrong_ones_works_as_long_as_the_source_is_not_shut_out(
    attacked: Attacked,
) -> None:
    daemon = attacked(tls=USERS)
    for _ in range(3):
        assert tried(daemon, WRONG, source=ATTACKER) == b""
    assert tried(daemon, RIGHT, source=ATTACKER) == GREETING
