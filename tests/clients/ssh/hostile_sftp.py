"""A server of SFTP that lists what leads elsewhere, and overwrites; a program, as it waits for its disk."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from hashlib import sha256

import asyncssh

NAMES = (b".", b"..", b"../../etc/passwd", b"/etc/shadow", b"web.1\x1b[2J", b"web.2", b"\xff")


class Nobody(asyncssh.SSHServer):
    """Lets everybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


class HostileFiles(asyncssh.SFTPServer):
    """Files of one folder."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in NAMES:
            attributes = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=3, permissions=0o100600)
            yield asyncssh.SFTPName(name, name, attributes)

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
