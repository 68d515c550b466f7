"""SIGTERM in the middle of commands: those who read get all of it, and the daemon ends with 0."""

import signal
import socket
import subprocess
import time

import pytest

from doorward.core.outcome import Outcome, OutcomeKind
from tests.attacks.conftest import Attacked
from tests.doors.daemon import processes_below, until, wait_for_death
from tests.doors.peers import GREETING, address_of, dial, frames, receive_all, receive_until

SIZE_BYTES = 16_000_000
CONFIG = f"""
[limits]
grace_seconds = 0.3
linger_seconds = 0.3
[commands.brief]
run = ["sh", "-c", "echo begun; sleep 1; echo over; exit 3"]
roles = ["guest"]
[commands.large]
run = ["head", "-c", "{SIZE_BYTES}", "/dev/zero"]
roles = ["guest"]
output_bytes = {SIZE_BYTES}
[commands.hold]
run = ["sh", "-c", "echo begun; exec sleep 1000"]
roles = ["guest"]
"""


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_a_reader_of_text_gets_the_rest_and_the_status(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    with dial(address_of(daemon, door)) as peer:
        peer.sendall(b"brief\n")
        receive_until(peer, GREETING + b"begun\n")
        daemon.signal(signal.SIGTERM)
        assert receive_all(peer) == b"over\nexit status 3\n"
    assert daemon.wait() == 0


def test_a_reader_of_frames_gets_the_rest_and_the_status(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(("127.0.0.1", daemon.port)) as peer:
        peer.begin("brief")
        peer.first_line()
        daemon.signal(signal.SIGTERM)
        assert peer.end() == Outcome(OutcomeKind.EXITED, status=3)
        assert peer.out == b"begun\nover\n"
    assert daemon.wait() == 0


def test_a_slow_reader_gets_all_that_the_command_wrote(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with dial(("127.0.0.1", daemon.port), receive_bytes=65_536) as peer:
        receive_until(peer, GREETING)
        peer.sendall(b"large\n")
        daemon.audited(event="end", command="large")
        daemon.signal(signal.SIGTERM)
        until(lambda: "stopping" in daemon.log, "the drain")
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.process.wait(0.5)  # it waits for the reader
        received_bytes = len(receive_all(peer))
    assert received_bytes == SIZE_BYTES
    assert daemon.wait() == 0
    assert "Traceback" not in daemon.log


def test_nobody_new_is_let_in_meanwhile(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(("127.0.0.1", daemon.port)) as peer:
        peer.begin("brief")
        peer.first_line()
        daemon.signal(signal.SIGTERM)
        until(lambda: not (daemon.state / "doors.json").exists(), "the end of doors.json")
        until(lambda: is_refused(daemon.port), "the end of the listener", seconds=0.5)
        peer.end()
    assert daemon.wait() == 0


def is_refused(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as peer:
            return not peer.recv(1)
    except ConnectionError:
        return True


def test_a_second_signal_hurries(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(("127.0.0.1", daemon.port)) as peer:
        peer.begin("hold")
        peer.first_line()
        below = processes_below(daemon.pid)
        daemon.signal(signal.SIGTERM)
        until(lambda: "stopping" in daemon.log, "the drain")
        assert daemon.process.poll() is None
        began_at = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert peer.end().kind is OutcomeKind.CANCELLED
        assert daemon.wait() == 0
    assert time.monotonic() - began_at < 5
    wait_for_death(*below)


def test_a_run_that_nobody_reads_does_not_hold_up_the_end(attacked: Attacked) -> None:
    daemon = attacked(CONFIG + "linger_seconds = 60\n")
    with frames(("127.0.0.1", daemon.port)) as peer:
        peer.begin("hold")
        peer.first_line()
    began_at = time.monotonic()
    until(lambda: _is_unread(daemon.socket_path), "the reader's leaving")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert time.monotonic() - began_at < 10


def _is_unread(path: str) -> bool:
    with frames(path) as peer:
        peer.ask("status form=json")
        return b'"connections":1,' in peer.out.replace(b" ", b"")
