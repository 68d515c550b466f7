"""Who comes in at the ssh door: by passwords, keys with their options, certificates, an agent."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors.daemon import UNIX, config_file, running
from tests.doors.ssh_peers import PASSWORD, SSH, Ssh, make_key, needs_ssh, port_of, public_line, sign, users

pytestmark = needs_ssh

PATIENT = "[limits.penalties]\nexempt = ['127.0.0.1']\n"


def is_let_in(ssh: Ssh) -> bool:
    run = ssh.run("whoami")
    if run.returncode == 0:
        return True
    assert (run.returncode, b"Permission denied" in run.stderr) == (255, True), run.stderr
    return False


def test_a_password_lets_in_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    with running(tmp_path, SSH + PATIENT + users()) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path)
        assert is_let_in(ssh)
        for wrong in (replace(ssh, password="wrong"), replace(ssh, user="nobody"), replace(ssh, password="")):
            assert not is_let_in(wrong)
        assert daemon.audited(event="login")["how"] == "password"
        assert daemon.audited(event="refusal", tried="nobody")["reason"] == "wrong name or password"


def test_where_passwords_are_off_none_lets_in(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with running(tmp_path, SSH + "passwords = false\n" + PATIENT + users(key)) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path)
        run = ssh.run("whoami")
        assert (run.returncode, b"Permission denied (publickey)" in run.stderr) == (255, True)
        assert is_let_in(replace(ssh, key=key))


@pytest.mark.parametrize(
    ("kind", "bits", "lets_in"),
    [
        ("ed25519", 0, True),
        ("ecdsa", 256, True),
        ("ecdsa", 521, True),
        ("rsa", 2048, True),
        ("rsa", 1024, False),
    ],
)
def test_a_key_of_a_sound_kind_lets_in(tmp_path: Path, kind: str, bits: int, *, lets_in: bool) -> None:
    key = make_key(tmp_path, kind=kind, bits=bits)
    with running(tmp_path, SSH + PATIENT + users(key)) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key, options=("-o", "RequiredRSASize=1024"))
        assert is_let_in(ssh) is lets_in
        assert not is_let_in(replace(ssh, user="nobody"))
        assert not is_let_in(replace(ssh, key=make_key(tmp_path, "other")))


def test_an_agent_s_key_lets_in(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with running(tmp_path, SSH + PATIENT + users(key)) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, options=("-o", "PasswordAuthentication=no"))
        ssh = replace(ssh, login=("-o", "BatchMode=yes"))
        script = 'ssh-add -q "$0" && exec "$@"'
        run = subprocess.run(
            ["ssh-agent", "sh", "-c", script, str(key), *ssh.words("whoami")],
            capture_output=True,
            env={**ssh.environment, "SSH_ASKPASS_REQUIRE": "never"},
            timeout=30,
            check=False,
        )
        assert b"you are alice" in run.stdout, run.stderr


def test_a_removed_key_s_session_ends_at_once(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with running(tmp_path, SSH + UNIX + PATIENT + users(key)) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key)
        client = ssh.start("-N")
        daemon.audited(event="login", who="alice")
        config_file(daemon.state).write_text(SSH + UNIX + PATIENT + users())
        daemon.signal(1)
        _, told = client.communicate(timeout=20)
        assert client.returncode == 255
        assert b"user was removed or changed" in told or b"closed by remote host" in told
        assert not is_let_in(ssh)


# Files of keys


def authorized(folder: Path, text: str, *, name: str = "alice", mode: int = 0o600) -> str:
    (folder / "keys").mkdir(exist_ok=True)
    path = folder / "keys" / name
    path.write_text(text)
    path.chmod(mode)
    return f'authorized_keys = "{folder}/keys/{{user}}"\n'


@pytest.mark.parametrize(
    ("options", "lets_in"),
    [
        ("", True),
        ("restrict ", True),
        ('from="127.0.0.1" ', True),
        ('from="10.0.0.0/8,127.*" ', True),
        ('from="192.0.2.0/24" ', False),
        ('from="127.0.0.0/8,!127.0.0.1" ', False),
        ('expiry-time="20990101" ', True),
        ('expiry-time="20200101Z" ', False),
        ('environment="A=b" ', False),
        ('permitopen="a:1" ', False),
        ("verify-required ", False),
        ("nonsense ", False),
        ("cert-authority ", False),
    ],
)
def test_an_option_is_honoured_or_the_key_refused(tmp_path: Path, options: str, *, lets_in: bool) -> None:
    key = make_key(tmp_path)
    table = authorized(tmp_path, f"# mine\n\n{options}{public_line(key)}\n")
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        assert is_let_in(Ssh(port=port_of(daemon), folder=tmp_path, key=key)) is lets_in
        known = not re.match("environment|permitopen|verify|nonsense", options)
        assert bool(daemon.notices) is not known


def test_a_forced_command_is_all_that_its_key_may_ask_for(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    table = authorized(tmp_path, f'command="echo \\"only  this\\"" {public_line(key)}\n')
    with running(tmp_path, SSH + table + PATIENT + users(roles="admin")) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key)
        assert ssh.run("uptime").stdout == b"only  this\n"
        assert ssh.run(stdin=b"uptime\n").stdout == b"only  this\n"
        assert ssh.run("-tt", stdin=b"uptime\r").stdout == b"only  this\r\n"


def test_a_key_without_a_terminal_gets_none(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    table = authorized(tmp_path, f"no-pty {public_line(key)}\n")
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key, options=("-tt",))
        assert b"PTY allocation request failed" in ssh.run("echo", "1").stderr
        assert replace(ssh, options=()).run("echo", "1").stdout == b"1\n"


def test_a_file_that_others_can_write_lets_nobody_in(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    table = authorized(tmp_path, public_line(key) + "\n", mode=0o666)
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        assert not is_let_in(Ssh(port=port_of(daemon), folder=tmp_path, key=key))
        assert any("others can write it" in notice for notice in daemon.notices)


# Certificates


@pytest.mark.parametrize(
    ("words", "lets_in"),
    [
        (("-n", "alice"), True),
        (("-n", "bob,alice"), True),
        (("-n", "bob"), False),
        ((), False),
        (("-n", "alice", "-V", "-2d:-1d"), False),
        (("-n", "alice", "-V", "+1d:+2d"), False),
        (("-n", "alice", "-O", "source-address=127.0.0.0/8"), True),
        (("-n", "alice", "-O", "source-address=192.0.2.0/24"), False),
        (("-n", "alice", "-h"), False),
        (("-n", "alice", "-O", "critical:unheard-of=1"), False),
    ],
)
def test_a_certificate_lets_in_whom_it_names_when_and_where_it_says(
    tmp_path: Path, words: tuple[str, ...], *, lets_in: bool
) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path)
    sign(authority, key, *words)
    table = f'authorities = ["{public_line(authority)}"]\n'
    with running(tmp_path, SSH + table + PATIENT + users() + users(name="bob")) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key)
        assert is_let_in(ssh) is lets_in
        if lets_in:
            login = daemon.audited(event="login", who="alice")
            assert (login["how"], login["shown"]) == ("certificate", "a test (serial 0)")


def test_a_certificate_of_somebody_else_s_authority_lets_nobody_in(tmp_path: Path) -> None:
    trusted, other, key = (make_key(tmp_path, name) for name in ("ca", "other", "key"))
    sign(other, key, "-n", "alice")
    table = f'authorities = ["{public_line(trusted)}"]\n'
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        assert not is_let_in(Ssh(port=port_of(daemon), folder=tmp_path, key=key))


def test_a_removed_authority_s_sessions_end_at_once(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path)
    sign(authority, key, "-n", "alice")
    table = f'authorities = ["{public_line(authority)}"]\n'
    with running(tmp_path, SSH + table + UNIX + PATIENT + users()) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key)
        client = ssh.start("-N")
        daemon.audited(event="login", who="alice")
        config_file(daemon.state).write_text(SSH + UNIX + PATIENT + users())
        daemon.signal(1)
        client.communicate(timeout=20)
        assert client.returncode == 255
        assert not is_let_in(ssh)


def test_a_certificate_signed_with_sha_1_lets_nobody_in(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path, "ca", kind="rsa", bits=2048), make_key(tmp_path)
    table = f'authorities = ["{public_line(authority)}"]\n'
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        ssh = Ssh(
            port=port_of(daemon), folder=tmp_path, key=key, options=("-o", "CASignatureAlgorithms=+ssh-rsa")
        )
        sign(authority, key, "-n", "alice", "-t", "rsa-sha2-512")
        assert is_let_in(ssh)
        sign(authority, key, "-n", "alice", "-t", "ssh-rsa")
        assert not is_let_in(ssh)


def test_a_user_s_own_authority_may_name_others_and_force_a_command(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path)
    sign(authority, key, "-n", "deploy", "-O", "force-command=echo of the certificate")
    options = 'cert-authority,principals="deploy,ops"'
    table = authorized(tmp_path, f"{options} {public_line(authority)}\n")
    with running(tmp_path, SSH + table + PATIENT + users() + users(name="bob")) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, key=key)
        assert ssh.run("uptime").stdout == b"of the certificate\n"
        assert not is_let_in(replace(ssh, user="bob"))
        assert not is_let_in(replace(ssh, user="deploy"))


def test_two_forced_commands_let_nobody_do_anything(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path)
    sign(authority, key, "-n", "alice", "-O", "force-command=echo 1")
    table = authorized(tmp_path, f'cert-authority,command="echo 2" {public_line(authority)}\n')
    with running(tmp_path, SSH + table + PATIENT + users()) as daemon:
        run = Ssh(port=port_of(daemon), folder=tmp_path, key=key).run("echo 3")
        assert (run.returncode, run.stdout) == (255, b"")


# The host


def test_the_host_key_is_made_once_with_nobody_else_reading_it(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path, SSH + PATIENT + users()) as daemon:
            ssh = Ssh(port=port_of(daemon), folder=tmp_path)
            path = daemon.state / "ssh_host_ed25519_key"
            assert path.stat().st_mode & 0o777 == 0o600
            assert is_let_in(ssh)
            known = (tmp_path / "known_hosts").read_text().splitlines()
            assert len({line.split(None, 1)[1] for line in known}) == 1


def test_a_host_certificate_is_shown_to_whoever_trusts_its_authority(tmp_path: Path) -> None:
    authority, host = make_key(tmp_path, "ca"), make_key(tmp_path, "host")
    sign(authority, host, "-h", "-n", "127.0.0.1")
    with running(tmp_path, f'{SSH}host_key = "{host}"\n' + PATIENT + users()) as daemon:
        (tmp_path / "known_hosts").write_text(f"@cert-authority * {public_line(authority)}\n")
        strict = (
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com",
        )
        ssh = Ssh(port=port_of(daemon), folder=tmp_path)
        words = [word.replace("StrictHostKeyChecking=no", "BatchMode=no") for word in ssh.words()]
        run = subprocess.run(
            [*words[:-1], *strict, words[-1], "whoami"],
            env=ssh.environment,
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert b"you are alice" in run.stdout, run.stderr


# What is shown


def test_the_banner_comes_before_the_login(tmp_path: Path) -> None:
    with running(tmp_path, SSH + 'banner = "Keep out"\n' + PATIENT + users()) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, options=("-o", "LogLevel=INFO"))
        assert b"Keep out\n" in replace(ssh, password="wrong").run("whoami").stderr
        assert PASSWORD not in daemon.log
