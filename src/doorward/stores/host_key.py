"""The key by which clients know the SSH door: made once, or its keeper's; never one others could read."""

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from doorward.core.errors import CertificateError
from doorward.core.keys import fingerprint_of
from doorward.core.settings import SshSettings
from doorward.stores.atomic import remove_leftovers, write_atomically
from doorward.stores.certificate_files import read_certificate_file, read_key_file
from doorward.stores.places import HOST_KEY_NAME

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_CERTIFICATE_TYPE = b"ssh-ed25519-cert-v01@openssh.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """
    What the SSH door proves who it is with.

    Attributes:
        path: of the private key.
        private_key: in OpenSSH's own format.
        certificate: of it, in OpenSSH's one-line format; empty for none.
        fingerprint: of the public key, as OpenSSH shows it.
    """

    path: str
    private_key: bytes
    certificate: bytes = b""
    fingerprint: str = ""

    def __repr__(self) -> str:
        return f"HostKey(path={self.path!r}, fingerprint={self.fingerprint!r})"


def load_host_key(settings: SshSettings, folder: Path, *, uid: int | None = None) -> HostKey:
    """
    Read the keeper's host key, or the one of the state `folder`, which is made unless it is there.

    A certificate is taken from where the settings say, or else from beside the key. Blocks, so never on a
    loop.

    Args:
        settings: of the door.
        folder: the state's.
        uid: whom the daemon runs as; None for whoever runs this.

    Raises:
        CertificateError: a file cannot be used, or others could have read or written it.
        StateError: a new key cannot be written.
    """
    path = settings.host_key or str(folder / HOST_KEY_NAME)
    owner = os.geteuid() if uid is None else uid
    if not settings.host_key and not os.path.lexists(path):
        _make(Path(path))
    private_key = read_key_file(path, uid=owner)
    public_key = _public_key_of(private_key, path)
    beside = f"{path}-cert.pub"
    certificate_path = settings.host_certificate or (beside if os.path.lexists(beside) else "")
    certificate = b""
    if certificate_path:
        certificate = read_certificate_file(certificate_path, uid=owner)
        _check_certificate(certificate, public_key, certificate_path)
    return HostKey(
        path=path,
        private_key=private_key,
        certificate=certificate,
        fingerprint=fingerprint_of(_blob_of(public_key)),
    )


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    remove_leftovers(path)
    key = Ed25519PrivateKey.generate()
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" doorward\n"
    # for its keeper, who puts it into known_hosts elsewhere; nothing of ours reads it
    write_atomically(path.with_name(f"{path.name}.pub"), line, mode=0o644)
    data = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    write_atomically(path, data, mode=0o600)


def _public_key_of(private_key: bytes, path: str) -> bytes:
    """The public half in OpenSSH's one-line format."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _ed25519_of(private_key, path).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def _ed25519_of(private_key: bytes, path: str) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(
            path,
            "it is no private key of OpenSSH, or one that a passphrase locks",
            "make one: ssh-keygen -t ed25519 -N '' -f FILE",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CertificateError(
            path, "it is of another kind than Ed25519", "make one: ssh-keygen -t ed25519 -N '' -f FILE"
        )
    return key


def _check_certificate(line: bytes, public_key: bytes, path: str) -> None:
    words = line.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
        fields = _strings(blob, 3)
    except (IndexError, binascii.Error, ValueError) as error:
        raise CertificateError(path, "it is no certificate of OpenSSH") from error
    if fields[0] != _CERTIFICATE_TYPE:
        raise CertificateError(path, "it is no certificate of an Ed25519 key")
    if fields[2] != _strings(_blob_of(public_key), 2)[1]:
        raise CertificateError(
            path, "it is a certificate of another key", "sign this one: ssh-keygen -h -s CA"
        )


def _blob_of(public_key: bytes) -> bytes:
    return base64.b64decode(public_key.split()[1])


def _strings(blob: bytes, count: int) -> list[bytes]:
    """The first so many strings of `blob`. Source: RFC 4251 section 5."""
    found = []
    for _ in range(count):
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size or len(blob) < 4:
            raise ValueError("cut short")
        found.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return found
