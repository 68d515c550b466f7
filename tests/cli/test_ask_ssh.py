"""`doorward ask --at ssh://...` at a daemon's ssh door: what differs from the other doors."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.ssh_doors import PASSWORD, host_line, ssh_folder, ssh_url, start_ssh_daemon
from tests.daemon import RunningDaemon, Shell, StartDaemon, typed_at_prompts
from tests.doors.ssh_peers import keygen, make_key, needs_ssh, public_line, users

pytestmark = needs_ssh


@pytest.fixture
def ssh(start_daemon: StartDaemon, shell: Shell) -> RunningDaemon:
    """A daemon whose shell knows its ssh door, and has a key for it."""
    return start_ssh_daemon(start_daemon, Path(shell.environment["HOME"]), users(name="bob"))


def whoami(daemon: RunningDaemon, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return daemon.shell.run("ask", *words, "whoami", environment=environment)


@contextmanager
def agent_with(key: Path, folder: Path) -> Iterator[str]:
    """Yield the socket of an agent that holds `key`."""
    path = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment)
        yield str(path)
    finally:
        process.terminate()
        process.wait()


# Who asks


def test_a_key_of_the_home_folder_logs_in(ssh: RunningDaemon) -> None:
    assert "you are alice" in whoami(ssh).stdout


def test_a_key_that_was_named_logs_in_and_is_looked_after(ssh: RunningDaemon) -> None:
    key = ssh_folder(ssh) / "id_ed25519"
    other = key.rename(ssh.shell.folder / "other")
    assert "you are alice" in whoami(ssh, "--identity", "other").stdout
    none = whoami(ssh)
    assert (none.returncode, "there is no terminal to ask for it" in none.stderr) == (125, True)
    other.chmod(0o644)
    assert "chmod 600 other" in whoami(ssh, "--identity", "other").stderr
    other.chmod(0o600)
    other.write_text("nothing")
    assert "there is no private key in other" in whoami(ssh, "--identity", "other").stderr
    assert whoami(ssh, "--identity", "none").returncode == 1


def test_a_key_with_a_passphrase_is_for_an_agent(ssh: RunningDaemon, tmp_path: Path) -> None:
    key = ssh_folder(ssh) / "id_ed25519"
    with agent_with(key, tmp_path) as agent:
        keygen("-p", "-P", "", "-N", "a passphrase", "-f", str(key))
        assert "you are alice" in whoami(ssh, SSH_AUTH_SOCK=agent).stdout
        assert "you are alice" in whoami(ssh, "--identity", str(key), SSH_AUTH_SOCK=agent).stdout
    assert whoami(ssh, SSH_AUTH_SOCK=agent).returncode == 125
    named = whoami(ssh, "--identity", str(key))
    assert (named.returncode, f"ssh-add {key}" in named.stderr) == (125, True)


def test_a_password_comes_from_the_environment_a_file_or_a_prompt(ssh: RunningDaemon) -> None:
    secret = ssh.shell.folder / "secret"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    at_bob = ("--at", ssh_url(ssh, user="bob"))
    assert "you are bob" in whoami(ssh, *at_bob, **PASSWORD).stdout
    assert "you are bob" in whoami(ssh, *at_bob, "--password-file", "secret").stdout
    status, text = typed_at_prompts(ssh.shell, ssh.shell.words("ask", *at_bob, "whoami"), ["sesame"])
    assert (status, "you are bob" in text) == (0, True)
    wrong = whoami(ssh, *at_bob, DOORWARD_PASSWORD="shut")
    assert (wrong.returncode, wrong.stderr) == (126, "doorward: the login was refused\n")


def test_a_user_is_named_in_the_url_or_by_an_option_but_not_twice(ssh: RunningDaemon) -> None:
    url = ssh_url(ssh).replace("alice@", "")
    assert "you are bob" in whoami(ssh, "--at", url, "--user", "bob", **PASSWORD).stdout
    both = whoami(ssh, "--user", "bob", **PASSWORD)
    assert (both.returncode, "is it alice or bob who asks?" in both.stderr) == (125, True)
    assert "SSH has keys and passwords, and no tokens" in whoami(ssh, "--token-file", "/dev/null").stderr


# Whom we take for it


def test_an_unknown_host_is_refused_without_a_terminal_and_by_a_fingerprint_alone(ssh: RunningDaemon) -> None:
    (ssh_folder(ssh) / "known_hosts").unlink()
    shown = keygen("-l", "-f", str(ssh.state / "ssh_host_ed25519_key.pub")).split()[1]
    unknown = whoami(ssh)
    assert unknown.returncode == 125
    assert unknown.stderr.endswith(
        f"SSH: its host key is not known: {shown}. If its keeper says that it is right, "
        f"add --fingerprint {shown}\n"
    )
    assert "you are alice" in whoami(ssh, "--fingerprint", shown).stdout
    other = whoami(ssh, "--fingerprint", f"SHA256:{'A' * 43}")
    assert (other.returncode, f"another one: {shown}" in other.stderr) == (125, True)
    assert not (ssh_folder(ssh) / "known_hosts").exists()


def test_a_person_is_shown_an_unknown_host_and_remembers_it(ssh: RunningDaemon) -> None:
    known = ssh_folder(ssh) / "known_hosts"
    known.write_text("other.example ssh-ed25519 AAAA")
    words = ssh.shell.words("ask", "whoami")
    status, text = typed_at_prompts(ssh.shell, words, ["no"])
    assert (status, "you did not believe its host key" in text) == (125, True)
    assert known.read_text() == "other.example ssh-ed25519 AAAA"
    status, text = typed_at_prompts(ssh.shell, words, ["yes"])
    shown = keygen("-l", "-f", str(ssh.state / "ssh_host_ed25519_key.pub")).split()[1]
    assert (status, shown in text, "you are alice" in text) == (0, True, True)
    assert known.read_text().splitlines()[1].split() == host_line(ssh).split()[:3]
    assert "you are alice" in whoami(ssh).stdout


def test_a_changed_key_is_refused_with_both_fingerprints_and_nothing_is_sent(
    ssh: RunningDaemon, tmp_path: Path
) -> None:
    other = make_key(tmp_path, "other")
    host = host_line(ssh).split()[0]
    (ssh_folder(ssh) / "known_hosts").write_text(f"{host} {public_line(other)}\n")
    changed = whoami(ssh, **PASSWORD)
    assert changed.returncode == 125
    for key in (ssh.state / "ssh_host_ed25519_key", other):
        assert keygen("-l", "-f", f"{key}.pub").split()[1] in changed.stderr
    assert f"ssh-keygen -R '{host}' -f " in changed.stderr
    assert '"login"' not in (ssh.state / "audit.jsonl").read_text()


def test_a_daemons_own_key_is_believed_by_its_state(ssh: RunningDaemon) -> None:
    (ssh_folder(ssh) / "known_hosts").unlink()
    assert "you are alice" in whoami(ssh, "--state", str(ssh.state)).stdout


def test_a_key_known_at_another_port_is_believed_and_another_one_there_is_none_of_ours(
    ssh: RunningDaemon, tmp_path: Path
) -> None:
    _, kind, data, *_ = host_line(ssh).split()
    known = ssh_folder(ssh) / "known_hosts"
    known.write_text(f"127.0.0.1 {kind} {data}\n")
    assert "you are alice" in whoami(ssh).stdout
    known.write_text(f"127.0.0.1 {public_line(make_key(tmp_path, 'other'))}\n")
    assert "is not known" in whoami(ssh).stderr


def test_hashed_and_revoked_hosts_are_understood(ssh: RunningDaemon) -> None:
    known = ssh_folder(ssh) / "known_hosts"
    keygen("-H", "-f", str(known))
    assert known.read_text().startswith("|1|")
    assert "you are alice" in whoami(ssh).stdout
    known.write_text(f"@revoked {host_line(ssh)}")
    assert whoami(ssh).returncode == 125


# The configuration of SSH


def test_a_host_of_the_configuration_is_asked_as_it_says(ssh: RunningDaemon) -> None:
    folder = ssh_folder(ssh)
    host, _, port = ssh.doors["ssh"][0].rpartition(":")
    (folder / "id_ed25519").rename(folder / "own")
    (folder / "known_hosts").rename(folder / "known")
    (folder / "more").write_text(f"Host tower\n HostName {host}\n Port {port}\n User alice\n")
    (folder / "config").write_text(
        "Include more\nHost tower\n IdentityFile ~/.ssh/own\n UserKnownHostsFile ~/.ssh/known\n"
        " ForwardAgent yes\n Ciphers 3des-cbc\n RemoteCommand false\n"
    )
    assert "you are alice" in whoami(ssh, "--at", "ssh://tower").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Host *\n ProxyCommand touch /tmp/never\n", "through another program or host"),
        ("ProxyJump gate\n", "through another program or host"),
        ('Match exec "touch {}"\n User x\n', "line 1 has a shell decide (Match exec)"),
        ('match="exec" "touch {}"\n', "line 1 has a shell decide (Match exec)"),
        ("Include config\n", "and so on"),
        ("Port x\n", "is not understood"),
    ],
)
def test_a_configuration_that_wants_a_shell_or_a_proxy_is_refused(
    ssh: RunningDaemon, tmp_path: Path, text: str, said: str
) -> None:
    (ssh_folder(ssh) / "config").write_text(text.replace("{}", str(tmp_path / "ran")))
    refused = whoami(ssh)
    assert (refused.returncode, said in refused.stderr) == (125, True), refused.stderr
    assert not (tmp_path / "ran").exists()


# Its neighbours


def test_runs_status_and_cancel_go_over_ssh(ssh: RunningDaemon) -> None:
    process = ssh.shell.start("ask", "wait")
    while not (live := [each for each in runs(ssh) if each["state"] == "live"]):
        assert process.poll() is None
    assert ssh.shell.run("status").returncode == 0
    assert ssh.shell.run("cancel", str(live[0]["run"])).returncode == 0
    assert process.wait() == 143
    assert process.communicate()[1] == b"doorward: cancelled\n"
    attached = ssh.shell.run("attach", str(live[0]["run"]))
    assert (attached.returncode, attached.stdout) == (143, "begun\n")


def runs(daemon: RunningDaemon) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(daemon.shell.run("runs", "--json").stdout)
    return found
