"""`doorward ask` at the tls door of a real daemon: login, streams, stdin and status, in either language."""

import json

import pytest

from tests.daemon import COMMANDS, RunningDaemon, Shell, StartDaemon
from tests.doors.tls_peers import HASH

DOORS = """
[doors.unix]
[doors.tls]
listen = ["127.0.0.1:0"]
[limits.penalties]
exempt = ["127.0.0.1"]
"""
ALICE = f'[users.alice]\npassword = "{HASH}"\n'
BOB = ALICE.replace("alice", "bob")
PASSWORD = {"DOORWARD_PASSWORD": "sesame"}

HOUSES = [
    pytest.param(DOORS + ALICE + COMMANDS, (), id="one-user-in-english"),
    pytest.param(
        f'[server]\nlanguage = "fr"\n{DOORS}{ALICE}{BOB}{COMMANDS}',
        ("--user", "alice"),
        id="two-users-in-french",
    ),
]


@pytest.mark.parametrize(("configuration", "who"), HOUSES)
def test_a_program_cannot_tell_it_from_the_command(
    start_daemon: StartDaemon, shell: Shell, configuration: str, who: tuple[str, ...]
) -> None:
    at = (*address(start_daemon(configuration)), *who)
    failed = shell.run("ask", *at, "fail", environment=PASSWORD)
    assert (failed.returncode, failed.stdout, failed.stderr) == (3, "out\n", "err\n")
    given = "".join(f"line {number}\n" for number in range(20_000))
    copied = shell.run("ask", *at, "copy", stdin=given, environment=PASSWORD)
    assert (copied.returncode, copied.stdout, copied.stderr) == (0, given, "")
    said = shell.run("ask", *at, "--json", "whoami", environment=PASSWORD)
    assert "alice" in json.loads(said.stdout)["stdout"]
    unknown = shell.run("ask", *at, "nothing-of-this-name", environment=PASSWORD)
    assert unknown.returncode == 127
    wrong = shell.run("ask", *at, "whoami", environment={"DOORWARD_PASSWORD": "wrong"})
    assert wrong.returncode == 126


def address(daemon: RunningDaemon) -> tuple[str, ...]:
    """The words that name the door and whom to believe."""
    return ("--at", f"tls://{daemon.doors['tls'][0]}", "--ca", str(daemon.state / "cert.pem"))
