"""The ssh door over reloads and at the end of its daemon."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors.daemon import UNIX, Daemon, config_file, running
from tests.doors.ssh_peers import SSH, Ssh, make_key, needs_ssh, port_of, users

pytestmark = needs_ssh

COMMANDS = """
[commands.brief]
run = ["sh", "-c", "echo begun; sleep 1; echo done"]
[commands.hold]
run = ["sh", "-c", "echo begun; exec sleep 1000"]
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path, SSH + UNIX + users(make_key(tmp_path)) + COMMANDS) as daemon:
        yield daemon


@pytest.fixture
def ssh(daemon: Daemon, tmp_path: Path) -> Ssh:
    return Ssh(port=port_of(daemon), folder=tmp_path, key=tmp_path / "key")


def test_at_the_end_a_command_is_answered_and_whoever_asks_nothing_is_told(daemon: Daemon, ssh: Ssh) -> None:
    idle = replace(ssh, options=("-N", "-v", "-o", "LogLevel=VERBOSE")).start()
    daemon.audited(event="login", visitor=1)
    busy = ssh.start("brief")
    assert busy.stdout is not None
    assert busy.stdout.readline() == b"begun\n"
    daemon.signal(signal.SIGTERM)
    out, err = busy.communicate(timeout=20)
    assert (busy.returncode, out, err) == (0, b"done\n", b"")
    _, told = idle.communicate(timeout=20)
    assert idle.returncode == 255
    assert b"the daemon stops" in told
    assert daemon.wait() == 0


def test_a_second_signal_ends_what_does_not_end(daemon: Daemon, ssh: Ssh) -> None:
    busy = ssh.start("hold")
    assert busy.stdout is not None
    assert busy.stdout.readline() == b"begun\n"
    daemon.signal(signal.SIGTERM)
    time.sleep(0.3)  # two that come at once are one
    daemon.signal(signal.SIGTERM)
    out, _ = busy.communicate(timeout=20)
    assert (busy.returncode, out) in {(128 + signal.SIGTERM, b""), (255, b"")}
    assert daemon.wait() == 0


def test_a_reload_changes_what_is_asked_next_and_ends_nothing(
    daemon: Daemon, ssh: Ssh, tmp_path: Path
) -> None:
    path = tmp_path / "m"
    master = replace(ssh, options=("-o", f"ControlPath={path}", "-o", "ControlMaster=yes")).start("brief")
    assert master.stdout is not None
    assert master.stdout.readline() == b"begun\n"
    file = config_file(daemon.state)
    banner = SSH + 'banner = "Renewed"\npasswords = false\n'
    file.write_text(file.read_text().replace(SSH, banner) + '[commands.fresh]\nrun = ["echo", "fresh"]\n')
    daemon.signal(signal.SIGHUP)
    daemon.audited(event="reload")
    through = replace(ssh, options=("-o", f"ControlPath={path}"))
    assert through.run("fresh").stdout == b"fresh\n"
    out, _ = master.communicate(timeout=20)
    assert (master.returncode, out) == (0, b"done\n")
    renewed = replace(ssh, key=None, options=("-o", "LogLevel=INFO")).run("fresh")
    assert (renewed.returncode, b"Renewed" in renewed.stderr) == (255, True)
    assert b"Permission denied (publickey)" in renewed.stderr


def test_a_host_key_that_cannot_be_used_keeps_the_old(daemon: Daemon, ssh: Ssh) -> None:
    (daemon.state / "ssh_host_ed25519_key").chmod(0o644)
    daemon.signal(signal.SIGHUP)
    assert ssh.run("echo 1").stdout == b"1\n"
    (ssh.folder / "other").mkdir()
    with (
        pytest.raises(AssertionError, match="others can get at the private key"),
        running(ssh.folder / "other", f'{SSH}host_key = "{daemon.state}/ssh_host_ed25519_key"\n'),
    ):
        pass
