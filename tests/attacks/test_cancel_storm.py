"""Thousands of questions each taken back at once: every one is answered, and no stack grows."""

import socket

from tests.attacks.conftest import Attacked
from tests.doors.peers import dial, frames, receive_until, status

PAIRS = 3000
CONFIG = """
[limits]
runs_of_guests = 1
[commands.hold]
run = ["sleep", "1000"]
roles = ["guest"]
[commands.b]
run = ["true"]
roles = ["guest"]
"""


def ends_heard(peer: socket.socket, wanted: int) -> int:
    data = b""
    peer.settimeout(20)
    while data.count(b"end ") < wanted and (more := peer.recv(1 << 20)):
        data += more
    return data.count(b"end ")


def test_each_that_waits_for_a_place_is_cancelled_and_told_so(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    address = ("127.0.0.1", daemon.port)
    with frames(address) as holder:
        holder.begin("hold")
        holder.started()
        with dial(address) as peer:
            peer.sendall(b"doorward/1\n" + b"line 1\nbcancel 0\n" * PAIRS)
            assert ends_heard(peer, PAIRS) == PAIRS
    assert "RecursionError" not in daemon.log
    assert status(daemon)["runs"]["waiting"] == 0


def test_frames_that_mean_nothing_hold_up_nobody(attacked: Attacked) -> None:
    daemon = attacked()
    address = ("127.0.0.1", daemon.port)
    with dial(address) as peer, frames(address) as other:
        peer.sendall(b"doorward/1\n")
        receive_until(peer, b"ready 0\n")
        peer.sendall(b"in 0\n" * 100_000 + b"line 6\necho x")
        for _ in range(20):
            assert other.ask("echo y").is_success
        assert ends_heard(peer, 1) == 1


def test_who_leaves_a_quiet_command_on_the_unix_socket_is_missed(attacked: Attacked) -> None:
    daemon = attacked('[limits]\nlinger_seconds = 0.1\n[commands.quiet]\nrun = ["sleep", "1000"]\n')
    with dial(daemon.socket_path) as peer:
        peer.sendall(b"quiet\n")
        daemon.audited(event="run", command="quiet")
    assert daemon.audited(event="end", command="quiet")["outcome"] == "cancelled"


def test_who_only_ends_their_side_of_it_is_answered(attacked: Attacked) -> None:
    daemon = attacked(
        '[limits]\nlinger_seconds = 0.1\n[commands.late]\nrun = ["sh", "-c", "sleep 0.5; echo late"]\n'
    )
    with dial(daemon.socket_path) as peer:
        peer.sendall(b"late\n")
        peer.shutdown(socket.SHUT_WR)
        receive_until(peer, b"late\n")
