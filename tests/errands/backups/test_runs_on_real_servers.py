"""
The scenario of twenty nights on servers of Debian, and runs and servers that are killed in the midst.

The command line carries the backups, as a keeper has it do; what is there is seen in the server's folder.
"""

import getpass
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from doorward.cli.root import run
from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import (
    LOCALHOST,
    NOBODY,
    PASSWORD,
    needs_proftpd,
    needs_root,
    needs_vsftpd,
    proftpd_running,
    vsftpd_running,
)
from tests.clients.ssh.sshd import needs_sshd, sshd_running
from tests.daemon import Shell
from tests.errands.backups.places import contents, fill
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(600)]

KILLS = 50 if IS_SOAK else 1
SIZE_BYTES = 3_000_000
BOUND_SECONDS = 60.0

SERVERS = [
    pytest.param(("sftp",), id="sftp", marks=needs_sshd),
    pytest.param(("vsftpd", Security.IMPLICIT), id="vsftpd-implicit", marks=needs_vsftpd),
    pytest.param(("vsftpd", Security.EXPLICIT), id="vsftpd-explicit", marks=[needs_vsftpd, pytest.mark.soak]),
    pytest.param(("vsftpd", Security.NONE), id="vsftpd-plain", marks=[needs_vsftpd, pytest.mark.soak]),
    pytest.param(("vsftpd", Security.EXPLICIT, "::1"), id="vsftpd-ipv6", marks=needs_vsftpd),
    pytest.param(("proftpd", Security.EXPLICIT), id="proftpd-explicit", marks=needs_proftpd),
    pytest.param(("proftpd", Security.NONE), id="proftpd-plain", marks=[needs_proftpd, pytest.mark.soak]),
    pytest.param(
        ("proftpd", Security.EXPLICIT, "::1"), id="proftpd-ipv6", marks=[needs_proftpd, pytest.mark.soak]
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """A server that runs, as the command line gets at it."""

    folder: Path
    words: tuple[str, ...]
    environment: dict[str, str]
    owner: int

    def found(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.folder.iterdir()}

    def fill(self, *files: str, size_bytes: int) -> None:
        fill(self.folder, *files, size_bytes=size_bytes)
        for each in self.folder.iterdir():
            # as the server itself would have put them there
            os.chown(each, self.owner, -1)


@contextmanager
def sftp_running(tmp_path: Path) -> Iterator[Place]:
    folders = {name: tmp_path / name for name in ("sshd", "sshd-home", "kept")}
    for folder in folders.values():
        folder.mkdir()
    shell = Shell(folders["sshd"], {"HOME": str(folders["sshd-home"]), "PATH": os.environ["PATH"]})
    with sshd_running(folders["sshd"], shell, "Subsystem sftp internal-sftp", "MaxStartups 100") as sshd:
        url = f"sftp://{getpass.getuser()}@127.0.0.1:{sshd.port}{folders['kept']}"
        yield Place(folders["kept"], ("--to", url), {"HOME": str(folders["sshd-home"])}, os.geteuid())


@contextmanager
def ftp_running(kind: str, security: Security, host: str = LOCALHOST) -> Iterator[Place]:
    start = vsftpd_running if kind == "vsftpd" else proftpd_running
    with start(security, host=host) as real:
        server = real.server
        user = f"{server.user}@" if server.password is not None else ""
        url = server.url.replace("://", f"://{user}") + "/in"
        words: tuple[str, ...] = ("--to", url)
        if security is not Security.NONE:
            words += ("--ca", str(server.trust.authorities))
        yield Place(real.folder, words, {"DOORWARD_PASSWORD": PASSWORD} if user else {}, NOBODY)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind = request.param[0]
    with sftp_running(tmp_path) if kind == "sftp" else ftp_running(*request.param) as place:
        yield place


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_twenty_nights_leave_the_newest_five(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    nights = range(1, 21 if IS_SOAK else 9)
    done = range(0)
    for night in nights:
        fill(here, f"web.{night}", f"archives.{night + 90}", size_bytes=200_000)
        words = ("backup", "push", "--from", str(here), *place.words, "--keep", "5", "web", "archives")
        assert run(words) == 0
        assert capsys.readouterr().err == ""
        done = range(max(1, night - 4), night + 1)
        kept = [*(f"web.{each}" for each in done), *(f"archives.{each + 90}" for each in done)]
        assert place.found() == contents(*kept, size_bytes=200_000)
        # the machine itself keeps two
        for each in done[:-2]:
            (here / f"web.{each}").unlink(missing_ok=True)
    assert run(["backup", "list", *place.words, "web"]) == 0
    assert capsys.readouterr().out == "".join(
        f"web.{each:<2}  195 KiB\n" if done[-1] > 9 else f"web.{each}  195 KiB\n" for each in reversed(done)
    )


def killed(*names: str) -> list[Any]:
    """The servers that are tried with kills: these, and in a soak one of each kind."""
    chosen = ("sftp", "vsftpd-implicit", "proftpd-explicit") if IS_SOAK else names
    return [each for each in SERVERS if each.id in chosen]


BEFORE = ("web.1", "web.2")
AFTER = ("web.2", "web.3")


def push(shell: Shell, place: Place, here: Path, *more: str) -> tuple[str, ...]:
    return ("backup", "push", "--from", str(here), *place.words, "--keep", "2", *more)


def check(place: Place) -> None:
    whole = contents("web.1", "web.2", "web.3", size_bytes=SIZE_BYTES)
    found = place.found()
    named = {name: content for name, content in found.items() if not name.endswith(".part")}
    assert named.items() <= whole.items()
    assert set(named) in ({"web.1", "web.2"}, {"web.1", "web.2", "web.3"}, {"web.2", "web.3"})


def make_good(shell: Shell, place: Place, here: Path) -> None:
    check(place)
    ran = shell.run(*push(shell, place, here), environment=place.environment, seconds=BOUND_SECONDS)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert place.found() == contents(*AFTER, size_bytes=SIZE_BYTES)


def await_part(place: Place, offset: int) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while True:
        sizes = [each.stat().st_size for each in place.folder.glob("web.3*")]
        if sizes and max(sizes) >= offset:
            return
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begin(place: Place, here: Path) -> None:
    for each in place.folder.iterdir():
        each.unlink()
    place.fill(*BEFORE, size_bytes=SIZE_BYTES)
    fill(here, "web.3", size_bytes=SIZE_BYTES)


@pytest.mark.parametrize("place", killed("sftp", "vsftpd-implicit"), indirect=True)
def test_a_run_that_is_killed_anywhere_is_made_good_by_the_next(
    place: Place, here: Path, shell: Shell
) -> None:
    chance = random.Random(None if IS_SOAK else 15)
    here_shell = Shell(shell.folder, {**shell.environment, **place.environment})
    for _ in range(KILLS):
        begin(place, here)
        process = here_shell.start(*push(shell, place, here, "--bytes-per-second", "6M"))
        try:
            await_part(place, chance.randrange(SIZE_BYTES))
        finally:
            process.kill()
            process.communicate()
        make_good(shell, place, here)


@pytest.mark.parametrize("place", killed("proftpd-explicit"), indirect=True)
def test_a_server_that_is_killed_anywhere_is_gone_on_with(place: Place, here: Path, shell: Shell) -> None:
    chance = random.Random(None if IS_SOAK else 17)
    here_shell = Shell(shell.folder, {**shell.environment, **place.environment})
    for _ in range(KILLS):
        begin(place, here)
        process = here_shell.start(*push(shell, place, here, "--bytes-per-second", "6M"))
        try:
            await_part(place, chance.randrange(SIZE_BYTES))
            kill_sessions()
            # it listens still, so the run itself makes it good
            _, said = process.communicate(timeout=BOUND_SECONDS)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == 0, said
        assert place.found() == contents(*AFTER, size_bytes=SIZE_BYTES)


def kill_sessions() -> None:
    """Kill what the server started for its sessions, and not the one that listens."""
    names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in _children(os.getpid())}
    (listener,) = (pid for pid, name in names.items() if name in {"vsftpd", "proftpd", "sshd"})
    waiting = _children(listener)
    while waiting:
        pid = waiting.pop()
        waiting += _children(pid)
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    text = ""
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text += (task / "children").read_text()
        except FileNotFoundError:
            continue
    return [int(word) for word in text.split()]
