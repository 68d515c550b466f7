"""A wire to whatever an endpoint names."""

from doorward.clients._connecting import connect
from doorward.clients._endpoints import LineEndpoint, TlsEndpoint
from doorward.clients.lines.wire import Wire


def reach(endpoint: LineEndpoint, *, within_seconds: float) -> Wire:
    """
    Connect; over TLS, with a server that is trusted.

    Blocks for at most `within_seconds` a connection, and again for each handshake.

    Raises:
        ConnectError: nothing could be reached there, or nobody who is trusted.
    """
    if not isinstance(endpoint, TlsEndpoint):
        return Wire(connect(endpoint, within_seconds=within_seconds))
    # ssl is imported for those who need it
    from doorward.clients.lines.tls import connect_tls

    secured = connect_tls(endpoint, within_seconds=within_seconds)
    return Wire(secured.peer, secured.layer)
