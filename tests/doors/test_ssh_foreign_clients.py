"""Clients of SSH that others made, and what they ask for that is not there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from doorward.core.settings import SshProfile
from tests.doors.daemon import UNIX, Daemon, running
from tests.doors.ssh_peers import PASSWORD, SSH, Ssh, make_key, needs_ssh, port_of, users

COMMANDS = """
[commands.both]
run = ["sh", "-c", "echo out; echo err >&2; exit 3"]
[commands.copy]
run = ["cat"]
input = true
"""
UNPUNISHED = '[limits]\nearly_refusals_from = 100\n[limits.penalties]\nexempt = ["127.0.0.0/8"]\n'


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("ssh")
    config = SSH + UNIX + users(make_key(folder)) + COMMANDS + UNPUNISHED
    with running(folder, config) as daemon:
        yield daemon


@pytest.fixture
def ssh(daemon: Daemon, tmp_path: Path) -> Ssh:
    return Ssh(port=port_of(daemon), folder=tmp_path, key=daemon.state.parent / "key")


# Others


def test_paramiko_asks_with_a_password_and_a_key_after_one_that_is_wrong(daemon: Daemon) -> None:
    key = paramiko.Ed25519Key.from_private_key_file(str(daemon.state.parent / "key"))
    for known in (key, paramiko.ECDSAKey.generate()):
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(
                "127.0.0.1",
                port_of(daemon),
                "alice",
                PASSWORD,
                pkey=known,
                allow_agent=False,
                look_for_keys=False,
            )
            stdin, out, err = client.exec_command("both")
            assert (out.read(), err.read(), out.channel.recv_exit_status()) == (b"out\n", b"err\n", 3)
            stdin, out, _ = client.exec_command("copy")
            stdin.write("abc")
            stdin.channel.shutdown_write()
            assert out.read() == b"abc"


@pytest.mark.needs_program("dbclient", package="dropbear-bin")
def test_dropbear_asks(daemon: Daemon, tmp_path: Path) -> None:
    key = tmp_path / "dropbear"
    subprocess.run(
        ["dropbearconvert", "openssh", "dropbear", str(daemon.state.parent / "key"), str(key)],
        check=True,
        capture_output=True,
    )
    words = ["dbclient", "-y", "-y", "-T", "-p", str(port_of(daemon)), "-i", str(key), "alice@127.0.0.1"]
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path)}
    run = subprocess.run(
        [*words, "both"],
        capture_output=True,
        check=False,
        timeout=30,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert (run.returncode, run.stdout) == (3, b"out\n")
    run = subprocess.run(
        [*words, "copy"],
        capture_output=True,
        check=False,
        timeout=30,
        env=environment,
        input=b"abc" * 100_000,
    )
    assert (run.returncode, run.stdout) == (0, b"abc" * 100_000)


@pytest.mark.needs_program("plink", package="putty-tools")
def test_putty_asks(daemon: Daemon, tmp_path: Path) -> None:
    told = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(daemon.state / "ssh_host_ed25519_key.pub")],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    words = ["plink", "-batch", "-ssh", "-P", str(port_of(daemon)), "-hostkey", told[1]]
    run = subprocess.run(
        [*words, "-pwfile", str(secret), "alice@127.0.0.1", "both"],
        capture_output=True,
        check=False,
        timeout=30,
        env={"PATH": "/usr/bin", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
    )
    assert (run.returncode, run.stdout) == (3, b"out\n"), run.stderr


# What is not there


@needs_ssh
def test_files_are_not_copied(ssh: Ssh, daemon: Daemon, tmp_path: Path) -> None:
    sftp = ssh.run(program="sftp")
    assert (sftp.returncode, b"subsystem request failed" in sftp.stderr) == (255, True)
    daemon.audited(event="refusal", asked="the subsystem sftp", reason="not there", who="alice")
    (tmp_path / "file").write_text("x")
    old = replace(ssh, options=("-O",))
    scp = old.run(str(tmp_path / "file"), "alice@127.0.0.1:file", program="scp")
    assert (scp.returncode, b"there is no command 'scp'" in scp.stderr) == (1, True), scp.stderr
    daemon.audited(event="refusal", asked="scp: copying files")


@needs_ssh
@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (("-o", "ForwardAgent=yes"), "the agent"),
        (("-o", "ForwardX11=yes", "-o", "ForwardX11Trusted=yes"), "X11"),
        (("-R", "0:127.0.0.1:22"), "a port to forward"),
        (("-W", "127.0.0.1:22"), "a forwarded port"),
        (("-s",), "the subsystem both"),
    ],
)
def test_what_is_not_there_is_refused_and_written_down(
    ssh: Ssh, daemon: Daemon, tmp_path: Path, options: tuple[str, ...], asked: str
) -> None:
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        words = replace(ssh, options=options).words(*(() if "-W" in options else ("both",)))
        environment = {**ssh.environment, "DISPLAY": "127.0.0.1:99", "SSH_AUTH_SOCK": str(tmp_path / "agent")}
        run = subprocess.run(
            words, env=environment, capture_output=True, check=False, timeout=30, stdin=subprocess.DEVNULL
        )
    finally:
        agent.terminate()
        agent.wait(20)
    # the command is run all the same, where one was asked for
    assert (run.returncode, run.stdout) in {(3, b"out\n"), (255, b"")}
    assert (run.returncode == 3) is (options[0] not in {"-W", "-s"})
    daemon.audited(event="refusal", asked=asked, reason="not there")


@needs_ssh
def test_a_variable_of_the_environment_changes_nothing(ssh: Ssh) -> None:
    run = replace(ssh, options=("-o", "SetEnv=LC_ALL=x LANG=y")).run("both")
    assert (run.returncode, run.stdout) == (3, b"out\n")


# Algorithms


@pytest.mark.parametrize("profile", SshProfile)
def test_ssh_audit_finds_nothing_that_is_not_sound(tmp_path: Path, profile: SshProfile) -> None:
    with running(tmp_path, f'{SSH}profile = "{profile.value}"\n' + users() + UNPUNISHED) as daemon:
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("ssh-audit")),
                "-j",
                "--skip-rate-test",
                "-p",
                str(port_of(daemon)),
                "127.0.0.1",
            ],
            capture_output=True,
            check=False,
            timeout=50,
        )
    report = json.loads(run.stdout)
    notes = {
        kind: [
            (each["algorithm"], note)
            for group in ("kex", "key", "enc", "mac")
            for each in report[group]
            for note in each["notes"].get(kind, ())
        ]
        for kind in ("fail", "warn")
    }
    assert notes["fail"] == []
    assert report["cves"] == []
    if profile is SshProfile.STRICT:
        assert notes["warn"] == []
    else:
        # what Debian 12's own client needs
        assert {name for name, _ in notes["warn"]} == {"curve25519-sha256", "curve25519-sha256@libssh.org"}


@needs_ssh
def test_a_client_without_a_sound_key_exchange_is_told_so_in_strict(tmp_path: Path) -> None:
    with running(tmp_path, f'{SSH}profile = "strict"\n' + users() + UNPUNISHED) as daemon:
        classic = ("-o", "KexAlgorithms=curve25519-sha256", "-o", "LogLevel=INFO")
        run = Ssh(port=port_of(daemon), folder=tmp_path, options=classic).run("whoami")
        assert (run.returncode, b"no matching key exchange" in run.stderr) == (255, True), run.stderr
