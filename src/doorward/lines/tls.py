"""One end of TLS without I/O: bytes of the wire in and out, plain bytes in and out."""

import ssl
from typing import NoReturn

from doorward.core.errors import TlsFailed

RECORD_BYTES = 16 * 1024
"""One read gives no more than one record holds: RFC 8446 section 5.1, RFC 5246 section 6.2.1."""


class TlsLayer:
    """
    One end of a TLS connection as a pure object.

    Whoever brings the I/O gives it what came with `receive_data` or `receive_eof`, takes `take_plain`, and
    sends `bytes_to_send` after every call, after a failure too: an alert tells the peer.

    Each side ends its own direction (RFC 8446 section 6.1): after `close_sending` the peer can still be read,
    and after the peer's end we can still send, over TLS 1.2 as well.

    It holds what the peer sent until it is taken, and what answers TLS itself (the handshake, a KeyUpdate)
    until it is sent. Both grow only with what came: whoever feeds it stops while what it gives is not taken.

    Attributes:
        is_established: the handshake is complete; nothing that was given to `send` left before.
        was_cut: the wire ended without the peer's word for it: what it said may lack its end.
    """

    __slots__ = (
        "_closes",
        "_has_closed",
        "_has_failed",
        "_held",
        "_incoming",
        "_object",
        "_outgoing",
        "_peer_has_closed",
        "_plain",
        "is_established",
        "was_cut",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        """
        Begin; a client has its first bytes to send at once.

        Args:
            context: certificates, versions and who is trusted. It belongs to the caller.
            server_side: whether the peer is the client.
            server_hostname: for a client, the name or address that the peer's certificate is to be for.
            session: for a client, that of another connection on the same context, to be resumed if the peer
                agrees.

        Raises:
            TlsFailed: the context allows nothing to begin with.
            ValueError: `server_hostname` cannot be the name of a host, or `session` is of another context.
        """
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_side,
            server_hostname=server_hostname,
            session=session,
        )
        self._plain: list[bytes] = []
        self._held: list[bytes] = []
        self._closes = False
        self._has_closed = False
        self._peer_has_closed = False
        self._has_failed = False
        self.is_established = False
        self.was_cut = False
        if not server_side:
            self._shake_hands()

    def receive_data(self, data: bytes) -> None:
        """
        Take in bytes that came over the wire; dropped after a failure and after the peer's end.

        Raises:
            TlsFailed: the peer broke TLS, ended it with an alert, or is not trusted. What it said before can
                still be taken, and nothing can be sent but the alert that waits in `bytes_to_send`.
        """
        if self._has_failed or self._peer_has_closed:
            return
        self._incoming.write(data)
        if not self.is_established:
            self._shake_hands()
        if self.is_established:
            self._decrypt()
            self._pass_on()

    def receive_eof(self) -> None:
        """Take in that nothing more comes over the wire."""
        self.was_cut = not self._peer_has_closed

    def bytes_to_send(self) -> bytes:
        """Take what must go over the wire now; empty for nothing."""
        return self._outgoing.read()

    def take_plain(self) -> bytes:
        """Take what the peer said since; empty for nothing."""
        plain = self._plain
        if not plain:
            return b""
        taken = plain[0] if len(plain) == 1 else b"".join(plain)
        plain.clear()
        return taken

    def send(self, data: bytes) -> None:
        """
        Encrypt `data`; before the end of the handshake it is held back, in its order.

        After a failure it is dropped; the failure was told. After `close_sending` it may not be called.

        Raises:
            TlsFailed: OpenSSL cannot go on, which no peer can bring about.
        """
        if self._closes:
            raise RuntimeError("sent after close_sending")
        if self._has_failed or not data:
            return
        self._held.append(data)
        if self.is_established:
            self._pass_on()

    def close_sending(self) -> None:
        """End our direction after what was sent; reading goes on. Idempotent."""
        self._closes = True
        if self.is_established and not self._has_failed:
            self._pass_on()

    @property
    def peer_has_ended(self) -> bool:
        """Whether the peer ended its direction, and all it said before was taken."""
        return self._peer_has_closed and not self._plain

    @property
    def session(self) -> ssl.SSLSession | None:
        """
        What another connection can resume; over TLS 1.3 the peer may hand out a newer one at any time.

        None before the end of the handshake.
        """
        return self._object.session if self.is_established else None

    @property
    def has_resumed(self) -> bool:
        """Whether the peer agreed to resume the session that it was shown."""
        return bool(self._object.session_reused)

    @property
    def peer_certificate(self) -> bytes | None:
        """
        The peer's certificate in DER; None before the end of the handshake, and where it showed none in it.

        In a session of TLS 1.2 that a client resumes it shows none, and nobody looked whether the one of two
        hours ago still counts: a server is told of none.
        """
        if not self.is_established or (self._object.server_side and self._object.session_reused):
            return None
        return self._object.getpeercert(binary_form=True)

    @property
    def protocol(self) -> str:
        """The version that was agreed on, `TLSv1.3`; empty before the end of the handshake."""
        return (self._object.version() or "") if self.is_established else ""

    @property
    def cipher(self) -> str:
        """The cipher suite that was agreed on, as OpenSSL calls it; empty before the end of the handshake."""
        cipher = self._object.cipher() if self.is_established else None
        return cipher[0] if cipher is not None else ""

    def _shake_hands(self) -> None:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._fail(error)
        self.is_established = True

    def _decrypt(self) -> None:
        """All that is there, so that `SSL_shutdown` never meets what the peer said: it fails at that."""
        read, plain = self._object.read, self._plain
        # a record that is not complete is held by OpenSSL, and the BIO is empty
        while self._incoming.pending:
            try:
                data = read(RECORD_BYTES)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                data = b""
            except ssl.SSLError as error:
                self._fail(error)
            if not data:
                self._peer_has_closed = True
                return
            plain.append(data)

    def _pass_on(self) -> None:
        """Encrypt what was held back, and then end our direction if that was asked for."""
        try:
            if self._held:
                # one call, one series of full records
                self._object.write(self._held[0] if len(self._held) == 1 else b"".join(self._held))
                self._held.clear()
            if self._closes and not self._has_closed:
                self._has_closed = True
                self._object.unwrap()
        except ssl.SSLWantReadError:
            # after `unwrap`, the peer has not ended yet; after `write`, it wants another handshake first
            return
        except ssl.SSLError as error:
            self._fail(error)

    def _fail(self, error: ssl.SSLError) -> NoReturn:
        self._has_failed = True
        self._held.clear()
        raise failure_of(error) from error


def failure_of(error: ssl.SSLError) -> TlsFailed:
    """What OpenSSL said, in words for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(error.verify_message, code=error.reason or "", verify_code=error.verify_code)
    if isinstance(error, ssl.SSLZeroReturnError):
        return TlsFailed("the peer ended the connection in the handshake")
    code = error.reason or ""
    return TlsFailed(code.replace("_", " ").lower() or str(error), code=code)
