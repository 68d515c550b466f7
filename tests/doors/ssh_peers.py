"""OpenSSH's own client and its tools, as somebody at a terminal of theirs calls them."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doors.daemon import Daemon
from tests.doors.tls_peers import HASH

PASSWORD = "sesame"
BOUND_SECONDS = 30.0

SSH = '[doors.ssh]\nlisten = ["127.0.0.1:0"]\n'

needs_ssh = pytest.mark.needs_program("ssh", package="openssh-client")


def make_key(folder: Path, name: str = "key", *, kind: str = "ed25519", bits: int = 0) -> Path:
    """A new pair; the path of its private half."""
    path = folder / name
    size = ["-b", str(bits)] if bits else []
    keygen("-t", kind, *size, "-N", "", "-C", name, "-f", str(path))
    return path


def public_line(key: Path) -> str:
    """The public half in one line."""
    return key.with_name(f"{key.name}.pub").read_text().strip()


def sign(authority: Path, key: Path, *words: str) -> None:
    """Have `authority` make a certificate of `key` beside it, as ssh-keygen's `words` say."""
    keygen("-s", str(authority), "-I", "a test", *words, str(key.with_name(f"{key.name}.pub")))


def keygen(*words: str) -> str:
    """Call ssh-keygen; what it says."""
    run = subprocess.run(
        ["ssh-keygen", "-q", *words], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return run.stdout


def users(key: Path | None = None, *, name: str = "alice", roles: str = "operator") -> str:
    """The table of a user with the password `PASSWORD`, and with a key."""
    keys = f'keys = ["{public_line(key)}"]\n' if key is not None else ""
    return f'[users.{name}]\npassword = "{HASH}"\nroles = ["{roles}"]\n{keys}'


@dataclass(frozen=True, kw_only=True)
class Ssh:
    """
    Calls of ssh to one daemon.

    Attributes:
        port: of its door.
        folder: where known hosts and the helper for passwords stand.
        key: to log in with; None for a password.
        user: who logs in.
        password: what is answered when one is asked for.
        options: further words before the host.
        login: what they are when there is no key.
    """

    port: int
    folder: Path
    key: Path | None = None
    user: str = "alice"
    password: str = PASSWORD
    options: Sequence[str] = ()
    login: tuple[str, ...] = ("-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1")

    def words(self, *command: str, program: str = "ssh") -> list[str]:
        """The argument vector."""
        login = self.login
        if self.key is not None:
            login = ("-i", str(self.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes")
        port = ["-P" if program in {"sftp", "scp"} else "-p", str(self.port)]
        known = ["-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-o", "StrictHostKeyChecking=no"]
        host = [f"{self.user}@127.0.0.1"]
        words = [program, "-F", "none", *port, *known, *login, *self.options, "-o", "LogLevel=ERROR"]
        return [*words, *command] if program == "scp" else [*words, *host, *command]

    @property
    def environment(self) -> dict[str, str]:
        """With a helper that answers `Password?`."""
        helper = self.folder / "askpass"
        if not helper.exists():
            helper.write_text('#!/bin/sh\nprintf "%s\\n" "$ANSWER"\n')
            helper.chmod(0o700)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SSH_ASKPASS": str(helper),
            "SSH_ASKPASS_REQUIRE": "force",
            "ANSWER": self.password,
        }

    def run(
        self, *command: str, stdin: bytes | None = None, program: str = "ssh"
    ) -> "subprocess.CompletedProcess[bytes]":
        """Call it, and wait for its end."""
        with subprocess.Popen(
            self.words(*command, program=program),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        ) as process:
            try:
                out, err = process.communicate(stdin, timeout=BOUND_SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *command: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Call it, and go on."""
        return subprocess.Popen(
            self.words(*command),
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )


def port_of(daemon: Daemon) -> int:
    """Where its ssh door listens."""
    return int(daemon.doors["ssh"][0].rpartition(":")[2])
