"""A client killed in mid-command: its command ends after the lingering, and not before."""

import subprocess
import sys
import time

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.daemon import is_alive, wait_for_death
from tests.doors.peers import frames

LINGER_SECONDS = 1.0
CONFIG = f"""
[commands.hold]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
linger_seconds = {LINGER_SECONDS}
roles = ["guest"]
[commands.talk]
run = ["sh", "-c", "echo $$; while :; do echo x; sleep 0.05; done"]
linger_seconds = {LINGER_SECONDS}
roles = ["guest"]
[commands.detached]
run = ["sh", "-c", "echo $$; sleep 1; echo over"]
detach = true
linger_seconds = 0
roles = ["guest"]
"""
CLIENT = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
while True:
    sys.stdout.buffer.write(peer.recv(65536))
    sys.stdout.flush()
"""


def killed_client(path: str, sent: str) -> int:
    """Have a client of its own process killed when the command has told its pid; that pid."""
    with subprocess.Popen([sys.executable, "-c", CLIENT, path, sent], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        try:
            while not (line := client.stdout.readline()).strip().isdigit():
                assert line
        finally:
            client.kill()
    return int(line)


@pytest.mark.parametrize("sent", ["doorward/1\\nline 4\\nhold", "talk\\n"])
def test_its_command_lingers_and_ends(attacked: Attacked, sent: str) -> None:
    daemon = attacked(CONFIG)
    pid = killed_client(daemon.socket_path, sent)
    began_at = time.monotonic()
    assert is_alive(pid)
    wait_for_death(pid)
    assert LINGER_SECONDS - 0.2 <= time.monotonic() - began_at < LINGER_SECONDS + 3
    ended = daemon.audited(event="end")
    assert ended["outcome"] == "cancelled"


def test_who_comes_back_in_time_finds_it_alive(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    pid = killed_client(daemon.socket_path, "doorward/1\\nline 4\\nhold")
    with frames(daemon.socket_path) as peer:
        peer.begin("attach 1")
        assert int(peer.first_line()) == pid
        peer.socket.sendall(peer.session.cancel())
        peer.end()
    wait_for_death(pid)


def test_a_detached_one_goes_on_to_its_end(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    killed_client(daemon.socket_path, "doorward/1\\nline 8\\ndetached")
    assert daemon.audited(event="end")["exit_status"] == 0
    with frames(daemon.socket_path) as peer:
        assert peer.ask("attach 1").is_success
        assert peer.out.endswith(b"over\n")
