"""Certificates and keys for tests, made anew each time."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
"""When the tests that give their own time take place."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Made:
    """
    A certificate with its key.

    Attributes:
        certificate: as the library has it.
        private_key: likewise.
    """

    certificate: x509.Certificate
    private_key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def encrypted_key_pem(self, format_: PrivateFormat) -> str:
        return self.private_key.private_bytes(
            Encoding.PEM, format_, BestAvailableEncryption(b"sesame")
        ).decode()

    def written(self, folder: Path, name: str) -> tuple[Path, Path]:
        """`NAME.pem` and `NAME.key` in `folder`, the key private."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_text(self.pem)
        certificate.chmod(0o644)
        key.write_text(self.key_pem)
        key.chmod(0o600)
        return certificate, key


def make_certificate(
    common_name: str = "alice",
    *,
    names: tuple[str, ...] = (),
    begins: datetime | None = None,
    ends: datetime | None = None,
    signer: Made | None = None,
    private_key: Key | None = None,
) -> Made:
    """One that counts from yesterday to tomorrow, signed by itself or by `signer`."""
    key = private_key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    today = datetime.now(UTC)  # noqa: TID251 - TLS libraries ask the machine for the time
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or today - timedelta(days=1))
        .not_valid_after(ends or today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
        )
    return Made(builder.sign(signer.private_key if signer else key, SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.RFC822Name(name) if "@" in name else x509.DNSName(name)
