"""Who holds a port, as far as this user may see."""

import os
from contextlib import suppress
from pathlib import Path

_LISTENING = "0A"
_MOST_PROCESSES = 20_000


def holder_of(port: int) -> str:
    """The program that listens on a TCP port, `nginx (pid 812)`; empty when that cannot be seen."""
    inodes = _listening_inodes(port)
    if not inodes:
        return ""
    for folder in list(Path("/proc").glob("[0-9]*"))[:_MOST_PROCESSES]:
        # processes come and go while we look, and others' may not be looked at
        with suppress(OSError):
            if any(os.readlink(link) in inodes for link in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes
