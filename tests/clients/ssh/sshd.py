"""OpenSSH's own server, for whoever runs the tests, with the words and files of a client of theirs."""

import getpass
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.server_process import ServerProcess
from tests.daemon import Shell
from tests.doors.ssh_peers import make_key, public_line

LOCALHOST = "127.0.0.1"

needs_sshd = pytest.mark.needs_program("sshd", package="openssh-server")


@dataclass(frozen=True, slots=True)
class Sshd:
    """
    One server.

    Attributes:
        port: on 127.0.0.1, or where it was told to listen.
        host_key: its public key in one line.
        shell: of a client that has a key for it and knows it.
        folder: the client's, with what SSH keeps of them.
        process: its own, and of what it started.
    """

    port: int
    host_key: str
    shell: Shell
    folder: Path
    process: ServerProcess
    host: str = LOCALHOST

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{getpass.getuser()}@{host}:{self.port}"

    @property
    def known_line(self) -> str:
        return f"[{self.host}]:{self.port} {self.host_key}\n"


@contextmanager
def sshd_running(folder: Path, shell: Shell, *options: str, host: str = LOCALHOST) -> Iterator[Sshd]:
    """Yield one whose client has a key; `options` are lines of its configuration, which come first."""
    client = Path(shell.environment["HOME"]) / ".ssh"
    client.mkdir(mode=0o700)
    authorized = folder / "authorized"
    authorized.write_text(public_line(make_key(client, "id_ed25519")) + "\n")
    host_key = make_key(folder, "host")
    port = _free_port(host)
    lines = [
        *options,
        f"Port {port}",
        f"ListenAddress {host}",
        f"HostKey {host_key}",
        f"AuthorizedKeysFile {authorized}",
        "PidFile none",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "StrictModes no",
        "PermitRootLogin yes",
    ]
    config = folder / "sshd_config"
    config.write_text("\n".join(lines) + "\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    # it calls itself anew for each connection, and so wants its whole path
    program = shutil.which("sshd")
    assert program is not None
    log = folder / "sshd.log"
    # a look by a connection would count as one that begins
    process = ServerProcess(
        [program, "-D", "-e", "-f", str(config)],
        output=log,
        is_open=lambda: "Server listening" in log.read_text(),
    )
    try:
        sshd = Sshd(port, public_line(host_key).rpartition(" ")[0], shell, client, process, host)
        (client / "known_hosts").write_text(sshd.known_line)
        yield sshd
    finally:
        process.end()


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
        return port
