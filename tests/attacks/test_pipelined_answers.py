"""Thousands of lines in one packet whose answers are large take no memory, and no time of the others."""

import time

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.daemon import BOUND_SECONDS
from tests.doors.peers import GREETING, answer, ask, dial, receive_until

MIB = 1024 * 1024
CONFIG = """
[limits]
stalled_write_seconds = 2.0
[commands.large]
run = ["head", "-c", "1000000", "/dev/zero"]
roles = ["guest"]
read_only = true
fresh_seconds = 60
"""


@pytest.mark.parametrize("line", [b"help\n", b"large\n", b"nonsense\n", b"\x01" * 4000 + b"\n"])
def test_a_peer_that_asks_and_never_reads_costs_little(attacked: Attacked, line: bytes) -> None:
    daemon = attacked(CONFIG, session="keep")
    ask(("127.0.0.1", daemon.port), line, half_close=True)
    before_bytes = daemon.forget_peak_memory()
    with dial(("127.0.0.1", daemon.port), receive_bytes=65_536) as peer:
        receive_until(peer, GREETING)
        peer.setblocking(False)
        try:
            while peer.send(line * (200_000 // len(line))):
                pass
        except BlockingIOError:
            pass  # the daemon reads no more of it
        for _ in range(20):
            assert answer(daemon.socket_path, "echo other\nquit").startswith(b"other\n")
        assert daemon.memory_bytes("VmHWM") - before_bytes < 20 * MIB


def test_the_others_wait_for_none_of_them(attacked: Attacked) -> None:
    daemon = attacked(CONFIG, session="keep")
    with dial(("127.0.0.1", daemon.port)) as greedy, dial(("127.0.0.1", daemon.port)) as other:
        receive_until(greedy, GREETING)
        receive_until(other, GREETING)
        lines = 100_000
        greedy.sendall(b"echo\n" * lines + b"quit\n")
        slowest_seconds, answers = 0.0, 0
        while answers < 10:
            began_at = time.monotonic()
            other.sendall(b"echo 1\n")
            receive_until(other, b"1\n" + GREETING)
            slowest_seconds = max(slowest_seconds, time.monotonic() - began_at)
            answers += 1
        heard_bytes, end_at = 0, time.monotonic() + 3 * BOUND_SECONDS
        while data := greedy.recv(1 << 20):
            heard_bytes += len(data)
            assert time.monotonic() < end_at
    assert heard_bytes == lines * (1 + len(GREETING))
    # all of them in one turn take longer than this on any machine
    assert slowest_seconds < 1
