"""A repository that brings a `.doorward` of its author's: whoever asks in its clone is led nowhere by it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import Written, self_signed, server_context
from tests.clients.lines.peers import LoginServer, listening, listening_at, listening_tls
from tests.daemon import Shell

PASSWORD = {"DOORWARD_PASSWORD": "sesame"}

pytestmark = pytest.mark.needs_program("git", package="git")

FAR = "127.1"
"""An address that leads here, and that nobody takes for this machine without looking it up."""


def clone(shell: Shell, files: dict[str, bytes], *, umask: int) -> Shell:
    """The command line in a clone of a repository with these files in its `.doorward`."""
    origin = shell.folder / "origin"
    (origin / ".doorward").mkdir(parents=True)
    for name, content in files.items():
        (origin / ".doorward" / name).write_bytes(content)
    identity = ("-c", "user.name=Mallory", "-c", "user.email=mallory@example.org")
    for words in (
        ("-C", str(origin), "init", "--quiet"),
        ("-C", str(origin), "add", "--all"),
        ("-C", str(origin), *identity, "commit", "--quiet", "--message", "First"),
        ("clone", "--quiet", str(origin), str(shell.folder / "clone")),
    ):
        subprocess.run(["git", *words], check=True, env=dict(shell.environment), umask=umask)
    return Shell(shell.folder / "clone", shell.environment)


UMASKS = pytest.mark.parametrize("umask", [0o022, 0o077])


@UMASKS
def test_its_certificate_vouches_for_no_other_machine(shell: Shell, tmp_path: Path, umask: int) -> None:
    theirs = self_signed(tmp_path / "theirs", FAR)
    server = LoginServer("sesame")
    inside = clone(shell, {"cert.pem": theirs.file.read_bytes()}, umask=umask)
    with listening_tls(server, server_context(theirs)) as url:
        at = url.replace("127.0.0.1", FAR)
        run = inside.run("ask", "--at", at, "df", environment=PASSWORD)
        assert run.returncode == 125
        assert "self-signed" in run.stderr
        assert server.logins == []
        # the way there is open, and the certificate good, to whoever says so
        named = inside.run("ask", "--at", at, "--ca", ".doorward/cert.pem", "df", environment=PASSWORD)
        assert named.stdout == "df\n", named.stderr


@UMASKS
def test_its_list_of_doors_leads_to_no_other_machine(shell: Shell, umask: int) -> None:
    asked: list[str] = []
    with listening(lambda _peer: asked.append("tcp")) as url:
        address = url.removeprefix("tcp://").replace("127.0.0.1", FAR)
        inside = clone(shell, {"doors.json": json.dumps({"tcp": [address]}).encode()}, umask=umask)
        run = inside.run("ask", "df", environment=PASSWORD)
        assert (run.returncode, asked) == (125, [])
        assert "no daemon found" in run.stderr
        named = inside.run("ask", "--state", ".doorward", "df", environment=PASSWORD)
        assert (named.returncode, asked) == (125, [])


@contextmanager
def somebodys_socket() -> Iterator[tuple[Path, list[str]]]:
    """A socket outside of every state, and who came to it."""
    came: list[str] = []
    folder = Path("/tmp") / f"doorward-socket-{os.getpid()}"  # a path of a socket is short
    folder.mkdir(mode=0o700)
    try:
        with listening_at(folder / "s", lambda _peer: came.append("unix")):
            yield folder / "s", came
    finally:
        shutil.rmtree(folder)


@UMASKS
def test_it_leads_to_no_socket_elsewhere_by_list_or_by_link(shell: Shell, umask: int) -> None:
    with somebodys_socket() as (path, came):
        doors = json.dumps({"unix": [str(path)]}).encode()
        inside = clone(shell, {"doors.json": doors}, umask=umask)
        assert inside.run("ask", "df").returncode == 125
        (inside.folder / ".doorward" / "doors.json").unlink()
        # git keeps links as well
        (inside.folder / ".doorward" / "doorward.sock").symlink_to(path)
        assert inside.run("ask", "df").returncode == 125
        through = json.dumps({"unix": [str(inside.folder / ".doorward" / ".." / ".." / "x")]})
        (inside.folder / ".doorward" / "doors.json").write_text(through)
        assert inside.run("ask", "df").returncode == 125
        assert came == []
        assert inside.run("ask", "--at", f"unix://{path}", "df").returncode == 125
        assert came != [], "the way there is open"


def test_a_clone_is_passed_over_and_told(shell: Shell) -> None:
    inside = clone(shell, {"doors.json": b"{}"}, umask=0o022)
    assert "./.doorward (passed over: it is not yours alone, mode 0700)" in inside.run("ask", "df").stderr


def test_ones_own_daemon_is_still_believed_by_the_name_of_this_machine(
    shell: Shell, tmp_path: Path, localhost: Written
) -> None:
    state = shell.folder / ".doorward"
    state.mkdir(mode=0o700)
    shutil.copy(localhost.file, state / "cert.pem")
    with listening_tls(LoginServer("sesame"), server_context(localhost)) as url:
        at = url.replace("127.0.0.1", "localhost")
        assert shell.run("ask", "--at", at, "df", environment=PASSWORD).stdout == "df\n"
