"""Whom we take for an SSH server: by a fingerprint, by a daemon's own key, or by files of known hosts."""

import enum
import os
import shlex
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import asyncssh

from doorward.clients._trust import Words
from doorward.clients.ssh.configuration import USUAL_PORT, Destination

FILE_BYTES = 4 * 1024 * 1024
"""The largest file of known hosts that is read."""

_KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Of host keys, none with SHA-1."""

_CERTIFICATES = tuple(f"{kind}-cert-v01@openssh.com" for kind in _KINDS)


class Verdict(enum.Enum):
    """What is known of a host key."""

    TRUSTED = enum.auto()
    UNKNOWN = enum.auto()
    CHANGED = enum.auto()
    REVOKED = enum.auto()


class UnreadableHosts(ValueError):
    """A file of known hosts is there and cannot be believed or read; the message says why."""


class Hosts:
    """
    What is known of one server. The files are read once, when this is made.

    Args:
        destination: where the server is.

    Raises:
        UnreadableHosts: a file is there and cannot be read.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._fingerprint = destination.endpoint.fingerprint
        self._known: list[asyncssh.SSHKey] = []
        self._known_without_port: list[asyncssh.SSHKey] = []
        self._authorities: list[asyncssh.SSHKey] = []
        self._revoked: list[asyncssh.SSHKey] = []
        self._own = [asyncssh.import_public_key(line) for line in destination.endpoint.own]
        if not self._fingerprint:
            for file in (*destination.user_known_hosts, *destination.system_known_hosts):
                self._read(file)

    @property
    def name(self) -> str:
        """What files of known hosts call it."""
        name, port = self._destination.known_as, self._destination.endpoint.port
        return name if port == USUAL_PORT else f"[{name}]:{port}"

    @property
    def kinds(self) -> list[str]:
        """The algorithms to agree to, those of known keys first: a server may have several."""
        known = {
            kind.decode("ascii")
            for key in (*self._own, *self._known, *self._known_without_port)
            for kind in key.sig_algorithms
        }
        ordered = sorted(_KINDS, key=lambda kind: kind not in known)
        return [*(_CERTIFICATES if self._authorities else ()), *ordered]

    @property
    def authorities(self) -> list[asyncssh.SSHKey]:
        """Those whose certificates are believed."""
        return self._authorities

    @property
    def revoked(self) -> list[asyncssh.SSHKey]:
        """Keys of hosts and of authorities that are never believed."""
        return self._revoked

    def judge(self, key: asyncssh.SSHKey) -> Verdict:
        """What is known of `key`, which the server showed."""
        if self._fingerprint:
            is_it = sha256(key.public_data).hexdigest() == self._fingerprint
            return Verdict.TRUSTED if is_it else Verdict.CHANGED
        if key in self._revoked:
            return Verdict.REVOKED
        if key in self._own or key in self._known or key in self._known_without_port:
            return Verdict.TRUSTED
        return Verdict.CHANGED if self._known else Verdict.UNKNOWN

    def words_of(self, verdict: Verdict, key: asyncssh.SSHKey) -> Words:
        """What a person is told of a server that is not trusted."""
        shown = key.get_fingerprint()
        match verdict:
            case Verdict.REVOKED:
                return f"its host key {shown} is revoked", "Do not log in there."
            case Verdict.CHANGED if self._fingerprint:
                return (
                    f"its host key is another one: {shown}",
                    "Compare that with the --fingerprint you gave.",
                )
            case Verdict.CHANGED:
                known = ", ".join(each.get_fingerprint() for each in self._known)
                problem = f"its host key has changed: it shows {shown}, known is {known}"
                remove = f"ssh-keygen -R {shlex.quote(self.name)}{self._of_file()}"
                return f"{problem}; somebody may stand in between", f"If its keeper changed it: {remove}"
            case _:
                return (
                    f"its host key is not known: {shown}",
                    f"If its keeper says that it is right, add --fingerprint {shown}",
                )

    def remember(self, key: asyncssh.SSHKey) -> None:
        """
        Add `key` to the user's file.

        Raises:
            OSError: that cannot be.
        """
        if not self._destination.user_known_hosts:
            return
        file = self._destination.user_known_hosts[0]
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = f"{self.name} {key.export_public_key().decode('ascii').strip()}\n"
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(descriptor, "a+b") as opened:
            size = opened.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = f"\n{line}"
            opened.write(line.encode())

    def _read(self, file: Path) -> None:
        try:
            with file.open("rb") as opened:
                text = opened.read(FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise UnreadableHosts(f"{file} cannot be read: {(error.strerror or '').lower()}") from error
        if len(text) > FILE_BYTES:
            raise UnreadableHosts(f"{file} has more than {FILE_BYTES} bytes")
        for line in text.decode("utf-8", "replace").splitlines():
            self._take(line)

    def _take(self, line: str) -> None:
        try:
            hosts = asyncssh.import_known_hosts(line)
        except ValueError:
            return  # as ssh, which passes over a line that it does not understand
        keys, authorities, revoked, *_ = hosts.match(self.name, "", None)
        self._known += keys
        self._authorities += authorities
        self._revoked += revoked
        if self.name != self._destination.known_as:
            # as ssh: a key without a port is believed at each, and none is missed there
            keys, _, revoked, *_ = hosts.match(self._destination.known_as, "", None)
            self._known_without_port += keys
            self._revoked += revoked

    def _of_file(self) -> str:
        files: Sequence[Path] = self._destination.user_known_hosts
        return f" -f {shlex.quote(str(files[0]))}" if files else ""
