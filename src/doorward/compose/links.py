"""Where a file stands that is named by a link, when not every link can be believed."""

import os
import stat
from pathlib import Path

from doorward.core.errors import TrustError

_MOST_LINKS = 40  # as many as Linux follows


def followed(file: Path) -> Path:
    """
    Where `file` stands in the end, whether it is there or not; its last component is no link.

    Source: fs.protected_symlinks of Linux, which looks at a link that is opened, but not at one that is read.

    Raises:
        TrustError: somebody else put a link there, in a folder where everybody may write.
        OSError: a folder of it cannot be looked at.
    """
    now = file
    for _ in range(_MOST_LINKS):
        folder = Path(os.path.realpath(now.parent))
        now = folder / now.name
        try:
            link = os.lstat(now)
        except FileNotFoundError:
            return now
        if not stat.S_ISLNK(link.st_mode):
            return now
        around = os.stat(folder)
        is_shared = around.st_mode & stat.S_ISVTX and around.st_mode & stat.S_IWOTH
        if is_shared and link.st_uid not in {os.geteuid(), around.st_uid}:
            raise TrustError(
                f"{now} is a link that somebody else put into a folder where everybody may write; "
                "name the file itself"
            )
        now = folder / os.readlink(now)
    raise TrustError(f"{file} leads from link to link without end")
