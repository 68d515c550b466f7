"""A connection over TLS to a server that is trusted; nothing of ours is said before."""

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass, replace

from doorward.clients._connecting import connect
from doorward.clients._endpoints import TlsEndpoint
from doorward.clients._tls import Distrusted, client_context, tls_error, words_of_error
from doorward.clients._trust import (
    CLOSED,
    PLAIN,
    Check,
    Trust,
    checks_of,
    words_of_distrust,
    words_of_failure,
)
from doorward.core.errors import ConnectError, TlsFailed
from doorward.lines.tls import TlsLayer

READ_BYTES = 16 * 1024

_RECORD_TYPES = range(20, 25)
"""What a record of TLS begins with: RFC 8446 section B.1 and, for heartbeats, RFC 6520."""


@dataclass(frozen=True, slots=True)
class Secured:
    """
    A handshake that is done.

    Attributes:
        peer: a socket that does not block.
        layer: on it; it has bytes to send.
    """

    peer: socket.socket
    layer: TlsLayer


def connect_tls(endpoint: TlsEndpoint, *, within_seconds: float) -> Secured:
    """
    Reach `endpoint` and make sure who it is.

    Blocks for at most `within_seconds` a connection, and again for each handshake. Two are made where two
    checks may let it in, and one more to tell what it showed.

    Raises:
        ConnectError: nothing could be reached, it speaks no TLS, or it is not trusted.
    """
    failed: TlsFailed | None = None
    shown: bytes | None = None
    for check in checks_of(endpoint.trust, endpoint.host):
        try:
            return _secured(endpoint, check, within_seconds=within_seconds)
        except Distrusted as distrusted:
            failed = distrusted.failed or failed
            shown = distrusted.certificate or shown
    shown = shown or _look(endpoint, within_seconds=within_seconds)
    raise tls_error(endpoint, words_of_distrust(endpoint.trust, failed, shown)) from failed


def _secured(endpoint: TlsEndpoint, check: Check, *, within_seconds: float) -> Secured:
    context = client_context(endpoint, check)
    peer = connect(endpoint, within_seconds=within_seconds)
    try:
        layer = _begun(endpoint, context)
        _shake_hands(endpoint, peer, layer, within_seconds=within_seconds)
        # before our last flight, which over TLS 1.3 holds who we are
        if check is Check.BY_ITSELF and not endpoint.trust.is_exactly_trusted(layer.peer_certificate):
            raise Distrusted(None, layer.peer_certificate)
        peer.setblocking(False)
    except BaseException:
        peer.close()
        raise
    return Secured(peer, layer)


def _look(endpoint: TlsEndpoint, *, within_seconds: float) -> bytes | None:
    """The certificate that the server shows to anybody; None when it does not show it again."""
    with contextlib.suppress(ConnectError):
        try:
            # who trusts nothing gets no further than this
            _secured(replace(endpoint, trust=Trust()), Check.BY_ITSELF, within_seconds=within_seconds)
        except Distrusted as distrusted:
            return distrusted.certificate
    return None


def _begun(endpoint: TlsEndpoint, context: ssl.SSLContext) -> TlsLayer:
    # the zone of a link-local address is a matter of this machine: RFC 6874 section 1
    name = endpoint.host.partition("%")[0]
    try:
        return TlsLayer(context, server_side=False, server_hostname=name)
    except (ValueError, TlsFailed) as error:
        raise tls_error(endpoint, (f"there is no TLS to be had with {name!r}: {error}", "")) from error


def _shake_hands(
    endpoint: TlsEndpoint, peer: socket.socket, layer: TlsLayer, *, within_seconds: float
) -> None:
    """Do the handshake; what is to be sent after it stays in `layer`."""
    try:
        _exchange(endpoint, peer, layer, ends_at=time.monotonic() + within_seconds)
    except TlsFailed as failed:
        with contextlib.suppress(OSError):  # the alert
            peer.sendall(layer.bytes_to_send())
        if failed.verify_code:
            raise Distrusted(failed, None) from failed
        raise tls_error(endpoint, words_of_failure(failed)) from failed
    except TimeoutError as error:
        words = f"no handshake within {within_seconds:g} s", "Does a door with TLS listen there?"
        raise tls_error(endpoint, words) from error
    except ConnectionError as error:
        raise tls_error(endpoint, CLOSED) from error
    except OSError as error:
        raise tls_error(endpoint, (f"the connection was lost: {words_of_error(error)}", "")) from error


def _exchange(endpoint: TlsEndpoint, peer: socket.socket, layer: TlsLayer, *, ends_at: float) -> None:
    is_first = True
    while not layer.is_established:
        _wait_at_most(peer, ends_at)
        peer.sendall(layer.bytes_to_send())
        _wait_at_most(peer, ends_at)
        data = peer.recv(READ_BYTES)
        if not data:
            raise tls_error(endpoint, CLOSED)
        if is_first and data[0] not in _RECORD_TYPES:
            raise tls_error(endpoint, PLAIN)
        is_first = False
        layer.receive_data(data)


def _wait_at_most(peer: socket.socket, ends_at: float) -> None:
    # 0 would not wait at all, and say so with another error
    peer.settimeout(max(ends_at - time.monotonic(), 0.001))
