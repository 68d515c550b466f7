"""Whom a conversation over TLS is with, for people and for programs: the certificate of the peer."""

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from doorward.core.errors import CertificateError

if TYPE_CHECKING:
    from doorward.clients.talk.session import TalkSession
    from doorward.core.certificates import Certificate

_NAMES_SHOWN, _CHARACTERS_SHOWN = 20, 200


def tls_lines(session: "TalkSession") -> Iterator[str]:
    """What is known of the peer over TLS, a line each; none without TLS."""
    if session.tls is None:
        return
    yield f"TLS          {session.tls[0]}, {session.tls[1]}"
    try:
        certificate = _certificate(session)
    except CertificateError as error:
        yield f"certificate  {error.problem}"
        return
    if certificate is None:
        yield "certificate  none"
        return
    from doorward.core.certificates import minute_of
    from doorward.stores.certificate_reading import subject_and_issuer

    subject, issuer = subject_and_issuer(certificate.der)
    yield f"subject      {_short(subject) or 'nobody'}"
    yield f"for          {_names(certificate.names)}"
    yield f"issuer       {_short(issuer) or 'nobody'}"
    yield f"valid        {minute_of(certificate.not_before)} to {minute_of(certificate.not_after)}"
    yield f"fingerprint  SHA256:{certificate.fingerprint}"


def tls_json(session: "TalkSession") -> dict[str, Any] | None:
    """The same as an object; None without TLS."""
    if session.tls is None:
        return None
    found: dict[str, Any] = {"protocol": session.tls[0], "cipher": session.tls[1], "certificate": None}
    try:
        certificate = _certificate(session)
    except CertificateError:
        return found
    if certificate is not None:
        from doorward.stores.certificate_reading import subject_and_issuer

        subject, issuer = subject_and_issuer(certificate.der)
        found["certificate"] = {
            "subject": subject,
            "names": list(certificate.names),
            "issuer": issuer,
            "not_before": certificate.not_before.isoformat(),
            "not_after": certificate.not_after.isoformat(),
            "fingerprint": f"SHA256:{certificate.fingerprint}",
        }
    return found


def pem_of(session: "TalkSession") -> str:
    """The certificate of the peer in PEM; empty where it showed none."""
    return ssl.DER_cert_to_PEM_cert(session.certificate) if session.certificate is not None else ""


def _certificate(session: "TalkSession") -> "Certificate | None":
    if session.certificate is None:
        return None
    from doorward.stores.certificate_reading import certificates_in

    return certificates_in(pem_of(session).encode(), file=session.address)[0]


def _names(names: tuple[str, ...]) -> str:
    shown = [_short(name) for name in names[:_NAMES_SHOWN]]
    left = len(names) - len(shown)
    return ", ".join([*shown, *([f"{left} more"] if left else [])]) or "nobody"


def _short(text: str) -> str:
    return text if len(text) <= _CHARACTERS_SHOWN else f"{text[:_CHARACTERS_SHOWN]}..."
