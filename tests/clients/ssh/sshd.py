"""OpenSSH's own server, for whoever runs the tests, with the words and files of a client of theirs."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon import Shell
from tests.doors.ssh_peers import make_key, public_line

OPEN_SECONDS = 20.0

needs_sshd = pytest.mark.needs_program("sshd", package="openssh-server")


@dataclass(frozen=True, slots=True)
class Sshd:
    """
    One server.

    Attributes:
        port: on 127.0.0.1.
        host_key: its public key in one line.
        shell: of a client that has a key for it and knows it.
        folder: the client's, with what SSH keeps of them.
        process_id: of the server.
    """

    port: int
    host_key: str
    shell: Shell
    folder: Path
    process_id: int

    @property
    def url(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def known_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key}\n"


@contextmanager
def sshd_running(folder: Path, shell: Shell, *options: str) -> Iterator[Sshd]:
    """Yield one whose client has a key; `options` are lines of its configuration, which come first."""
    client = Path(shell.environment["HOME"]) / ".ssh"
    client.mkdir(mode=0o700)
    authorized = folder / "authorized"
    authorized.write_text(public_line(make_key(client, "id_ed25519")) + "\n")
    host_key = make_key(folder, "host")
    port = _free_port()
    lines = [
        *options,
        f"Port {port}",
        "ListenAddress 127.0.0.1",
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
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        _await_listening(folder / "sshd.log", process)
        sshd = Sshd(port, public_line(host_key).rpartition(" ")[0], shell, client, process.pid)
        (client / "known_hosts").write_text(sshd.known_line)
        yield sshd
    finally:
        process.terminate()
        process.wait(timeout=OPEN_SECONDS)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await_listening(log: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + OPEN_SECONDS
    while "Server listening" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
