"""Servers of others that keep backups: as the command line gets at them, and as a run does."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorward.clients.folder.store import FolderStore
from doorward.clients.ftp.settings import Security
from doorward.clients.ftp.store import FtpStore
from doorward.clients.ssh.sftp.store import SftpStore
from doorward.core.backup_store import BackupStore
from tests.clients.ftp.servers import (
    LOCALHOST,
    NOBODY,
    PASSWORD,
    RealServer,
    needs_proftpd,
    needs_pureftpd,
    needs_vsftpd,
    proftpd_running,
    pureftpd_running,
    pyftpdlib_running,
    vsftpd_running,
)
from tests.clients.server_process import ServerProcess
from tests.clients.ssh.sftp_server import OPTIONS, server_of
from tests.clients.ssh.sshd import Sshd, needs_sshd, sshd_running
from tests.daemon import Shell
from tests.errands.backups.places import fill

_FTP_SERVERS = {
    "vsftpd": vsftpd_running,
    "proftpd": proftpd_running,
    "pure-ftpd": pureftpd_running,
    "pyftpdlib": pyftpdlib_running,
}
_NEEDS = {
    "sftp": [needs_sshd],
    "vsftpd": [needs_vsftpd],
    "proftpd": [needs_proftpd],
    "pure-ftpd": [needs_pureftpd],
}


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A server, and how it is gone to.

    Attributes:
        program: `vsftpd`, `proftpd`, `pure-ftpd`, `pyftpdlib`, `sftp` for OpenSSH's, or `file` for none.
        security: of FTP.
        host: where it listens.
        words: of the command line, beside those that lead there.
        of_push: likewise, of `push` alone.
        tls: the only version that it speaks; empty for any.
        options: of its configuration.
    """

    program: str
    security: Security = Security.NONE
    host: str = LOCALHOST
    words: tuple[str, ...] = ()
    of_push: tuple[str, ...] = ()
    tls: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """
    A server that runs.

    Attributes:
        folder: the one with the backups, on this machine.
        words: by which the command line gets there.
        of_push: likewise, of `push` alone.
        environment: of the command line.
        owner: whose files the server makes.
        store: as a run has it.
        process: the server's own; None where there is none.
        ftp: the server, where it is one of FTP.
        sshd: likewise, of SSH.
    """

    folder: Path
    words: tuple[str, ...]
    environment: Mapping[str, str]
    owner: int
    store: BackupStore
    of_push: tuple[str, ...] = ()
    process: ServerProcess | None = None
    ftp: RealServer | None = None
    sshd: Sshd | None = None

    def found(self) -> dict[str, bytes]:
        """What is there by now."""
        return {each.name: each.read_bytes() for each in self.folder.iterdir() if each.is_file()}

    def fill(self, *files: str, size_bytes: int) -> None:
        """Have files there as the server itself would have put them there, and nothing else."""
        for each in self.folder.iterdir():
            each.unlink()
        fill(self.folder, *files, size_bytes=size_bytes)
        for each in self.folder.iterdir():
            os.chown(each, self.owner, self.owner)

    def push(self, here: Path, *more: str) -> tuple[str, ...]:
        """The words that carry what is in `here`."""
        return ("backup", "push", "--from", str(here), *self.words, *self.of_push, *more)


def server(id_: str, kind: Kind, *, is_soak: bool = True) -> object:
    """A parameter of that name, by default for a soak alone."""
    marks = [*_NEEDS.get(kind.program, []), *([pytest.mark.soak] if is_soak else [])]
    return pytest.param(kind, id=id_, marks=marks)


@contextmanager
def place_running(kind: Kind, tmp_path: Path) -> Iterator[Place]:
    """Yield what `kind` says, with an empty folder."""
    match kind.program:
        case "file":
            folder = tmp_path / "kept"
            folder.mkdir()
            yield Place(folder, ("--to", f"file://{folder}"), {}, os.geteuid(), FolderStore(folder))
        case "sftp":
            with _sftp_running(kind, tmp_path) as place:
                yield place
        case _:
            with _ftp_running(kind) as place:
                yield place


@contextmanager
def _sftp_running(kind: Kind, tmp_path: Path) -> Iterator[Place]:
    folders = {name: tmp_path / name for name in ("sshd", "sshd-home", "kept")}
    for folder in folders.values():
        folder.mkdir()
    environment = {"HOME": str(folders["sshd-home"])}
    shell = Shell(folders["sshd"], {**environment, "PATH": os.environ["PATH"]})
    with sshd_running(folders["sshd"], shell, *OPTIONS, *kind.options, host=kind.host) as sshd:
        kept = folders["kept"]
        url = f"{sshd.url.replace('ssh://', 'sftp://')}{kept}"
        yield Place(
            folder=kept,
            words=("--to", url, *kind.words),
            environment=environment,
            owner=os.geteuid(),
            store=SftpStore(server_of(sshd), str(kept)),
            process=sshd.process,
            sshd=sshd,
        )


@contextmanager
def _ftp_running(kind: Kind) -> Iterator[Place]:
    start = _FTP_SERVERS[kind.program]
    with start(kind.security, *kind.options, host=kind.host, tls=kind.tls) as real:
        user = f"{real.server.user}@" if real.server.password is not None else ""
        words: tuple[str, ...] = ("--to", real.server.url.replace("://", f"://{user}") + "/in")
        if kind.security is not Security.NONE:
            words += ("--ca", str(real.server.trust.authorities))
        yield Place(
            folder=real.folder,
            words=(*words, *kind.words),
            environment={"DOORWARD_PASSWORD": PASSWORD} if user else {},
            owner=os.geteuid() if kind.program == "pyftpdlib" else NOBODY,
            store=FtpStore(real.server, "in"),
            of_push=kind.of_push,
            process=real.process,
            ftp=real,
        )
