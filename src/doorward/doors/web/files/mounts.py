"""All folders of one web door."""

from collections.abc import Iterable

from doorward.core.mounts import Mount
from doorward.doors.web.files.handler import Files
from doorward.doors.web.files.media_types import MediaTypes
from doorward.doors.web.files.way import Way


class Mounts:
    """
    Finds the folder that a path is below: of two that are below each other, the inner one.

    Args:
        mounts: all of them, each with a path of its own.
        way: how their files are sent.
    """

    def __init__(self, mounts: Iterable[Mount], *, way: Way) -> None:
        types = MediaTypes()
        inner_first = sorted(mounts, key=lambda mount: len(mount.path), reverse=True)
        self._files = tuple(Files(mount, way=way, types=types) for mount in inner_first)

    def find(self, path: str) -> tuple[Files, str] | None:
        """
        What answers for `path`, and what that says below the mount.

        Args:
            path: as it came, without the query.
        """
        for files in self._files:
            if (rest := files.mount.rest_of(path)) is not None:
                return files, rest
        return None

    def close(self) -> None:
        """Keep no file open but those that are being sent."""
        for files in self._files:
            files.close()
