"""A real daemon for tests, and the command line as a person calls it."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorward.stores.state import read_doors

OPEN_SECONDS = 20.0
END_SECONDS = 35.0
ANSWER_SECONDS = 30.0

LAST_BANNER_LINE = "Ctrl-C ends it.\n"

DOORS = """
[doors.tcp]
listen = ["127.0.0.1:0"]
[doors.unix]
"""

COMMANDS = """
[commands.copy]
summary = "Give stdin back"
run = ["cat"]
input = true
[commands.fail]
run = ["sh", "-c", "echo out; echo err >&2; exit 3"]
[commands.die]
run = ["sh", "-c", "kill -9 $$"]
[commands.wait]
run = ["sh", "-c", "echo begun; exec sleep 60"]
[commands.stubborn]
run = ["sh", "-c", "trap '' TERM; echo begun; while :; do sleep 1; done"]
[commands.brief]
run = ["sleep", "60"]
timeout_seconds = 0.2
[commands.flood]
run = ["yes"]
[commands.pick]
summary = "Say a colour"
run = ["echo", "{colour}", "{count}"]
roles = ["painter"]
[commands.pick.parameters]
colour = { type = "choice", choices = ["red", "green", "blue"] }
count = { type = "integer", min = 1, max = 9, default = 2 }
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """
    Where the command line is called.

    Attributes:
        folder: the working folder.
        environment: the whole of it.
    """

    folder: Path
    environment: Mapping[str, str]

    def words(self, *arguments: str) -> list[str]:
        """The argument vector of a call."""
        return [sys.executable, "-m", "doorward", *arguments]

    def run(
        self,
        *arguments: str,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> subprocess.CompletedProcess[str]:
        """Call it, and wait for its end, which comes within `seconds`."""
        return subprocess.run(
            self.words(*arguments),
            check=False,
            capture_output=True,
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            text=True,
            timeout=seconds,
            start_new_session=True,  # no terminal: nothing can be prompted for
        )

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Call it, and go on."""
        return subprocess.Popen(
            self.words(*arguments),
            cwd=self.folder,
            env=dict(self.environment),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """
    A daemon whose doors are open.

    Attributes:
        process: it.
        state: its state folder.
        banner: what it printed.
        shell: calls the command line for it, which finds it by $DOORWARD_AT.
    """

    process: subprocess.Popen[str]
    state: Path
    banner: str
    shell: Shell

    @property
    def doors(self) -> dict[str, list[str]]:
        """The addresses really listened on."""
        return read_doors(self.state)

    @property
    def unix_url(self) -> str:
        return f"unix://{self.doors['unix'][0]}"

    @property
    def tcp_url(self) -> str:
        return f"tcp://{self.doors['tcp'][0]}"


StartDaemon = Callable[..., RunningDaemon]


def bare_environment(home: Path) -> dict[str, str]:
    """The environment of a user who has set nothing, with `home` as their home folder."""
    kept = ("PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {
        name: value for name, value in os.environ.items() if name in kept or name.startswith("COV")
    }
    return {**environment, "HOME": str(home)}


def await_text(process: subprocess.Popen[str], wanted: str, *, within_seconds: float) -> str:
    """Read the stdout of `process` until `wanted` has come."""
    assert process.stdout is not None
    descriptor, text, deadline = process.stdout.fileno(), "", time.monotonic() + within_seconds
    while wanted not in text:
        left_seconds = deadline - time.monotonic()
        ready, _, _ = select.select([descriptor], [], [], max(left_seconds, 0))
        data = os.read(descriptor, 65536) if ready else b""
        if not data:
            process.kill()
            raise AssertionError(f"no {wanted!r} in {text!r}; stderr: {process.communicate()[1]}")
        text += data.decode()
    return text


def typed_at_prompts(shell: Shell, words: list[str], answers: list[str]) -> tuple[int, str]:
    """Run it on a terminal of its own, and type each answer once a prompt has come."""
    pid, master = pty.fork()
    if pid == 0:
        try:
            os.chdir(shell.folder)
            os.execve(words[0], words, dict(shell.environment))  # noqa: S606 - what a shell does
        finally:
            os._exit(99)
    text, deadline = "", time.monotonic() + ANSWER_SECONDS
    try:
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                text += os.read(master, 4096).decode()
            except OSError:  # its side is closed
                break
            if answers and text.endswith(": "):
                os.write(master, answers.pop(0).encode() + b"\n")
    finally:
        os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text


def fresh_shell(folder: Path) -> Shell:
    """The command line in an empty folder below `folder`, for a user who has set nothing."""
    work, home = folder / "work", folder / "home"
    for each in (work, home):
        each.mkdir()
    return Shell(work, bare_environment(home))


@contextmanager
def daemons(folder: Path, shell: Shell) -> Iterator[StartDaemon]:
    """
    Start daemons: `start(configuration)`; further words go to `serve`.

    Each has a state of its own below `folder` and free ports, and is ended with the block.
    """
    started: list[subprocess.Popen[str]] = []

    def start(configuration: str = DOORS + COMMANDS, *words: str) -> RunningDaemon:
        state = folder / f"state{len(started)}"
        file = folder / f"doorward{len(started)}.toml"
        file.write_text(configuration)
        file.chmod(0o600)
        process = subprocess.Popen(
            shell.words("serve", "--state", str(state), "--config", str(file), *words),
            cwd=shell.folder,
            env=dict(shell.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        banner = await_text(process, LAST_BANNER_LINE, within_seconds=OPEN_SECONDS)
        found = {**shell.environment, "DOORWARD_AT": f"unix://{read_doors(state)['unix'][0]}"}
        return RunningDaemon(process, state, banner, Shell(shell.folder, found))

    try:
        yield start
    finally:
        for process in started:
            _end(process)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command line in an empty folder, for a user who has set nothing."""
    return fresh_shell(tmp_path)


@pytest.fixture
def start_daemon(tmp_path: Path, shell: Shell) -> Iterator[StartDaemon]:
    """`daemons` for one test."""
    with daemons(tmp_path, shell) as start:
        yield start


def _end(process: subprocess.Popen[str]) -> None:
    """End it in the usual way; one that does not end fails the test."""
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise


@pytest.fixture
def daemon(start_daemon: StartDaemon) -> RunningDaemon:
    """One daemon with a tcp and a unix door and the commands of `COMMANDS`."""
    return start_daemon()
