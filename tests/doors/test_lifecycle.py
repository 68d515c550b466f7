"""The daemon from its start to its end, as others see it: its doors.json, its lock, its signals."""

import json
import os
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.daemon import TCP, UNIX, running, start, until, wait_until_open
from tests.doors.peers import GREETING, answer, ask, dial, receive_until


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="doorward-") as path:
        Path(path).chmod(0o755)
        yield Path(path)


def test_doors_json_is_there_when_all_doors_are_open_and_gone_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "state" / "doors.json"
    daemon = start(tmp_path / "state", TCP + UNIX)
    try:
        found = until(lambda: file.exists() and json.loads(file.read_text()), "doors.json")
        # whoever reads the file may connect to all that it names
        for door, addresses in found.items():
            for address in addresses:
                host, _, port = address.rpartition(":")
                assert ask(address if door == "unix" else (host, int(port)), b"quit\n") == GREETING
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        wait_until_open(daemon)
        assert found == daemon.doors
    finally:
        assert daemon.stop() == 0
        assert daemon.process.stdout is not None
        daemon.process.stdout.close()
    assert not file.exists()
    assert not Path(daemon.socket_path).exists()


def test_a_second_daemon_on_one_state_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        second = start(tmp_path / "state", TCP + UNIX)
        with second.process:
            assert second.wait() != 0
        assert "StateTaken" in first.log
        assert f"in use by process {first.pid}" in first.log
        assert answer(("127.0.0.1", first.port), "echo 1") == b"1\n"
        assert answer(first.socket_path, "echo 1") == b"1\n"
        assert (tmp_path / "state" / "doors.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_log_names_the_signal_that_stopped_it(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as daemon:
        daemon.signal(number)
        assert daemon.wait() == 0
        assert f"stopping on {number.name}; " in daemon.log


def test_what_a_killed_daemon_left_holds_up_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.signal(signal.SIGKILL)
        first.wait()
        assert (tmp_path / "state" / "doors.json").exists()
        assert Path(first.socket_path).exists()
    with running(tmp_path) as second:
        assert answer(second.socket_path, "echo 1") == b"1\n"


def test_hangup_does_not_end_it_nor_its_connections(tmp_path: Path) -> None:
    with running(tmp_path) as daemon, dial(("127.0.0.1", daemon.port)) as peer:
        receive_until(peer, GREETING)
        for _ in range(3):
            daemon.signal(signal.SIGHUP)
            daemon.audited(event="reload")
        peer.sendall(b"echo still here\n")
        assert receive_until(peer, b"\n") == b"still here\n"
        assert daemon.process.poll() is None


def test_the_default_moves_from_a_taken_port_and_says_so(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", 7022))
            holder.listen()
        except OSError:
            holder.close()  # somebody else holds it, which is as good
        environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
        with running(tmp_path, None, environment=environment) as daemon:
            assert daemon.port != 7022
            assert any("127.0.0.1:7022 is taken" in notice for notice in daemon.notices)
            assert answer(("127.0.0.1", daemon.port), "echo 1") == b"1\n"


def test_a_taken_port_of_a_configuration_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        config = f'[doors.tcp]\nlisten = ["127.0.0.1:{port}"]\n[doors.unix]\n'
        daemon = start(tmp_path / "state", config)
        with daemon.process:
            assert daemon.wait() != 0
    assert "ListenError" in daemon.log
    assert "door tcp" in daemon.log
    assert f"127.0.0.1:{port}" in daemon.log
    assert f"(pid {os.getpid()})" in daemon.log
    assert not (tmp_path / "state" / "doors.json").exists()


@pytest.mark.parametrize(
    ("listen", "complaint"),
    [("127.0.0.1:0", ""), ("[::1]:0", ""), ("0.0.0.0:0", "loopback only"), ("[::]:0", "loopback only")],
)
def test_the_tcp_door_opens_on_loopback_only(tmp_path: Path, listen: str, complaint: str) -> None:
    daemon = start(tmp_path / "state", f'[doors.tcp]\nlisten = ["{listen}"]\n')
    with daemon.process:
        if complaint:
            assert daemon.wait() != 0
            assert complaint in daemon.log
        else:
            wait_until_open(daemon)
            assert daemon.stop() == 0


def test_too_long_a_state_path_is_an_error_that_says_so(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 110)
    folder.mkdir()
    daemon = start(folder / "state", UNIX)
    with daemon.process:
        assert daemon.wait() != 0
    assert "the path of the unix socket has" in daemon.log
    assert "at most 107" in daemon.log
