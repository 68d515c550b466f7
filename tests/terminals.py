"""A terminal with a program in it: typed into tmux, and its screen read."""

import shlex
import subprocess
import time
from pathlib import Path

import pytest

SEEN_SECONDS = 15.0

needs_tmux = pytest.mark.needs_program("tmux", package="tmux")


class Terminal:
    """A terminal of 80 columns and 24 rows, with a program in it, and its status below once it has ended."""

    def __init__(self, folder: Path, words: list[str], environment: dict[str, str]) -> None:
        self._socket = str(folder / "tmux")
        self._environment = {**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        # a shell says it, since tmux before 3.5 may miss that a child has ended, and waits for ever
        told = f'{shlex.join(words)}; echo "ended with $?"; read -r _'
        self._call("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", told)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names of them."""
        self._call("send-keys", "-t", "0", *keys)

    def type(self, text: str) -> None:
        """Type it, letter for letter."""
        self._call("send-keys", "-t", "0", "-l", text)

    def paste(self, text: str) -> None:
        """Paste it, and say so if the program wants to be told."""
        self._call("set-buffer", text)
        self._call("paste-buffer", "-p", "-t", "0")

    def resize(self, columns: int, rows: int) -> None:
        self._call("resize-window", "-t", "0", "-x", str(columns), "-y", str(rows))

    def screen(self, *words: str) -> str:
        """What is to be seen, without blanks at the ends."""
        return self._call("capture-pane", "-p", *words, "-t", "0").rstrip()

    def sees(self, text: str) -> str:
        """Wait until this is the end of what is to be seen; all of it."""
        end_at = time.monotonic() + SEEN_SECONDS
        while not (screen := self.screen()).endswith(text):
            assert time.monotonic() < end_at, f"{text!r} is not the end of:\n{screen}"
            time.sleep(0.02)
        return screen

    def shows(self, text: str) -> str:
        """Wait until this is to be seen anywhere."""
        end_at = time.monotonic() + SEEN_SECONDS
        while text not in (screen := self.screen()):
            assert time.monotonic() < end_at, f"{text!r} is not in:\n{screen}"
            time.sleep(0.02)
        return screen

    def close(self) -> None:
        self._call("kill-server")

    def _call(self, *words: str) -> str:
        run = subprocess.run(
            ["tmux", "-S", self._socket, *words],
            check=True,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=20,
        )
        return run.stdout
