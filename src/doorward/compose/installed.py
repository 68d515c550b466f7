"""What dpkg has installed on this machine, and the release that it is of."""

import asyncio
import os
import subprocess
from pathlib import Path
from shutil import which

from doorward.core.errors import SourceError
from doorward.core.installed import Installed
from doorward.core.launch import EXECUTABLE_PATH
from doorward.errands.cve.dpkg import FORMAT, is_of_debian, packages_of, suite_of
from doorward.errands.cve.kernels import without_idle_kernels

PROGRAM = "dpkg-query"
SECONDS = 60.0

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
"""Source: os-release(5)."""

_DPKG_FOLDER = "/var/lib/dpkg"
_OS_RELEASE_BYTES = 64 * 1024


async def installed_packages(*, program: str = "", os_release: tuple[str, ...] = OS_RELEASE) -> Installed:
    """
    Ask dpkg, off the loop.

    Args:
        program: the path of dpkg-query; empty to look for it where the system's programs are.
        os_release: the files that may say which release this is; the first that can be read counts.

    Raises:
        SourceError: there is no dpkg, it failed, or it said what cannot be read; the text says what to do.
    """
    return await asyncio.to_thread(_installed, program, os_release)


def is_debian() -> bool:
    """Whether the tracker of Debian knows the packages of this machine; blocks for a small file."""
    return is_of_debian(_first_of(OS_RELEASE)) and os.path.isdir(_DPKG_FOLDER)


def _installed(program: str, os_release: tuple[str, ...]) -> Installed:
    said = _said_by_dpkg(program or which(PROGRAM, path=EXECUTABLE_PATH) or "")
    try:
        packages = packages_of(said)
    except ValueError as error:
        raise SourceError(PROGRAM, f"what it says cannot be read: {error}") from error
    if not packages:
        raise SourceError(PROGRAM, "no package is installed, so dpkg does not know this machine", _STEP)
    counted = without_idle_kernels(packages, running=os.uname().release)
    return Installed(suite=suite_of(_first_of(os_release)), packages=counted)


_STEP = "Take the source `debian` and the filter `installed` out on a machine that is not one of Debian"


def _said_by_dpkg(program: str) -> str:
    if not program:
        raise SourceError(PROGRAM, "this machine has no dpkg, so it cannot say what is installed", _STEP)
    try:
        run = subprocess.run(
            [program, "--show", f"--showformat={FORMAT}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": EXECUTABLE_PATH, "LC_ALL": "C.UTF-8"},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(PROGRAM, f"it said nothing within {SECONDS:g} s", "Try again later") from error
    except OSError as error:
        raise SourceError(PROGRAM, f"{program} cannot be started: {error.strerror}", _STEP) from error
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip()[:200]
        problem = f"it ended with status {run.returncode}: {said}"
        raise SourceError(PROGRAM, problem, "Type: dpkg --audit")
    return run.stdout.decode("utf-8", "replace")


def _first_of(files: tuple[str, ...]) -> str:
    for file in files:
        try:
            with Path(file).open("rb") as opened:
                return opened.read(_OS_RELEASE_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
    return ""
