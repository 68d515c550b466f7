"""An output without end for a reader that does not read: bounded memory, an end, no harm to others."""

import time

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.daemon import until
from tests.doors.peers import (
    GREETING,
    address_of,
    answer,
    dial,
    enter,
    receive_until,
    status,
    wait_for_reset,
)

MIB = 1024 * 1024
CONFIG = """
[limits]
stalled_write_seconds = 1.0
linger_seconds = 0.2
output_bytes = 67108864
[commands.flood]
run = ["yes"]
roles = ["guest"]
[commands.cut]
run = ["yes"]
roles = ["guest"]
output_bytes = 4194304
timeout_seconds = 1
"""


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_the_reader_is_ended_and_memory_stays(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    answer(daemon.socket_path, "uptime")
    before_bytes = daemon.forget_peak_memory()
    with dial(address_of(daemon, door), receive_bytes=65_536) as peer:
        receive_until(peer, GREETING)
        peer.sendall(b"cut\n")
        slowest_seconds = 0.0
        for _ in range(20):
            began_at = time.monotonic()
            assert answer(daemon.socket_path, "echo other") == b"other\n"
            slowest_seconds = max(slowest_seconds, time.monotonic() - began_at)
        wait_for_reset(peer)
    assert slowest_seconds < 1.0
    until(lambda: status(daemon)["runs"]["live"] == 0, "the end of the run")
    assert daemon.memory_bytes("VmHWM") - before_bytes < 20 * MIB


def test_a_reader_of_tls_that_does_not_read_is_ended_and_memory_stays(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    answer(daemon.socket_path, "uptime")
    before_bytes = daemon.forget_peak_memory()
    # what carries its bytes through TLS holds as little as its kernel, and stops reading with it
    with enter(daemon, "tls", receive_bytes=65_536) as peer:
        receive_until(peer, GREETING)
        peer.sendall(b"cut\n")
        until(lambda: status(daemon)["connections"] == 2, "both of us")
        until(lambda: status(daemon)["connections"] == 1, "the end of the reader")
        until(lambda: status(daemon)["runs"]["live"] == 0, "the end of the run")
    assert daemon.memory_bytes("VmHWM") - before_bytes < 20 * MIB


def test_the_default_limit_keeps_memory_below_20_mb(attacked: Attacked) -> None:
    daemon = attacked('[commands.flood]\nrun = ["yes"]\nroles = ["guest"]\ntimeout_seconds = 1\n')
    answer(daemon.socket_path, "uptime")
    before_bytes = daemon.forget_peak_memory()
    peers = [dial(("127.0.0.1", daemon.port), receive_bytes=65_536) for _ in range(4)]
    try:
        for peer in peers:
            peer.sendall(b"flood\n")
        until(lambda: sum(line["event"] == "end" for line in daemon.audit()) >= 4, "the end of the runs")
    finally:
        for peer in peers:
            peer.close()
    assert daemon.memory_bytes("VmHWM") - before_bytes < 20 * MIB
