"""`doorward ask --at ssh://...` at OpenSSH's own server, as a shell sees it."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.test_ask import finish, read_until
from tests.clients.ssh.sshd import Sshd, needs_sshd, sshd_running
from tests.daemon import ANSWER_SECONDS, Shell
from tests.doors.ssh_peers import make_key, needs_ssh, public_line, sign

pytestmark = [needs_sshd, needs_ssh]


@pytest.fixture
def sshd(tmp_path: Path, shell: Shell) -> Iterator[Sshd]:
    folder = tmp_path / "sshd"
    folder.mkdir()
    with sshd_running(folder, shell) as server:
        yield server


@pytest.mark.parametrize("status", [0, 3, 255])
def test_output_and_exit_status_are_the_commands_own(sshd: Sshd, status: int) -> None:
    run = sshd.shell.run("ask", "--at", sshd.url, "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (run.returncode, run.stdout, run.stderr) == (status, "out\n", "err\n")


def test_a_death_by_a_signal_is_told(sshd: Sshd) -> None:
    run = sshd.shell.run("ask", "--at", sshd.url, "sh", "-c", "exec kill -9 $$")
    assert (run.returncode, run.stderr) == (137, "doorward: killed by signal 9\n")


def test_words_reach_the_program_as_they_were_typed(sshd: Sshd) -> None:
    words = ["a  b", "it's", "", "$HOME", "*", "`id`", ";ls", 'say "x"', "é"]
    run = sshd.shell.run("ask", "--at", sshd.url, "printf", "%s\\n", *words)
    assert run.stdout.splitlines() == words


def test_much_output_comes_whole_and_stdin_goes_whole(sshd: Sshd) -> None:
    source = "import sys; sys.stdout.buffer.write(bytes(range(256)) * (80 * 4096))"
    data = bytes(range(256)) * (80 * 4096)
    out = subprocess.run(
        sshd.shell.words("ask", "--at", sshd.url, sys.executable, "-c", source),
        env=dict(sshd.shell.environment),
        check=True,
        capture_output=True,
        timeout=ANSWER_SECONDS * 2,
    ).stdout
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()
    there = subprocess.run(
        sshd.shell.words("ask", "--at", sshd.url, "sha256sum"),
        env=dict(sshd.shell.environment),
        check=True,
        capture_output=True,
        input=data,
        timeout=ANSWER_SECONDS * 2,
    ).stdout
    assert there.decode().split()[0] == hashlib.sha256(data).hexdigest()


def test_a_file_as_stdin_is_sent_and_ends(sshd: Sshd, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"x" * 300_000)
    with file.open("rb") as opened:
        run = subprocess.run(
            sshd.shell.words("ask", "--at", sshd.url, "wc", "-c"),
            env=dict(sshd.shell.environment),
            check=True,
            capture_output=True,
            stdin=opened,
            timeout=ANSWER_SECONDS,
        )
    assert run.stdout.strip() == b"300000"


def test_where_signals_are_not_passed_on_ctrl_c_hangs_up_after_a_while(tmp_path: Path, shell: Shell) -> None:
    folder = tmp_path / "sshd"
    folder.mkdir()
    with sshd_running(folder, shell, "ForceCommand echo begun; exec sleep 20") as server:
        process = server.shell.start("ask", "--at", server.url, "wait")
        read_until(process, b"begun\n")
        process.send_signal(signal.SIGINT)
        status, _, said = finish(process)
    assert status == 125
    assert b"did not end within 5 s. It may go on there." in said


def test_a_second_ctrl_c_leaves_at_once(sshd: Sshd) -> None:
    process = sshd.shell.start("ask", "--at", sshd.url, "sh", "-c", "trap '' INT; echo begun; sleep 20")
    read_until(process, b"begun\n")
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
    assert finish(process)[0] == 130


def test_json_has_the_streams_apart_and_no_run(sshd: Sshd) -> None:
    run = sshd.shell.run("ask", "--json", "--at", sshd.url, "sh", "-c", "echo out; echo err >&2; exit 3")
    answer = json.loads(run.stdout)
    assert (answer["stdout"], answer["stderr"], answer["exit_status"]) == ("out\n", "err\n", 3)
    assert answer["run"] is None


def test_a_certificate_of_the_host_is_believed_for_its_authority(tmp_path: Path, shell: Shell) -> None:
    folder = tmp_path / "sshd"
    folder.mkdir()
    authority = make_key(folder, "authority")
    certified = make_key(folder, "certified")
    sign(authority, certified, "-h", "-n", "127.0.0.1")
    options = (f"HostKey {certified}", f"HostCertificate {certified}-cert.pub")
    with sshd_running(folder, shell, *options) as server:
        known = f"@cert-authority [127.0.0.1]:* {public_line(authority)}\n"
        (server.folder / "known_hosts").write_text(known)
        assert server.shell.run("ask", "--at", server.url, "echo", "hi").stdout == "hi\n"
        (server.folder / "known_hosts").write_text(known.replace("@cert-authority", "@revoked"))
        assert server.shell.run("ask", "--at", server.url, "echo", "hi").returncode == 125


def test_a_forced_command_is_what_is_answered(tmp_path: Path, shell: Shell) -> None:
    folder = tmp_path / "sshd"
    folder.mkdir()
    with sshd_running(folder, shell, "ForceCommand echo forced: $SSH_ORIGINAL_COMMAND") as server:
        assert server.shell.run("ask", "--at", server.url, "df").stdout == "forced: df\n"
