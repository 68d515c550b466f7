"""Throwaway certificates and their keys: made in memory, written as PEM, and what TLS makes of them."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
"""When the tests that give their own time take place."""

DAY = timedelta(days=1)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Written(NamedTuple):
    """
    Two PEM files of one folder, the key's with mode 0600.

    Attributes:
        file: the certificate, and after it those that vouch for it, without the root.
        key: its private key.
    """

    file: Path
    key: Path

    @property
    def der(self) -> bytes:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.file.read_bytes()).public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of it, 64 hexadecimal digits."""
        return sha256(self.der).hexdigest()


@dataclass(frozen=True, slots=True)
class Made:
    """
    A certificate with its key.

    Attributes:
        certificate: as the library has it.
        private_key: likewise.
        chain: the certificates between it and its root, in PEM.
    """

    certificate: x509.Certificate
    private_key: Key
    chain: str = ""

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self._key_pem(PrivateFormat.PKCS8, NoEncryption())

    @property
    def chain_below(self) -> str:
        """The chain of what this one signs: a root is in nobody's."""
        is_root = self.certificate.issuer == self.certificate.subject
        return "" if is_root else self.pem + self.chain

    def encrypted_key_pem(self, format_: PrivateFormat) -> str:
        return self._key_pem(format_, BestAvailableEncryption(b"sesame"))

    def written(self, folder: Path, name: str = "cert") -> Written:
        """Write `NAME.pem` and `NAME.key` in `folder`, which is made, the key private."""
        folder.mkdir(parents=True, exist_ok=True)
        written = Written(folder / f"{name}.pem", folder / f"{name}.key")
        written.file.write_text(self.pem + self.chain)
        written.file.chmod(0o644)
        written.key.write_text(self.key_pem)
        written.key.chmod(0o600)
        return written

    def _key_pem(self, format_: PrivateFormat, encryption: KeySerializationEncryption) -> str:
        return self.private_key.private_bytes(Encoding.PEM, format_, encryption).decode()


def made_with_bad_letters(common_name: str = "AAAAAAAA") -> bytes:
    """One in DER that the library reads, and OpenSSL does not: its subject is no UTF-8."""
    made = make_certificate(common_name, names=("robot",))
    return made.der.replace(common_name.encode(), b"\xff" * len(common_name))


def make_certificate(
    common_name: str = "alice",
    *,
    names: tuple[str, ...] = (),
    begins: datetime | None = None,
    ends: datetime | None = None,
    signer: Made | None = None,
    is_authority: bool | None = None,
    only_signs: bool = False,
    private_key: Key | None = None,
) -> Made:
    """One that counts from yesterday to tomorrow, signed by itself, and then an authority, or by `signer`."""
    key = private_key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    today = datetime.now(UTC)  # noqa: TID251 - TLS libraries ask the machine for the time
    is_authority = signer is None if is_authority is None else is_authority
    signing_key = signer.private_key if signer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or today - DAY)
        .not_valid_after(ends or today + DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        # RFC 5280 section 4.2.1.1 and 4.2.1.2 want both, and strict clients do not build a path without them
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if only_signs:
        builder = builder.add_extension(_SIGNS, critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
        )
    certificate = builder.sign(signing_key, SHA256())
    return Made(certificate, key, signer.chain_below if signer else "")


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
"""What an authority's key is for; some clients want to read it."""


def self_signed(folder: Path, *names: str) -> Written:
    """Write one that vouches for itself, for host names and addresses."""
    return make_certificate(names[0], names=names).written(folder)


def expired(folder: Path, *names: str) -> Written:
    """Write a self-signed one that ended yesterday."""
    today = datetime.now(UTC)  # noqa: TID251 - TLS libraries ask the machine for the time
    made = make_certificate(names[0], names=names, begins=today - 3 * DAY, ends=today - DAY)
    return made.written(folder)


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Somebody who vouches for others.

    Attributes:
        made: its own certificate.
        file: where that stands.
    """

    made: Made
    file: Path

    def issue(self, folder: Path, *names: str) -> Written:
        """Write one for host names and addresses, or for a client; its file holds the chain as well."""
        return make_certificate(names[0], names=names, signer=self.made).written(folder)

    def intermediate(self, folder: Path) -> "Authority":
        """Make one below this one that issues in its stead."""
        made = make_certificate("Doorward test, between", signer=self.made, is_authority=True)
        return Authority(made, made.written(folder).file)


def server_context(
    certificate: Written,
    *,
    version: ssl.TLSVersion | None = None,
    client_authority: Path | None = None,
) -> ssl.SSLContext:
    """What a server runs on, of one version or of all since 1.2; it may want a certificate of its clients."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, version)
    context.load_cert_chain(certificate.file, certificate.key)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(trusted: Path, *, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """What a client runs on that trusts this file alone."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, version)
    context.load_verify_locations(trusted)
    return context


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A self-signed certificate for this machine, as a daemon makes one."""
    return self_signed(tmp_path_factory.mktemp("localhost"), "localhost", "127.0.0.1", "::1")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A root that vouches for what a test has it issue."""
    made = make_certificate("Doorward test, root", only_signs=True)
    return Authority(made, made.written(tmp_path_factory.mktemp("root")).file)


def _context(protocol: int, version: ssl.TLSVersion | None) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = version or ssl.TLSVersion.TLSv1_2
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.RFC822Name(name) if "@" in name else x509.DNSName(name)
