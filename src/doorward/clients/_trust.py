"""Whose word for a TLS server counts, and what a person is told when nobody's does; nothing is opened."""

import base64
import enum
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from doorward.core.addresses import is_this_machine
from doorward.core.certificates import fingerprint_of
from doorward.core.errors import TlsFailed

_FINGERPRINT = re.compile(r"(?:sha-?256(?: fingerprint)?[:=])?\s*(?P<digits>[0-9a-f:]+)", re.IGNORECASE)
_FINGERPRINT_DIGITS = 64
_SSH_FINGERPRINT = re.compile(r"SHA256:(?P<base64>[A-Za-z0-9+/]{43})=?")

# X509_V_ERR_* of openssl/x509_vfy.h
_SELF_SIGNED = frozenset({18})
_UNKNOWN_ISSUERS = frozenset({2, 19, 20, 21})
_NOT_YET = 9
_EXPIRED = 10
_OTHER_NAMES = frozenset({62, 64})

_WANTS_CERTIFICATE = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED"})
_REFUSES_CERTIFICATE = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)
_KNOWS_NOBODY = frozenset({"TLSV1_ALERT_UNKNOWN_CA"})
_NO_COMMON_GROUND = frozenset(
    {
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
    }
)

Words = tuple[str, str]
"""What is the matter, and what a person can do now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """
    Whom a client believes, and who it says that it is.

    Where `fingerprint` is there, it alone counts; else `authorities`, and where they are not named either,
    those of the system and `own`.

    Attributes:
        fingerprint: of the one certificate, SHA-256 as 64 hexadecimal digits in lower case; empty for none.
        authorities: a PEM file of the only certificates that may vouch for a server, or be its own.
        own: certificates of daemons of this machine, in DER: believed as they are, whatever name they have.
        client_certificate: a PEM file to log in with, the chain after it.
        client_key: its private key; None when it stands in the same file.
    """

    fingerprint: str = ""
    authorities: Path | None = None
    own: tuple[bytes, ...] = ()
    client_certificate: Path | None = None
    client_key: Path | None = None

    def is_exactly_trusted(self, certificate: bytes | None) -> bool:
        """Whether this very certificate, in DER, is believed, without anybody's word for it."""
        if certificate is None:
            return False
        if self.fingerprint:
            return sha256(certificate).hexdigest() == self.fingerprint
        return self.authorities is None and certificate in self.own


class Check(enum.Enum):
    """How a server's certificate is looked at."""

    BY_AUTHORITIES = enum.auto()
    """Somebody trusted vouches for it, and it is for this host and this day."""
    BY_ITSELF = enum.auto()
    """It is one that is known; neither its name nor its dates count."""


def checks_of(trust: Trust, host: str) -> tuple[Check, ...]:
    """
    Choose how a server at `host` is looked at.

    One check that it passes is enough, and each costs a connection. What is known of daemons of this machine
    is tried first on this machine. Elsewhere the authorities come first, and `own` beside them: only one that
    is reached by another name than that in its certificate costs two.
    """
    if trust.fingerprint:
        return (Check.BY_ITSELF,)
    if trust.authorities is not None or not trust.own:
        return (Check.BY_AUTHORITIES,)
    if is_this_machine(host):
        return (Check.BY_ITSELF, Check.BY_AUTHORITIES)
    return (Check.BY_AUTHORITIES, Check.BY_ITSELF)


def parse_fingerprint(text: str) -> str:
    """
    Read a SHA-256 fingerprint.

    That is `SHA256:` and hexadecimal digits with colons or without, or the digits alone, or what
    `openssl x509 -noout -fingerprint -sha256` prints; or `SHA256:` and 43 characters of base64, as ssh-keygen
    prints those of host keys.

    Returns:
        64 hexadecimal digits in lower case.

    Raises:
        ValueError: it is none.
    """
    if of_key := _SSH_FINGERPRINT.fullmatch(text.strip()):
        return base64.b64decode(of_key["base64"] + "=").hex()
    match = _FINGERPRINT.fullmatch(text.strip())
    digits = match["digits"].replace(":", "").lower() if match else ""
    if len(digits) != _FINGERPRINT_DIGITS:
        raise ValueError("expected SHA256: and 64 hexadecimal digits")
    return digits


def format_fingerprint(certificate: bytes) -> str:
    """The fingerprint of a certificate in DER, as it is typed after `--fingerprint`."""
    return f"SHA256:{fingerprint_of(certificate)}"


def words_of_distrust(trust: Trust, failed: TlsFailed | None, certificate: bytes | None) -> Words:
    """
    What to tell of a server that passed none of its checks.

    Args:
        trust: what it was checked against.
        failed: what was the matter with it for the authorities; None when they were not asked.
        certificate: what it showed, in DER; None when that is not known.
    """
    shown = f": {format_fingerprint(certificate)}" if certificate else ""
    if failed is None:
        return (
            f"the server's certificate has another fingerprint{shown}",
            "Ask its keeper whether it was made anew; otherwise somebody may sit in between.",
        )
    problem = _problem_of_certificate(trust, failed)
    if not certificate:
        return problem, "Ask the server's keeper."
    option = f"--fingerprint {format_fingerprint(certificate)}"
    return (
        problem,
        f"If its keeper tells you the same fingerprint, add {option}; uncompared, it may be anybody's.",
    )


def _problem_of_certificate(trust: Trust, failed: TlsFailed) -> str:
    code = failed.verify_code
    whom = f"those of {trust.authorities}" if trust.authorities else "the authorities of this system"
    if code in _SELF_SIGNED:
        return f"the server's certificate is self-signed, and not one of {whom}"
    if code in _UNKNOWN_ISSUERS:
        return f"none of {whom} vouches for the server's certificate"
    if code == _EXPIRED:
        return "the server's certificate has expired"
    if code == _NOT_YET:
        return "the server's certificate is not valid yet; is the clock right?"
    reason = failed.reason.rstrip(".")  # a sentence, and more comes after it
    if code in _OTHER_NAMES:
        return f"the server's certificate is for another name: {reason}"
    return f"the server's certificate is not trusted: {reason}"


def words_of_failure(failed: TlsFailed) -> Words:
    """What to tell of a TLS that failed over something else than the server's certificate."""
    if failed.code in _WANTS_CERTIFICATE:
        return "the server wants a certificate of whoever asks", "Name yours with --client-certificate."
    if failed.code in _KNOWS_NOBODY:
        return (
            "the server does not know this client certificate",
            "Its keeper gives it to a user there: doorward user certificate NAME FILE.",
        )
    if failed.code in _REFUSES_CERTIFICATE:
        return (
            f"the server refused the certificate that was shown to it: {failed.reason}",
            "Is it the one that stands at your user there, and has it not expired?",
        )
    if failed.code in _NO_COMMON_GROUND:
        return (
            f"the server speaks no TLS that is safe enough: {failed.reason}",
            "TLS 1.2 is the least that will do; TLS 1.3 with --client-certificate, unless --ca is there too.",
        )
    return f"TLS failed: {failed.reason}", ""


CLOSED: Words = (
    "the server closed the connection before the end of the handshake",
    "It may be full, or make this address wait after failed logins: try again later.",
)

PLAIN: Words = (
    "what answers there does not speak TLS",
    "Is it another door? One without TLS is asked with tcp://HOST:PORT or http://HOST:PORT.",
)
