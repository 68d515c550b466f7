"""A process that works on a state folder and is killed at one of its system calls."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

MOST_CALLS = 500
_WORK = """
import asyncio, importlib, sys
from pathlib import Path
asyncio.run(importlib.import_module(sys.argv[1]).work(Path(sys.argv[2])))
"""


def killed_at(module: str, folder: Path, call: str, number: int) -> tuple[int, list[str]]:
    """Have `work` of `module` work in a process that is killed at this call; its status, and what it said."""
    argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}"]
    argv += ["-e", f"inject={call}:signal=KILL:when={number}"]
    argv += [sys.executable, "-B", "-c", _WORK, module, str(folder)]
    ended = subprocess.run(argv, check=False, capture_output=True, timeout=120, text=True)
    assert ended.returncode in {0, -9}, ended.stderr
    return ended.returncode, ended.stdout.splitlines()


def statuses_of(
    module: str, tmp_path: Path, call: str, numbers: Iterable[int], check: Callable[[Path, list[str]], None]
) -> list[int]:
    """Kill at each of these calls, and check each time; the statuses up to the first that was not killed."""
    statuses = []
    for number in numbers:
        folder = tmp_path / f"{call}-{number}"
        folder.mkdir(mode=0o700)
        status, said = killed_at(module, folder, call, number)
        check(folder, said)
        statuses.append(status)
        if status == 0:
            assert said[-1] == "closed"
            break
    return statuses
