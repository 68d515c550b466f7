"""Who does not read what they asked for can still cancel it."""

import fcntl
import socket
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.doors.daemon import BOUND_SECONDS, TCP, UNIX, running
from tests.doors.peers import FramePeer, address_of, dial

CONFIG = f"""
{TCP}{UNIX}
[limits]
write_buffer_bytes = 1024
linger_seconds = 600
[commands.flood]
run = ["yes"]
roles = ["guest"]
output_bytes = 16777216
timeout_seconds = 600
"""


def unread_bytes(peer: socket.socket) -> int:
    return int.from_bytes(fcntl.ioctl(peer.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def wait_until_stalled(peer: socket.socket) -> None:
    """Wait until no more comes, since neither the kernel nor the daemon holds more for this peer."""
    end_at, still = time.monotonic() + BOUND_SECONDS, 0
    before = -1
    while still < 20 and time.monotonic() < end_at:
        now = unread_bytes(peer)
        still = still + 1 if now == before and now > 0 else 0
        before = now
        time.sleep(0.01)
    assert still == 20


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_the_run_ends_as_cancelled_and_nothing_was_read(tmp_path: Path, door: str) -> None:
    with running(tmp_path, CONFIG) as daemon, dial(address_of(daemon, door), receive_bytes=4096) as peer:
        asker = FramePeer(peer)
        asker.begin("flood")
        asker.started()
        wait_until_stalled(peer)
        peer.sendall(asker.session.cancel())
        ended = daemon.audited(event="end", run=asker.number)
        assert ended["outcome"] == "cancelled"
