"""
The way from the root of a mount down to a file, one name at a time, never out of it.

Each folder is held open while the next name is looked up in it, and no link is followed by the kernel: what
others rename, replace or link meanwhile changes which file of the root is found, and never that it is one.
Everything here blocks, so it belongs into a thread.
"""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from doorward.doors.web.files.targets import is_name

LINKS_MOST = 40
"""That one path may lead over. Source: MAXSYMLINKS of Linux, path_resolution(7)."""

_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# a pipe, a terminal or a device that took the place of a file meanwhile neither holds us up nor becomes ours
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})


class NotThere(Exception):
    """There is nothing that may be seen; never leaves this package."""


class Exhausted(Exception):
    """The system has no descriptor or memory left to look with; never leaves this package."""


class Walk:
    """
    One way down; a context manager that holds its folders open.

    Args:
        root: the absolute path of the root. It may itself be a link: whoever configured it vouches for it.
        shows_hidden: names that begin with a dot can be passed.

    Raises:
        NotThere: by every method, for whatever cannot be seen, read or is outside.
        Exhausted: likewise.
    """

    __slots__ = ("_folders", "_links_left", "_root", "_shows_hidden")

    def __init__(self, root: bytes, *, shows_hidden: bool) -> None:
        self._root = root
        self._shows_hidden = shows_hidden
        self._links_left = LINKS_MOST
        self._folders: list[int] = []

    def __enter__(self) -> Self:
        self._folders.append(_opened(self._root, _ROOT))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._folders:
            os.close(descriptor)
        self._folders.clear()

    def go(self, names: Iterable[bytes]) -> bytes | None:
        """
        Follow `names` from where this is.

        Returns:
            The name of a regular file in the folder reached then; None when the way ends in that folder.
        """
        pending = deque(names)
        while pending:
            name = pending.popleft()
            if name in {b"", b"."}:  # of a link's text
                continue
            if name == b"..":
                self._climb()
                continue
            if not is_name(name, shows_hidden=self._shows_hidden):
                raise NotThere
            if self._enter(name, pending) is not None:
                return name
        return None

    def open_file(self, name: bytes) -> int:
        """
        Open a regular file of this folder for reading.

        Returns:
            A descriptor, the caller's; what it reads is a regular file, whatever happened to the name.
        """
        folder = self._folders[-1]
        try:
            # to open a device may do something, so nothing else is
            is_file = stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        except OSError as error:
            raise NotThere from error
        if not is_file:
            raise NotThere
        descriptor = _opened(name, _READ, folder=folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotThere
        return descriptor

    def open_folder(self) -> int:
        """Open this folder to be listed; the descriptor is the caller's."""
        return _opened(b".", _LIST, folder=self._folders[-1])

    def _enter(self, name: bytes, pending: deque[bytes]) -> bytes | None:
        """Look at one name: go into a folder, put a link's text before `pending`, or give a file's name."""
        descriptor = _opened(name, _LOOK, folder=self._folders[-1])
        is_kept = False
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                self._folders.append(descriptor)
                is_kept = True
                return None
            if stat.S_ISLNK(mode):
                self._follow(os.readlink(b"", dir_fd=descriptor), pending)
                return None
            if stat.S_ISREG(mode) and not pending:
                return name
            raise NotThere
        finally:
            if not is_kept:
                os.close(descriptor)

    def _follow(self, text: bytes, pending: deque[bytes]) -> None:
        self._links_left -= 1
        if self._links_left < 0:
            raise NotThere
        if text.startswith(b"/"):
            text = self._below_root(text)
            self._climb_to_root()
        pending.extendleft(reversed(text.split(b"/")))

    def _below_root(self, text: bytes) -> bytes:
        """What an absolute link says below the root, as the keeper or the kernel spells that."""
        for root in (self._root, os.path.realpath(self._root)):
            if text == root or text.startswith(root.rstrip(b"/") + b"/"):
                return text[len(root) :]
        raise NotThere

    def _climb(self) -> None:
        # not by the kernel's `..`: whoever moves a folder away while we stand in it would lead us after it
        if len(self._folders) == 1:
            raise NotThere
        os.close(self._folders.pop())

    def _climb_to_root(self) -> None:
        while len(self._folders) > 1:
            self._climb()


def _opened(name: bytes, flags: int, *, folder: int | None = None) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise Exhausted from error
        raise NotThere from error
