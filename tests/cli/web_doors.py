"""A daemon with a web door, and the words and secrets with which the command line asks there."""

from dataclasses import replace

from tests.daemon import COMMANDS, RunningDaemon, StartDaemon
from tests.doors.tls_peers import HASH

USERS = f"""
[users.alice]
password = "{HASH}"
roles = ["admin"]
[users.bob]
password = "{HASH}"
"""

LIMITS = """
[limits.penalties]
exempt = ["127.0.0.1"]
"""

PLAIN = '[doors.web]\nlisten = ["127.0.0.1:0"]\n'
DOORS = f'[doors.tcp]\nlisten = ["127.0.0.1:0"]\n[doors.unix]\n{PLAIN}{LIMITS}'

WATCH = """
[commands.watch]
run = ["sh", "-c", "echo begun; exec sleep 60"]
read_only = true
[commands.count]
run = ["sh", "-c", "for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 0.2; done"]
[commands.bytes]
run = ["sh", "-c", "head -c 300000 /dev/zero | tr '\\\\0' '\\\\377'"]
"""

HOUSE = DOORS + USERS + COMMANDS + WATCH
PASSWORD = {"DOORWARD_PASSWORD": "sesame"}


def web_url(daemon: RunningDaemon, *, scheme: str = "http") -> str:
    """Where the web door is."""
    return f"{scheme}://{daemon.doors['web'][0]}"


def new_token(daemon: RunningDaemon, user: str, *words: str) -> str:
    """A token of `user`, good for an hour."""
    file = daemon.state.with_name(daemon.state.name.replace("state", "doorward")).with_suffix(".toml")
    made = daemon.shell.run(
        *("token", "new", "--user", user, "--expires", "1h", *words),
        *("--state", str(daemon.state), "--config", str(file)),
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def start_web_daemon(start_daemon: StartDaemon, configuration: str = HOUSE) -> RunningDaemon:
    """A daemon whose shell asks at the web door, as alice, by a token."""
    daemon = start_daemon(configuration)
    at_web = {"DOORWARD_AT": web_url(daemon), "DOORWARD_TOKEN": new_token(daemon, "alice")}
    return replace(daemon, shell=replace(daemon.shell, environment={**daemon.shell.environment, **at_web}))
