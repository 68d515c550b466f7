"""A door's certificate with its key: read as one, looked over, and made into what serves TLS."""

import contextlib
import os
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from doorward.core.certificates import Certificate, day_of, fingerprint_of
from doorward.core.errors import CertificateError
from doorward.core.settings import DoorSettings
from doorward.stores.atomic import write_all
from doorward.stores.certificate_files import read_certificate_file, read_key_file
from doorward.stores.certificate_reading import certificates_in, private_key_in, words_of_refusal
from doorward.stores.places import CERTIFICATE_NAME, KEY_NAME

NOTICE_DAYS = 14
"""So long before its end a certificate is told of; certbot renews 30 days before."""

_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Of TLS 1.2; the three of 1.3 are all good. Source: Mozilla's intermediate profile, version 6."""

# the last one comes of a key of another kind, RSA beside a certificate of ECDSA
_NOT_A_PAIR = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePair:
    """
    A certificate and its key, as they were at one moment.

    Attributes:
        certificate_path: where the chain was read from.
        key_path: where the key was; the same when it stands with the chain.
        chain: the door's own certificate first.
        key: the private key in PEM, and whatever else stands in its file.
    """

    certificate_path: str
    key_path: str
    chain: tuple[Certificate, ...]
    key: bytes = field(repr=False)

    @property
    def own(self) -> Certificate:
        """The door's own certificate."""
        return self.chain[0]

    @property
    def facts(self) -> dict[str, object]:
        """What `status` tells of it, as JSON has it."""
        return {
            "file": self.certificate_path,
            "names": list(self.own.names),
            "not_after": self.own.not_after.isoformat(),
            "sha256": self.own.fingerprint,
        }


def load_door_pair(door: DoorSettings, folder: Path, *, uid: int | None = None) -> CertificatePair:
    """Read what `door` serves, as `load_pair` does: what it names, else the pair of the state `folder`."""
    if door.certificate:
        return load_pair(door.certificate, door.key, uid=uid)
    return load_pair(str(folder / CERTIFICATE_NAME), str(folder / KEY_NAME), uid=uid)


def load_pair(certificate_path: str, key_path: str = "", *, uid: int | None = None) -> CertificatePair:
    """
    Read a certificate, those between it and its authority, and its key. Blocks, so never on a loop.

    Each file is read once, and what was read is what was compared and what is served: whoever replaces the
    files meanwhile can have the pair refused, and never half of it served. Dates are no errors: `notices_of`.

    Args:
        certificate_path: a file in PEM, the door's own certificate first.
        key_path: a file in PEM; empty when the key stands with the certificate.
        uid: whom the daemon runs as; left out, whoever asks.

    Raises:
        CertificateError: a file cannot be read, or others could have written it, or read the key; there is no
            certificate or no key in it, it is cut, the key is encrypted or belongs to another certificate.
    """
    uid = os.geteuid() if uid is None else uid
    if key_path:
        chain = read_certificate_file(certificate_path, uid=uid)
        key = read_key_file(key_path, uid=uid)
    else:
        key_path = certificate_path
        chain = key = read_key_file(certificate_path, uid=uid)
    pair = CertificatePair(
        certificate_path=certificate_path,
        key_path=key_path,
        chain=certificates_in(chain, file=certificate_path),
        key=key,
    )
    private_key_in(key, file=key_path)
    _load(_bare_context(), pair)
    return pair


def server_context(pair: CertificatePair, *, client_certificates: Iterable[bytes] = ()) -> ssl.SSLContext:
    """
    What serves TLS with `pair`: Mozilla's intermediate profile, without tickets. Blocks for milliseconds.

    Args:
        pair: as `load_pair` read it.
        client_certificates: those of users, in DER. Whoever shows one has to prove that they have its key,
            and it has to count today; one that leads to none of these ends the handshake. What a user's
            certificate signed leads to it: who comes is known by the very bytes alone. With none nobody is
            asked for one.

    Raises:
        CertificateError: the TLS library does not take one of them.
    """
    context = _bare_context()
    _load(context, pair)
    for der in client_certificates:
        context.verify_mode = ssl.CERT_OPTIONAL
        try:
            context.load_verify_locations(cadata=der)
        except ssl.SSLError as error:
            raise CertificateError(
                f"the user's certificate with SHA-256 {fingerprint_of(der)}",
                f"the TLS library refuses it: {words_of_refusal(error)}",
            ) from error
    return context


def notices_of(pair: CertificatePair, *, wall_seconds: float) -> tuple[str, ...]:
    """What a keeper should know of the pair's dates, in seconds since 1970; it is served all the same."""
    path = pair.certificate_path
    if flaw := pair.own.flaw_at(wall_seconds):
        return (f"{path}: {flaw}; clients refuse it", *_beside(pair, wall_seconds))
    days = pair.own.days_left_at(wall_seconds)
    if days < NOTICE_DAYS:
        return (f"{path}: it ends on {day_of(pair.own.not_after)}; renew it", *_beside(pair, wall_seconds))
    return _beside(pair, wall_seconds)


def _beside(pair: CertificatePair, wall_seconds: float) -> tuple[str, ...]:
    """The same of those between the door's own and its authority."""
    flaws = ((number, each.flaw_at(wall_seconds)) for number, each in enumerate(pair.chain[1:], start=2))
    return tuple(
        f"{pair.certificate_path}: of certificate {number}: {flaw}" for number, flaw in flaws if flaw
    )


def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(_CIPHERS))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    # a phone without AES in hardware knows better what it computes quickly
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    # whoever is trusted is so themselves, not because somebody signed them
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _load(context: ssl.SSLContext, pair: CertificatePair) -> None:
    try:
        _load_chain(context, pair.chain, pair.key)
    except ssl.SSLError as error:
        raise _refusal(pair, error) from error
    except OSError as error:
        raise CertificateError(pair.key_path, f"it cannot be handed to the TLS library: {error}") from error


def _load_chain(context: ssl.SSLContext, chain: Iterable[Certificate], key: bytes) -> None:
    text = "".join(ssl.DER_cert_to_PEM_cert(each.der) for each in chain).encode("ascii")
    with _in_memory(text) as chain_path, _in_memory(key) as key_path:
        # without a password OpenSSL would ask for one on the daemon's terminal
        context.load_cert_chain(chain_path, key_path, password="")


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """
    A path under which this process can read `data`, which is on no disk.

    The library reads files only, and those on the disk may have been replaced since they were looked over.
    """
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        write_all(descriptor, data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _refusal(pair: CertificatePair, error: ssl.SSLError) -> CertificateError:
    if error.reason not in _NOT_A_PAIR:
        return CertificateError(
            pair.certificate_path, f"the TLS library refuses it with its key: {words_of_refusal(error)}"
        )
    for number, each in enumerate(pair.chain[1:], start=2):
        # SSLError is one of them
        with contextlib.suppress(OSError):
            _load_chain(_bare_context(), (each,), pair.key)
            return CertificateError(
                pair.certificate_path,
                f"the key belongs to certificate {number} in it, and the door's own has to be the first",
                "put that one at the top",
            )
    return CertificateError(
        pair.key_path,
        f"this key does not belong to the certificate in {pair.certificate_path}",
        "put the pair there that was made together; if one is being replaced, reload when both are",
    )
