"""
Throwaway certificates, made by openssl: fixtures for the session, and what they are made with.

A test that uses them is marked `@pytest.mark.needs_program("openssl", package="openssl")`.
"""

import ipaddress
import ssl
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
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
        text, end, _ = self.file.read_text().partition("-----END CERTIFICATE-----\n")
        return ssl.PEM_cert_to_DER_cert(text + end)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of it, 64 hexadecimal digits."""
        return sha256(self.der).hexdigest()


def self_signed(folder: Path, *names: str) -> Certificate:
    """Make one that vouches for itself, for host names and addresses, or for nobody."""
    made = _files(folder)
    _openssl("req", "-x509", *NEW_KEY, "-keyout", made.key, "-out", made.file, "-days", "2", *_subject(names))
    return made


def expired(folder: Path, *names: str) -> Certificate:
    """Make a self-signed one that ended yesterday."""
    made, request = _files(folder), folder / "request.pem"
    _request(made, request, *_subject(names))
    _openssl(
        *("x509", "-req", "-in", request, "-signkey", made.key, "-out", made.file),
        *("-days", "-1", "-copy_extensions", "copy"),
    )
    return made


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Somebody who vouches for others.

    Attributes:
        file, key: its own certificate.
        chain: the certificates between the root and what is issued, in PEM; empty when the root issues.
    """

    file: Path
    key: Path
    chain: str = ""

    def issue(self, folder: Path, *names: str) -> Certificate:
        """Make one for host names and addresses; its file holds the chain as well."""
        return self._sign(folder, _subject(names))

    def issue_client(self, folder: Path, name: str) -> Certificate:
        """Make one that a client of this name logs in with."""
        usage = ("-subj", f"/CN={name}", "-addext", "extendedKeyUsage=clientAuth")
        return self._sign(folder, usage)

    def intermediate(self, folder: Path) -> "Authority":
        """Make one below this one that issues in its stead."""
        constraints = ("-subj", "/CN=Doorward test, between", "-addext", "basicConstraints=critical,CA:TRUE")
        made = self._sign(folder, constraints)
        return Authority(made.file, made.key, made.file.read_text())

    def _sign(self, folder: Path, options: tuple[str, ...]) -> Certificate:
        made, request = _files(folder), folder / "request.pem"
        _request(made, request, *options)
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial"),
            *("-CAserial", folder / "serial", "-out", made.file, "-days", "2", "-copy_extensions", "copy"),
        )
        made.file.write_text(made.file.read_text() + self.chain)
        return made


def authority(folder: Path) -> Authority:
    """Make a root."""
    made = _files(folder)
    _openssl(
        *("req", "-x509", *NEW_KEY, "-keyout", made.key, "-out", made.file, "-days", "2"),
        *("-subj", "/CN=Doorward test, root"),
    )
    return Authority(made.file, made.key)


def server_context(
    certificate: Certificate,
    *,
    version: ssl.TLSVersion | None = None,
    client_authority: Path | None = None,
) -> ssl.SSLContext:
    """What a server runs on, of one version or of all since 1.2; it may want a certificate of its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = version or ssl.TLSVersion.TLSv1_2
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.load_cert_chain(certificate.file, certificate.key)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(trusted: Path, *, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """What a client runs on that trusts this file alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = version or ssl.TLSVersion.TLSv1_2
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.load_verify_locations(trusted)
    return context


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A self-signed certificate for this machine, as a daemon makes one."""
    return self_signed(tmp_path_factory.mktemp("localhost"), "localhost", "127.0.0.1", "::1")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A root that vouches for what a test has it issue."""
    return authority(tmp_path_factory.mktemp("root"))


def _files(folder: Path) -> Certificate:
    folder.mkdir(parents=True, exist_ok=True)
    return Certificate(folder / "cert.pem", folder / "key.pem")


def _subject(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ("-subj", "/CN=nobody")
    alternatives = ",".join(f"IP:{name}" if _is_address(name) else f"DNS:{name}" for name in names)
    return ("-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _request(made: Certificate, request: Path, *options: str) -> None:
    _openssl("req", "-new", *NEW_KEY, "-keyout", made.key, "-out", request, *options)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)
