"""The command `cve` at the doors of a real daemon: who may, what it says, and what it leaves as it is."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.ssh_doors import start_ssh_daemon
from tests.cve_states import FIXABLE, UNFIXED, make_state
from tests.daemon import RunningDaemon, Shell, StartDaemon
from tests.doors.daemon import until
from tests.doors.ssh_peers import needs_ssh, users

pytestmark = [needs_ssh, pytest.mark.needs_program("dpkg-query", package="dpkg")]

ROLE = '[commands.cve]\nroles = ["watcher"]\nfresh_seconds = 0\n'


@pytest.fixture
def daemon(start_daemon: StartDaemon, shell: Shell) -> RunningDaemon:
    """One whose shell asks at the ssh door as alice, who is an admin; what is known came after its start."""
    more = users(name="bob") + users(name="carol", roles="watcher") + ROLE
    return start_ssh_daemon(start_daemon, Path(shell.environment["HOME"]), more)


def ssh(daemon: RunningDaemon, *words: str, user: str = "alice") -> "subprocess.CompletedProcess[str]":
    """What the client of OpenSSH is answered."""
    host, _, port = daemon.doors["ssh"][0].rpartition(":")
    home = Path(daemon.shell.environment["HOME"]) / ".ssh"
    options = [
        "-F",
        "none",
        "-i",
        str(home / "id_ed25519"),
        "-o",
        f"UserKnownHostsFile={home / 'known_hosts'}",
    ]
    vector = ["ssh", *options, "-o", "BatchMode=yes", "-p", port, f"{user}@{host}", *words]
    return subprocess.run(vector, check=False, capture_output=True, text=True, timeout=30)


def asked(daemon: RunningDaemon, *words: str, url: str = "") -> Any:
    ran = daemon.shell.run("ask", *(["--at", url] if url else []), "cve", *words, "form=json")
    assert ran.returncode == 0, ran
    return json.loads(ran.stdout)


def test_a_daemon_that_knows_nothing_says_so_and_keeps_nothing(daemon: RunningDaemon) -> None:
    ran = ssh(daemon, "cve", "list", "--installed")
    assert ran.returncode == 0
    assert (
        ran.stdout
        == "Nothing is known yet; this fetches it, on a Debian some 70 MB:  doorward cve watch --once\n"
    )
    assert not (daemon.state / "doorward.db").exists()


def test_it_is_asked_by_options_and_answers_as_text_and_as_json(daemon: RunningDaemon) -> None:
    make_state(daemon.state)
    listed = ssh(daemon, "cve", "list", "--installed")
    assert listed.returncode == 0, listed
    assert [line.split()[0] for line in listed.stdout.splitlines() if line.startswith("CVE-")] == [
        FIXABLE,
        UNFIXED,
    ]
    shown = ssh(daemon, "cve", "show", "CVE-2021-27104")
    assert shown.stdout.startswith("CVE-2021-27104: Accellion FTA OS Command Injection")
    found = asked(daemon, "--word", "cisco", "--score=9", "--order", "score", "--limit", "2")
    assert [each["severity"] for each in found["vulnerabilities"]] == ["critical", "critical"]
    assert (len(found["vulnerabilities"]), found["limit"]) == (2, 2)
    assert len(asked(daemon, "counts", "months=12")) == 12
    unknown = ssh(daemon, "cve", "show", "CVE-1999-1")
    assert (unknown.returncode, unknown.stdout) == (126, "")
    assert (
        'id: expected the id of a vulnerability that is known, as CVE-2024-3094, got "CVE-1999-1"'
        in unknown.stderr
    )
    refused = ssh(daemon, "cve", "list", "--instaled")
    assert refused.returncode == 126
    assert 'got "--instaled"; did you mean --installed?' in refused.stderr


def audited(daemon: RunningDaemon, event: str) -> list[tuple[str, str]]:
    """Of whom and of what the audit trail tells, as far as its lines are written."""
    lines, _, _ = (daemon.state / "audit.jsonl").read_text().rpartition("\n")
    members = map(json.loads, lines.splitlines())
    return [(each["who"], each["command"]) for each in members if each["event"] == event]


def test_it_is_for_admins_and_for_the_roles_that_its_table_names(daemon: RunningDaemon) -> None:
    make_state(daemon.state)
    passwords = {"DOORWARD_PASSWORD": "sesame"}
    at = f"ssh://{{}}@{daemon.doors['ssh'][0]}"
    for name, status in (("carol", 0), ("bob", 126)):
        ran = daemon.shell.run(
            "ask", "--at", at.format(name), "cve", "list", "--kev", "--limit", "1", environment=passwords
        )
        assert ran.returncode == status, ran
    # what is recorded is written a moment later
    until(lambda: audited(daemon, "refusal") == [("bob", "cve")], "the refusal in the audit trail")
    until(lambda: audited(daemon, "run") == [("carol", "cve kev=yes limit=1")], "the run there")


def test_a_database_that_cannot_be_read_is_a_reason(daemon: RunningDaemon) -> None:
    database = daemon.state / "doorward.db"
    database.touch(mode=0o600)
    database.write_bytes(b"no database" * 1000)
    ran = ssh(daemon, "cve", "list")
    assert ran.returncode == 125
    assert str(database) in ran.stderr


def test_explain_says_that_the_daemon_answers_it(shell: Shell) -> None:
    ran = shell.run("explain", "--json", "cve", "list", "--kev")
    assert ran.returncode == 0, ran
    found = json.loads(ran.stdout)
    assert found["action"] == "the daemon's own answer"
