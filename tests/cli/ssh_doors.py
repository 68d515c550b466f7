"""A daemon with an ssh door, and what the home folder needs to ask there."""

from dataclasses import replace
from pathlib import Path

from tests.cli.web_doors import LIMITS
from tests.daemon import COMMANDS, RunningDaemon, StartDaemon
from tests.doors.ssh_peers import SSH, make_key, users

DOORS = f'[doors.tcp]\nlisten = ["127.0.0.1:0"]\n[doors.unix]\n{SSH}{LIMITS}'
PASSWORD = {"DOORWARD_PASSWORD": "sesame"}


def ssh_url(daemon: RunningDaemon, *, user: str = "alice") -> str:
    """Where the ssh door is."""
    return f"ssh://{user}@{daemon.doors['ssh'][0]}"


def ssh_folder(daemon: RunningDaemon) -> Path:
    """Where the configuration of SSH of whoever asks stands."""
    return Path(daemon.shell.environment["HOME"]) / ".ssh"


def host_line(daemon: RunningDaemon) -> str:
    """The daemon in a file of known hosts."""
    host, _, port = daemon.doors["ssh"][0].rpartition(":")
    return f"[{host}]:{port} {(daemon.state / 'ssh_host_ed25519_key.pub').read_text()}"


def start_ssh_daemon(start_daemon: StartDaemon, folder: Path, more: str = "") -> RunningDaemon:
    """A daemon whose shell asks at the ssh door, as alice, by the key in her `folder`, and knows the host."""
    own = folder / ".ssh"
    own.mkdir(mode=0o700)
    key = make_key(own, "id_ed25519")
    daemon = start_daemon(DOORS + users(key, roles="admin") + COMMANDS + more)
    (own / "known_hosts").write_text(host_line(daemon))
    at_ssh = {"DOORWARD_AT": ssh_url(daemon)}
    return replace(daemon, shell=replace(daemon.shell, environment={**daemon.shell.environment, **at_ssh}))
