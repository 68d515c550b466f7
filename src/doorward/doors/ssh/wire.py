"""What is read out of keys, certificates and signatures, since AsyncSSH does not look there."""

from dataclasses import dataclass

TRUSTED_SIGNATURES = frozenset(
    {
        b"ssh-ed25519",
        b"ecdsa-sha2-nistp256",
        b"ecdsa-sha2-nistp384",
        b"ecdsa-sha2-nistp521",
        b"rsa-sha2-256",
        b"rsa-sha2-512",
        b"sk-ssh-ed25519@openssh.com",
        b"sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
"""All but those with SHA-1. Source: PubkeyAcceptedAlgorithms and CASignatureAlgorithms of OpenSSH 9.2."""

RSA_BITS_LEAST = 2048
"""Source: NIST SP 800-131A, and what OpenSSH's RequiredRSASize is set to by distributions."""

_CERTIFICATE = b"-cert-v01@openssh.com"
_KEY_FIELDS = {
    b"ssh-ed25519": 1,
    b"ssh-rsa": 2,
    b"ecdsa-sha2-nistp256": 2,
    b"ecdsa-sha2-nistp384": 2,
    b"ecdsa-sha2-nistp521": 2,
    b"sk-ssh-ed25519": 2,
    b"sk-ecdsa-sha2-nistp256": 3,
}
"""How many strings a public key is made of. Source: PROTOCOL.certkeys and PROTOCOL.u2f of OpenSSH."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """
    What a certificate says about itself.

    Attributes:
        key_id: what its authority calls it.
        serial: its number.
        signature: the algorithm by which it was signed.
    """

    key_id: str
    serial: int
    signature: bytes


def is_trusted(blob: bytes, signature: bytes) -> bool:
    """
    Whether a key or certificate is of a kind that may log in, by algorithms that are still trusted.

    Args:
        blob: the public key, or the certificate.
        signature: by which it proves to have the private key; empty while the client only asks.
    """
    try:
        kind, rest = _string(blob)
        if signature and _string(signature)[0] not in TRUSTED_SIGNATURES:
            return False
        if not kind.endswith(_CERTIFICATE):
            return kind.partition(b"@")[0] in _KEY_FIELDS and _is_long_enough(kind, rest)
        if not _is_long_enough(kind.removesuffix(_CERTIFICATE), _string(rest)[1]):
            return False
        facts = certificate_facts(blob)
        return facts is not None and facts.signature in TRUSTED_SIGNATURES
    except ValueError:
        return False


def certificate_facts(blob: bytes) -> CertificateFacts | None:
    """
    What the certificate `blob` says about itself; None when it is none of a kind that may log in.

    Source: PROTOCOL.certkeys of OpenSSH.
    """
    try:
        kind, rest = _string(blob)
        fields = _KEY_FIELDS.get(kind.removesuffix(_CERTIFICATE)) if kind.endswith(_CERTIFICATE) else None
        if fields is None:
            return None
        for _ in range(1 + fields):  # a nonce stands before the key
            rest = _string(rest)[1]
        serial, rest = int.from_bytes(rest[:8], "big"), rest[12:]
        key_id, rest = _string(rest)
        rest = _string(rest)[1][16:]  # principals, and the two times
        for _ in range(4):  # critical options, extensions, what is reserved, the authority's key
            rest = _string(rest)[1]
        signature, rest = _string(rest)
        return None if rest else CertificateFacts(key_id.decode(), serial, _string(signature)[0])
    except ValueError:
        return None


def channel_request(payload: bytes) -> tuple[bytes, bool]:
    """The name of a channel request, and whether an answer is wanted. Source: RFC 4254 section 5.4."""
    try:
        name, rest = _string(payload)
    except ValueError:
        return b"", False
    return name, rest[:1] not in {b"", b"\0"}


def channel_open(payload: bytes) -> tuple[int, int] | None:
    """
    The client's number of a channel that it opens, and how many bytes it takes in one packet.

    None when it is cut short. Source: RFC 4254 section 5.1.
    """
    try:
        rest = _string(payload)[1]
    except ValueError:
        return None
    if len(rest) < 12:
        return None
    return int.from_bytes(rest[:4], "big"), int.from_bytes(rest[8:12], "big")


def _is_long_enough(kind: bytes, fields: bytes) -> bool:
    if kind != b"ssh-rsa":
        return True
    modulus = _string(_string(fields)[1])[0]
    return int.from_bytes(modulus, "big").bit_length() >= RSA_BITS_LEAST


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The string that `data` begins with, and the rest. Source: RFC 4251 section 5."""
    end = 4 + int.from_bytes(data[:4], "big")
    if len(data) < end:
        raise ValueError("cut short")
    return data[4:end], data[end:]
