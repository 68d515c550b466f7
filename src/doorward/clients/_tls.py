"""What a client goes by in a handshake with a server that is yet to be trusted."""

import contextlib
import ssl
from pathlib import Path

from doorward.clients._endpoints import HttpEndpoint, TlsEndpoint
from doorward.clients._pairs import words_of_pair
from doorward.clients._trust import Check, Words
from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError, TlsFailed


def client_context(endpoint: TlsEndpoint | HttpEndpoint, check: Check) -> ssl.SSLContext:
    """
    What a handshake with `endpoint` goes by, so that `check` can be made; the files of its trust are read.

    Raises:
        ConnectError: one of them cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    trust = endpoint.trust
    if check is Check.BY_ITSELF:
        # who it is is decided after the handshake, which proves that it has the key
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if trust.client_certificate is not None:
            # TLS 1.2 would show ours before that: RFC 5246 section 7.4.6
            context.minimum_version = ssl.TLSVersion.TLSv1_3
    elif trust.authorities is None:
        context.load_default_certs()
        if not is_this_machine(endpoint.host):
            _take_own_beside(context, trust.own)
    else:
        try:
            trust_file(context, trust.authorities)
        except OSError as error:
            problem = f"{trust.authorities} holds no certificates to trust: {words_of_error(error)}"
            raise tls_error(endpoint, (problem, "")) from error
    _show_ourselves(endpoint, context)
    return context


def trust_file(context: ssl.SSLContext, file: str | Path) -> None:
    """
    Believe what the certificates of a PEM file vouch for, and those certificates themselves.

    Raises:
        OSError: the file holds none, or cannot be read; `words_of_error` says it.
    """
    # a server's own certificate may stand in the file, or one in the middle of its chain
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(file)


def _take_own_beside(context: ssl.SSLContext, certificates: tuple[bytes, ...]) -> None:
    """
    Believe `certificates` beside the authorities, by their name and dates.

    A daemon of our own counts a handshake that we leave as a failed login: where it is reached by the name in
    its certificate, the first one has to be good.
    """
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for each in certificates:
        with contextlib.suppress(ssl.SSLError):  # what is no certificate is nobody's either
            context.load_verify_locations(cadata=each)


def _show_ourselves(endpoint: TlsEndpoint | HttpEndpoint, context: ssl.SSLContext) -> None:
    trust = endpoint.trust
    if trust.client_certificate is None:
        return
    try:
        # a password of none: otherwise OpenSSL would ask for one on the terminal
        context.load_cert_chain(trust.client_certificate, trust.client_key, password="")
    except OSError as error:
        words = words_of_pair(trust.client_certificate, trust.client_key, error)
        raise tls_error(endpoint, words) from error


def words_of_error(error: OSError) -> str:
    """What the system or OpenSSL said."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return (error.strerror or str(error)).lower()


class Distrusted(Exception):
    """
    A certificate that did not pass one check; no client lets it out.

    Attributes:
        failed: what OpenSSL said of it; None when it was looked at by itself.
        certificate: it, in DER, as far as it is known.
    """

    def __init__(self, failed: TlsFailed | None, certificate: bytes | None) -> None:
        super().__init__()
        self.failed = failed
        self.certificate = certificate


def tls_error(endpoint: TlsEndpoint | HttpEndpoint, words: Words) -> ConnectError:
    """The error that says so."""
    return ConnectError(endpoint.url, "TLS", *words)
