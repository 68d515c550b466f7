"""A systemd of our own as process 1, over a throw-away copy of this machine, with the working tree in it."""

import os
import site
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

BOOT_SECONDS = 30.0
ANSWER_SECONDS = 60.0

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("booted.sh")
PROGRAM = "/opt/doorward/bin/doorward"
UNITS = "/etc/systemd/system"

_NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net")
# the namespace of cgroups begins where its first process is; the kill reaches process 1, and so all of them
_ENTER = 'echo $$ >"$0/cgroup.procs" && exec unshare --fork --kill-child "$@"'
_STOP = f"""
systemctl stop doorward.service
systemctl reset-failed doorward.service
rm -rf {UNITS}/doorward.service.d /etc/doorward/doorward.toml
"""
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Booted:
    """
    The booted machine.

    Attributes:
        pid: of its process 1, as we see it.
    """

    pid: int

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run something in it, as root and outside of every unit."""
        return subprocess.run(
            ["nsenter", "--target", str(self.pid), "--all", "env", "-i", _PATH, "LANG=C.UTF-8", *words],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=ANSWER_SECONDS,
        )

    def must(self, *words: str, stdin: str = "") -> str:
        """Run something that must succeed; what it printed."""
        run = self.run(*words, stdin=stdin)
        assert run.returncode == 0, f"{words}: {run.stdout}{run.stderr}{self.journal()}"
        return run.stdout.strip()

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Ask the daemon as root does."""
        return self.run(PROGRAM, "ask", *words)

    def write(self, file: str, text: str) -> None:
        """Put `text` into a file, for everybody to read."""
        self.must("install", "-D", "-m", "644", "/dev/stdin", file, stdin=text)

    def start(self, *, drop_in: str = "", configuration: str = "") -> None:
        """Start the service anew, with exactly this drop-in and this configuration."""
        self.run("sh", "-c", _STOP)
        if drop_in:
            self.write(f"{UNITS}/doorward.service.d/test.conf", drop_in)
        if configuration:
            self.write("/etc/doorward/doorward.toml", configuration)
        self.must("sh", "-c", "systemctl daemon-reload && systemctl start doorward.service")

    def shown(self, name: str, unit: str = "doorward.service") -> str:
        """A property of a unit."""
        return self.must("systemctl", "show", "--property", name, "--value", unit)

    def journal(self) -> str:
        """What the service logged."""
        return self.run("journalctl", "--no-pager", "-u", "doorward.service", "-n", "50").stdout


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """Boot, once for all tests; skip where this process may not."""
    folder = tmp_path_factory.mktemp("booted")
    cgroup = _new_cgroup()
    process = subprocess.Popen(
        ["sh", "-c", _ENTER, str(cgroup), *_NAMESPACES, "bash", str(SCRIPT), str(folder), *_program()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        yield _awaited(process)
    finally:
        process.kill()
        process.communicate()
        _remove(cgroup)


def _program() -> list[str]:
    """The interpreter's prefix and name, our sources and the packages."""
    prefix, python = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [str(prefix), python, str(ROOT / "src"), site.getsitepackages()[0]]


def _new_cgroup() -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root can boot a systemd of its own")
    if (refused := _namespaces_refused()) is not None:
        pytest.skip(f"no systemd can be booted here: {refused}")
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = next((Path(words[1]) for words in mounts if words[2] == "cgroup2"), None)
    if found is None:
        pytest.skip("no systemd can be booted here: there is no cgroup2 file system")
    own = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].split("\n")[0]
    cgroup = found / own / f"doorward-test-{os.getpid()}"
    cgroup.mkdir()
    return cgroup


def _namespaces_refused() -> str | None:
    """Why this system lets nobody have namespaces with mounts of their own; None when it does."""
    tried = subprocess.run(
        ["unshare", *_NAMESPACES, "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False,
        capture_output=True,
        text=True,
    )
    return None if tried.returncode == 0 else tried.stderr.strip()


def _awaited(process: subprocess.Popen[str]) -> Booted:
    """The booted machine, once its systemd answers; each asking takes a while by itself."""
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if children and (booted := Booted(int(children[0]))).run("systemctl", "is-system-running").stdout in (
            "running\n",
            "degraded\n",
        ):
            return booted
    process.kill()
    raise AssertionError(f"systemd did not come up: {process.communicate()[1]}")


def _remove(cgroup: Path) -> None:
    """Remove what systemd made below `cgroup`, innermost first, as soon as the kernel lets go of it."""
    deadline = time.monotonic() + BOOT_SECONDS
    while cgroup.exists():
        for folder, _, _ in os.walk(cgroup, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                assert time.monotonic() < deadline, f"{folder} is still busy"
