"""Keys that a security key holds: a touched one lets in. The authenticator is played, the protocol is not."""

import asyncio
import base64
import hashlib
from pathlib import Path

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attacks.ssh_clients import MSG_USERAUTH_REQUEST, UNPUNISHED, string
from tests.attacks.test_ssh_before_login import begun
from tests.doors.daemon import TCP, Daemon, running
from tests.doors.ssh_peers import SSH, users

APPLICATION = b"ssh:"
ALGORITHM = b"sk-ssh-ed25519@openssh.com"
TOUCHED, UNTOUCHED = 1, 0
MSG_USERAUTH_FAILURE, MSG_USERAUTH_SUCCESS = 51, 52


class Authenticator:
    """
    What a security key does, without the key.

    Source: PROTOCOL.u2f of OpenSSH; the second byte string that is signed is the message's SHA-256.
    """

    def __init__(self) -> None:
        self._private = ed25519.Ed25519PrivateKey.generate()
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = string(ALGORITHM) + string(public) + string(APPLICATION)

    @property
    def line(self) -> str:
        return f"{ALGORITHM.decode()} {base64.b64encode(self.blob).decode()} a test"

    def signature(self, message: bytes, *, flags: int) -> bytes:
        behind = bytes([flags]) + (1).to_bytes(4, "big")
        signed = hashlib.sha256(APPLICATION).digest() + behind + hashlib.sha256(message).digest()
        return string(ALGORITHM) + string(self._private.sign(signed)) + behind


async def tried(daemon: Daemon, key: Authenticator, *, flags: int, is_tampered: bool = False) -> int:
    """Show the key; the message that came."""
    connection = await begun(daemon)
    heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    process = connection.process_packet

    def hear(kind: int, number: int, packet: asyncssh.packet.SSHPacket) -> object:
        if kind in {MSG_USERAUTH_FAILURE, MSG_USERAUTH_SUCCESS} and not heard.done():
            heard.set_result(kind)
            return True
        return process(kind, number, packet)

    connection.process_packet = hear  # type: ignore[method-assign, assignment]
    body = b"".join(
        (string(b"alice"), string(b"ssh-connection"), string(b"publickey"), b"\1", string(ALGORITHM))
    ) + string(key.blob)
    message = string(connection._session_id) + bytes([MSG_USERAUTH_REQUEST]) + body
    signature = key.signature(message + (b"!" if is_tampered else b""), flags=flags)
    connection.send_packet(MSG_USERAUTH_REQUEST, body, string(signature))
    try:
        async with asyncio.timeout(15):
            return await heard
    finally:
        connection.abort()
        await connection.wait_closed()


@pytest.mark.parametrize(
    ("flags", "is_tampered", "wanted"),
    [
        (TOUCHED, False, MSG_USERAUTH_SUCCESS),
        (UNTOUCHED, False, MSG_USERAUTH_FAILURE),
        (TOUCHED, True, MSG_USERAUTH_FAILURE),
    ],
)
def test_a_security_key_lets_in_when_it_was_touched(
    tmp_path: Path, flags: int, wanted: int, *, is_tampered: bool
) -> None:
    key = Authenticator()
    table = users().replace("roles =", f'keys = ["{key.line}"]\nroles =')
    with running(tmp_path, SSH + TCP + table + UNPUNISHED) as daemon:
        assert asyncio.run(tried(daemon, key, flags=flags, is_tampered=is_tampered)) == wanted
