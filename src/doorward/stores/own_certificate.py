"""The certificate that a daemon makes for itself, once."""

import contextlib
import os
import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from doorward.core.errors import CertificateError
from doorward.stores.atomic import remove_leftovers, write_atomically
from doorward.stores.certificate_files import read_key_file
from doorward.stores.certificate_reading import private_key_in
from doorward.stores.places import CERTIFICATE_NAME, KEY_NAME

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

VALID_DAYS = 3652
"""Ten years: people pin the fingerprint, and would only learn to accept any if it changed."""

_EARLY_DAYS = 1
"""For clients whose clock is behind."""

_ADDRESSES = ("127.0.0.1", "::1")
_LOCALHOST = "localhost"
_HOST = re.compile(r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


def make_own_certificate(folder: Path, *, host: str, wall_seconds: float) -> None:
    """
    Make `cert.pem` and `key.pem` in the state `folder` unless they are there. Blocks, so never on a loop.

    The key is on disk before the certificate that is made of it: a crash leaves nothing, or a key of which
    the next start makes the certificate, or both. Nothing that is there is ever replaced.

    Args:
        folder: held by this daemon.
        host: the machine's name, for which it is beside `localhost`, 127.0.0.1 and ::1.
        wall_seconds: since 1970.

    Raises:
        CertificateError: there is a certificate without its key, or the key that is there cannot be used.
        StateError: a file cannot be written.
    """
    certificate, key = folder / CERTIFICATE_NAME, folder / KEY_NAME
    if os.path.lexists(certificate):
        if os.path.lexists(key):
            return
        raise CertificateError(
            str(certificate),
            f"its key {KEY_NAME} is gone",
            "put that back, or remove this file to have both made anew with another fingerprint",
        )
    remove_leftovers(certificate)
    remove_leftovers(key)
    private_key = _stored_key(key) if os.path.lexists(key) else _new_key(key)
    pem = _certificate_of(private_key, _names(host), wall_seconds)
    write_atomically(certificate, pem, mode=0o644)


def _names(host: str) -> tuple[str, ...]:
    """Hosts that it is for; a machine may be called what no client could ask for."""
    return tuple(dict.fromkeys((_LOCALHOST, host) if _HOST.fullmatch(host) else (_LOCALHOST,)))


def _stored_key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    pem = read_key_file(str(path), uid=os.geteuid())
    with contextlib.suppress(CertificateError):
        key = private_key_in(pem, file=str(path))
        if isinstance(key, EllipticCurvePrivateKey):
            return key
    raise CertificateError(
        str(path),
        f"there is no {CERTIFICATE_NAME} beside it, and of this key none can be made",
        "put the certificate back, or move the key away to have both made anew",
    )


def _new_key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(SECP256R1())
    write_atomically(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    return key


def _certificate_of(key: "EllipticCurvePrivateKey", names: tuple[str, ...], wall_seconds: float) -> bytes:
    """A certificate in PEM that `key` signs for itself. Source: RFC 5280 section 4."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.fromtimestamp(wall_seconds, UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"doorward on {names[-1]}"[:64])])
    public_key = key.public_key()
    hosts = [x509.DNSName(name) for name in names]
    addresses = [x509.IPAddress(ip_address(each)) for each in _ADDRESSES]
    own_identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=_EARLY_DAYS))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([*hosts, *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(own_identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_identifier), critical=False
        )
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
