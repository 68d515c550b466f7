"""
A file system whose files never open: what a program on a dead NFS mount meets, with nothing to install.

Run as `python dead_mount.py FOLDER`; prints `mounted`, then `asked` for each open. An open that this program
has read from the kernel and does not answer cannot be interrupted, even by KILL, until this program ends.

Source: linux/fuse.h, protocol 7.31; fs/fuse/dev.c, request_wait_answer
"""

import ctypes
import os
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, STATFS, INIT, INTERRUPT, BATCH_FORGET = 1, 2, 3, 14, 17, 26, 36, 42
ENOSYS = 38


def attributes(node: int) -> bytes:
    mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o755
    return struct.pack("<6Q10I", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(operation: int, node: int) -> bytes | None:
    """The body of the answer; None for one that says it is not implemented."""
    if operation == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 0, 0, 65536, 1, 0, 0, *[0] * 8)
    if operation == LOOKUP:
        return struct.pack("<4Q2I", 2, 0, 3600, 3600, 0, 0) + attributes(2)
    if operation == GETATTR:
        return struct.pack("<Q2I", 3600, 0, 0) + attributes(node)
    if operation == STATFS:  # a df of another test comes by
        return struct.pack("<5Q10I", *[0] * 5, 4096, 255, 4096, *[0] * 7)
    return None


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(folder: str) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"dead", folder.encode(), b"fuse", 0, options.encode()):
        sys.exit(os.strerror(ctypes.get_errno()))
    say("mounted")
    while True:
        request = os.read(device, 1 << 20)
        _, operation, unique, node = struct.unpack_from("<IIQQ", request)
        if operation == OPEN:
            say("asked")
        elif operation not in (FORGET, BATCH_FORGET, INTERRUPT):
            body = answer(operation, node)
            error = -ENOSYS if body is None else 0
            os.write(device, struct.pack("<IiQ", 16 + len(body or b""), error, unique) + (body or b""))


if __name__ == "__main__":
    main(sys.argv[1])
