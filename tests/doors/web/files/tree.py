"""A folder with everything in it that must not lead out, beside what must not be seen."""

import os
import socket
from pathlib import Path

SECRET = b"nobody is to read this\n"
OPEN = b"everybody may read this\n"


def make_tree(folder: Path) -> Path:
    """
    Make a root below `folder`; what is beside it is secret.

    Every file that may be seen holds `OPEN`, and no other does.
    """
    (folder / "secret.txt").write_bytes(SECRET)
    (folder / "rootkit").mkdir()
    (folder / "rootkit" / "secret.txt").write_bytes(SECRET)
    root = folder / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    for file in ("a.txt", "sub/b.txt", "sub/deep/c.txt", "back\\slash.txt", "sp ace.txt", "%2e%2e"):
        (root / file).write_bytes(OPEN)
    (root / ".hidden").write_bytes(SECRET)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(SECRET)
    links = {
        "in": "sub",
        "in.txt": "sub/b.txt",
        "in-absolute.txt": str(root / "a.txt"),
        "sub/up.txt": "../a.txt",
        "out.txt": "../secret.txt",
        "out": "..",
        "out-absolute": "/",
        "out-beside": str(folder / "rootkit"),
        "out-and-in.txt": "../root/a.txt",
        "out-by-link.txt": "out/secret.txt",
        "loop": "loop",
        "to-hidden.txt": ".hidden",
        "dangling.txt": "nothing",
        "through-file.txt": "a.txt/",
        "proc": "/proc/self/root/etc/passwd",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(root)  # its path may be too long for a socket
        try:
            bound.bind("socket")
        finally:
            os.chdir(here)
    return root
