"""However a connection ends, what was answered arrives: closing over unread bytes would reset it."""

import contextlib

import pytest

from tests.attacks.conftest import Attacked, attacked
from tests.doors.peers import GREETING, address_of, ask, dial, receive_all, receive_until

__all__ = ["attacked"]

UNPUNISHED = '[limits.penalties]\nexempt = ["127.0.0.1"]\n'
LINE = b"echo " + b"x" * 2000 + b"\n"
ANSWER_BYTES = len(LINE) - len(b"echo ") + len(GREETING)


@pytest.mark.parametrize("door", ["tcp", "unix"])
@pytest.mark.parametrize("lines", [30, 31, 32, 63])
def test_answers_before_a_quit_arrive_although_more_was_sent(
    attacked: Attacked, door: str, lines: int
) -> None:
    daemon = attacked(session="keep")
    with dial(address_of(daemon, door), receive_bytes=4096) as peer:
        receive_until(peer, GREETING)
        peer.sendall(LINE * lines + b"quit\n" + b"echo late\n" * 100)
        # more comes while the answers wait to be read
        with contextlib.suppress(OSError):
            peer.sendall(b"echo later\n" * 1000)
        assert len(receive_all(peer)) == lines * ANSWER_BYTES


def test_answers_before_a_broken_rule_arrive(attacked: Attacked) -> None:
    daemon = attacked(session="keep")
    with dial(("127.0.0.1", daemon.port), receive_bytes=4096) as peer:
        receive_until(peer, GREETING)
        peer.sendall(LINE * 20 + b"y" * 9000)
        with contextlib.suppress(OSError):
            peer.sendall(b"z" * 20_000)
        assert len(receive_all(peer)) == 20 * ANSWER_BYTES


def test_the_answer_of_a_command_that_reads_a_part_of_its_input_arrives(attacked: Attacked) -> None:
    config = """
[commands.part]
run = ["sh", "-c", "read line; head -c 500000 /dev/zero"]
roles = ["guest"]
input = true
"""
    daemon = attacked(config)
    with dial(("127.0.0.1", daemon.port), receive_bytes=4096) as peer:
        receive_until(peer, GREETING)
        peer.sendall(b"part\nfirst\n")
        with contextlib.suppress(OSError):
            peer.sendall(b"more\n" * 2000)
        assert len(receive_all(peer)) == 500_000


def test_a_peer_of_tls_that_ended_its_half_before_a_refusal_does_not_linger(attacked: Attacked) -> None:
    daemon = attacked(UNPUNISHED)
    # each that lingered would count as one before its login, of which the eleventh may be turned away
    for _ in range(40):
        assert ask(address_of(daemon, "tls"), b"wrong\n", half_close=True) == b"Password?\n"


def test_a_peer_of_tls_that_leaves_at_a_refusal_does_not_linger(attacked: Attacked) -> None:
    daemon = attacked(UNPUNISHED)
    for _ in range(40):
        assert ask(address_of(daemon, "tls"), b"wrong\n") == b"Password?\n"
