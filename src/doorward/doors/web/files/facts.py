"""What a file is like at one moment, as far as an answer depends on it."""

import os
from dataclasses import dataclass
from email.utils import formatdate

from doorward.doors.web.files.conditions import Validators

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class FileFacts:
    """
    A regular file as `fstat` tells of it.

    Attributes:
        device, inode: which file it is.
        size_bytes: how long.
        modified_ns: when its content was last changed, since 1970.
        changed_ns: when anything was, its names included.
    """

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int

    @property
    def validators(self) -> Validators:
        """
        What it is compared by.

        The tag is a strong one: it changes with the file that has this name and, as fine as the file system's
        clock is, with its content.
        """
        tag = f'"{self.inode:x}-{self.size_bytes:x}-{self.modified_ns:x}"'
        return Validators(tag, self.modified_ns // _NS)

    @property
    def last_modified(self) -> str:
        """As Last-Modified has it."""
        return formatdate(self.modified_ns // _NS, usegmt=True)


def facts_of(descriptor: int) -> FileFacts:
    """The facts of an open file."""
    found = os.fstat(descriptor)
    return FileFacts(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
