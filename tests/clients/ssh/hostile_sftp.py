"""A server of SFTP that lists what leads elsewhere, overwrites and forgets; a program: it waits for disks."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from hashlib import sha256
from pathlib import Path

import asyncssh

NAMES = (b".", b"..", b"../../etc/passwd", b"/etc/shadow", b"web.1\x1b[2J", b"web.2", b"\xff")


FORGETS_AT = "forgets-at"
"""A file in the folder: the first write from the offset on that it says fails."""

CUTS_NO_FILES = "cuts-no-files"
"""A file in the folder: while it is there, no file is made shorter."""


LISTS = "lists"
"""A file in the folder: how the list goes wrong, one of the two below."""

DRIPS = "drips"
"""It comes a bit at a time, for some seconds."""

STOPS = "stops"
"""In its midst this process stops, and answers nothing any more."""

_AT_ONCE = 128
"""How many names the library waits for before it answers."""


class Nobody(asyncssh.SSHServer):
    """Lets everybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


class HostileFiles(asyncssh.SFTPServer):
    """Files of one folder."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        how = self._how_it_lists()
        for number in range(20 * _AT_ONCE if how else 0):
            if number == _AT_ONCE and how == STOPS:
                os.kill(os.getpid(), signal.SIGSTOP)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0.3)
            yield asyncssh.SFTPName(b"web.%d" % number, attrs=asyncssh.SFTPAttrs(size=3))
        for name in NAMES:
            attributes = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=3, permissions=0o100600)
            yield asyncssh.SFTPName(name, name, attributes)

    def _how_it_lists(self) -> str:
        lists = Path(os.fsdecode(self.map_path(LISTS.encode())))
        return lists.read_text() if lists.exists() else ""

    def write(self, file_obj: object, offset: int, data: bytes) -> int | Awaitable[int]:
        forgets = Path(os.fsdecode(self.map_path(FORGETS_AT.encode())))
        if forgets.exists() and offset >= int(forgets.read_text()):
            forgets.unlink()
            raise asyncssh.SFTPFailure("an error of the disk")
        return super().write(file_obj, offset, data)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        if Path(os.fsdecode(self.map_path(CUTS_NO_FILES.encode()))).exists():
            raise asyncssh.SFTPOpUnsupported("not here")
        super().setstat(path, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        os.replace(self.map_path(oldpath), self.map_path(newpath))


async def serve(folder: str) -> None:
    """Serve, and print the port and the fingerprint of the host key."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Nobody,
        server_host_keys=[key],
        sftp_factory=lambda channel: HostileFiles(channel, chroot=os.fsencode(folder)),
    )
    sys.stdout.write(f"{listener.get_port()} {sha256(key.public_data).hexdigest()}\n")
    sys.stdout.flush()
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
