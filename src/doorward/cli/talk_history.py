"""The lines that were typed in conversations, kept for the arrows in a file of mode 0600."""

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prompt_toolkit.history import History

from doorward.clients.talk.secrecy import secret_in
from doorward.core.errors import DoorwardError
from doorward.stores.atomic import write_atomically
from doorward.stores.locks import open_private
from doorward.stores.places import state_place
from doorward.stores.state import make_private_folder

HISTORY_NAME = "talk-history"

LINES = 1000
"""How many are kept; a file of twice as many is cut to these."""

LINE_CHARACTERS = 4096
"""A longer line is not kept, nor one that begins with a space or logs in with a secret."""

_MOST_BYTES = 2 * LINES * (4 * LINE_CHARACTERS + 1)


class TalkHistory(History):
    """
    Those of all conversations of one user.

    Args:
        file: where they stand, one a line; None where they cannot be kept.
        keeps: says, as a line is typed, whether it may be kept.
    """

    def __init__(self, file: Path | None, keeps: Callable[[], bool]) -> None:
        super().__init__()
        self._file = file
        self._keeps = keeps

    def load_history_strings(self) -> Iterable[str]:
        lines = read_lines(self._file) if self._file is not None else []
        return reversed(lines[-LINES:])

    def append_string(self, string: str) -> None:
        if not self._keeps():
            return
        for line in string.split("\n"):
            is_kept = line and not line.startswith(" ") and len(line) <= LINE_CHARACTERS
            if is_kept and not secret_in(line):
                super().append_string(line)

    def store_string(self, string: str) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a line that is not kept is no reason to stop talking
            descriptor = open_private(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                os.write(descriptor, f"{string}\n".encode("utf-8", "replace"))
            finally:
                os.close(descriptor)


def history_file(environment: Mapping[str, str]) -> Path | None:
    """The file, in the user's state folder, which is made; None where there is none to be had."""
    try:
        folder = state_place(None, environment).folder
        make_private_folder(folder)
    except DoorwardError:
        return None
    file = folder / HISTORY_NAME
    lines = read_lines(file)
    if len(lines) > 2 * LINES:
        with contextlib.suppress(DoorwardError):
            write_atomically(file, "".join(f"{line}\n" for line in lines[-LINES:]).encode(), mode=0o600)
    return file


def read_lines(file: Path) -> list[str]:
    """What stands in `file`, the oldest first; nothing where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
