"""Users whose passwords cost what they are shipped to cost, and peers that try one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.doors.daemon import Daemon
from tests.doors.peers import Address, address_of, dial, receive_all, receive_until

# of "sesame", as `doorward hash-password` makes it
FULL_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=1$LyP8QL6UjCtvJrU0AQmOCA$wkU1ETLnQYCwJVIf6tAAZLiZduDbgDAP8ho82xfk3GI"
)

USERS = f"""
[users.alice]
password = "{FULL_HASH}"
[users.bob]
password = "{FULL_HASH}"
[users.nologin]
uid = 54321
"""
"""Two have a password, so that a line is a name and a password; one has none."""

PROMPT = b"Password?\n"
BUSY = b"Uh? too many passwords are being checked, try again later\n"


@contextmanager
def prompted(daemon: Daemon, source: str, address: Address | None = None) -> Iterator[socket.socket]:
    """A peer of the tls door who was asked for a password."""
    with dial(address or address_of(daemon, "tls"), source=source) as peer:
        assert receive_until(peer, b"\n") == PROMPT
        yield peer


def tried(daemon: Daemon, line: bytes, *, source: str, address: Address | None = None) -> bytes | None:
    """What a peer hears after its password, who then asks for nothing; None when it was not let in to try."""
    with dial(address or address_of(daemon, "tls"), source=source) as peer:
        heard = b""
        with suppress(ConnectionError):
            peer.sendall(line + b"\n")
            peer.shutdown(socket.SHUT_WR)
            heard = receive_all(peer)
        return heard.removeprefix(PROMPT) if heard else None
