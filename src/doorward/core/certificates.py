"""
Certificates as values: out of PEM, and what one says of itself.

Read here is only what people are told: names, dates, the fingerprint. Whether a certificate is to be believed
is decided by the TLS library, and never by what stands here.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorward.core.errors import one_line

CERTIFICATE_BYTES = 64 * 1024
"""As large as a file of certificates may be; one with a hundred names has 5 KiB."""

_NAMES_SHOWN, _NAME_CHARACTERS = 8, 64

_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_LABEL_CHARACTERS = 80
_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})

_INTEGER, _OCTETS, _OBJECT = 0x02, 0x04, 0x06
_BOOLEAN, _SEQUENCE, _SET = 0x01, 0x30, 0x31
_TIMES = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_MAIL, _DNS, _IP = 0x81, 0x82, 0x87
_COMMON_NAME = bytes.fromhex("550403")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_TEXTS = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    What one certificate says of itself.

    Attributes:
        der: all of it.
        names: whom it is for: hosts, addresses and mail addresses, else its common name; maybe none.
        not_before: from when on it counts, in UTC.
        not_after: until when.
    """

    der: bytes = field(repr=False)
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 of it, as openssl prints that: `AB:CD:...`."""
        return fingerprint_of(self.der)

    def __str__(self) -> str:
        # whoever made it chose the names, and they go to a keeper's terminal
        names = [one_line(name[:_NAME_CHARACTERS]) for name in self.names[:_NAMES_SHOWN]]
        rest = len(self.names) - len(names)
        names += [f"{rest} more"] if rest else []
        whom = ", ".join(names) or "nobody"
        return f"for {whom}, until {day_of(self.not_after)}, SHA-256 {self.fingerprint}"

    def flaw_at(self, wall_seconds: float) -> str:
        """Why it does not count at a moment, in seconds since 1970 UTC; empty when it does."""
        if wall_seconds < self.not_before.timestamp():
            return f"it counts only from {day_of(self.not_before)} on"
        if wall_seconds > self.not_after.timestamp():
            return f"it ended on {day_of(self.not_after)}"
        return ""

    def days_left_at(self, wall_seconds: float) -> int:
        """The whole days that it still counts; below 0 when it ended."""
        return (self.not_after - datetime.fromtimestamp(wall_seconds, UTC)).days


def fingerprint_of(der: bytes) -> str:
    """SHA-256 of a certificate, as openssl prints that: `AB:CD:...`."""
    return hashlib.sha256(der).digest().hex(":").upper()


def day_of(moment: datetime) -> str:
    """`2036-11-23 18:00 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def is_pem(text: str) -> bool:
    """Whether `text` is meant as PEM, well written or not."""
    return _BEGIN in text


def holds_private_key(text: str) -> bool:
    """Whether a private key stands in `text`, well written or not."""
    return "PRIVATE KEY-----" in text


def labels_in(text: str) -> tuple[str, ...]:
    """
    What the blocks of a text in PEM say that they are, in their order: `CERTIFICATE`, `PRIVATE KEY`.

    Raises:
        ValueError: a block has no end.
    """
    return tuple(label for label, _ in _blocks(text))


def certificates_in(text: str) -> tuple[Certificate, ...]:
    """
    Read the certificates of a text in PEM, in their order; keys and parameters between them are passed over.

    Raises:
        ValueError: a block has no end or is no base64, or a certificate is none; the text says which.
    """
    return tuple(read_certificate(_decoded(content)) for label, content in _blocks(text) if label in _LABELS)


def sole_certificate(text: str) -> Certificate:
    """
    The certificate of a user, who has exactly one.

    Raises:
        ValueError: there is none or more than one, or a private key stands with it.
    """
    if holds_private_key(text):
        raise ValueError(
            "a private key stands there, which only its owner may have; put the certificate alone"
        )
    found = certificates_in(text)
    if len(found) != 1:
        raise ValueError("there is no certificate" if not found else f"there are {len(found)} certificates")
    return found[0]


def pem_of(der: bytes) -> str:
    """A certificate in PEM, with an LF at its end."""
    content = base64.b64encode(der).decode("ascii")
    lines = [content[at : at + 64] for at in range(0, len(content), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def read_certificate(der: bytes) -> Certificate:
    """
    Read a certificate in DER.

    Raises:
        ValueError: it is none.

    Source: RFC 5280 section 4.1.
    """
    whole = _Elements(der)
    parts = _Elements(_Elements(whole.take(_SEQUENCE)).take(_SEQUENCE))
    whole.expect_end()
    parts.skip_if(_VERSION)
    parts.take(_INTEGER)  # the serial number
    parts.take(_SEQUENCE)  # the algorithm of the signature
    parts.take(_SEQUENCE)  # who issued it
    times = _Elements(parts.take(_SEQUENCE))
    not_before, not_after = _time(times), _time(times)
    subject = parts.take(_SEQUENCE)
    parts.take(_SEQUENCE)  # the public key
    return Certificate(
        der=der,
        names=tuple(_alternative_names(parts)) or tuple(_common_names(subject)),
        not_before=not_before,
        not_after=not_after,
    )


class _Elements:
    """The elements of some DER, one after the other. Source: X.690 section 8.1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def next_tag(self) -> int:
        if not self:
            raise ValueError("a certificate ends too early")
        return self._data[self._at]

    def take(self, tag: int) -> bytes:
        """The content of the next element, which has to have this tag."""
        if self.next_tag() != tag:
            raise ValueError("this is no certificate of X.509")
        return self.take_any()

    def take_any(self) -> bytes:
        start = self._at + 2
        length = self._byte(self._at + 1)
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("this is no certificate of X.509")
            length = int.from_bytes(self._data[start : start + size], "big")
            start += size
        self._at = start + length
        if self._at > len(self._data):
            raise ValueError("a certificate ends too early")
        return self._data[start : self._at]

    def skip_if(self, tag: int) -> None:
        if self.next_tag() == tag:
            self.take_any()

    def expect_end(self) -> None:
        if self:
            raise ValueError("something follows a certificate in its block")

    def _byte(self, at: int) -> int:
        if at >= len(self._data):
            raise ValueError("a certificate ends too early")
        return self._data[at]


def _time(times: _Elements) -> datetime:
    tag = times.next_tag()
    text = times.take_any()
    if tag not in _TIMES:
        raise ValueError("the dates of a certificate cannot be read")
    try:
        moment = datetime.strptime(text.decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError("the dates of a certificate cannot be read") from error
    # RFC 5280 section 4.1.2.5.1 has 50 to 99 mean the last century, Python 69 to 99
    if tag == min(_TIMES) and moment.year >= 2050:
        return moment.replace(year=moment.year - 100)
    return moment


def _common_names(subject: bytes) -> Iterator[str]:
    sets = _Elements(subject)
    while sets:
        attributes = _Elements(sets.take(_SET))
        while attributes:
            attribute = _Elements(attributes.take(_SEQUENCE))
            if attribute.take(_OBJECT) == _COMMON_NAME:
                encoding = _TEXTS.get(attribute.next_tag(), "latin-1")
                yield attribute.take_any().decode(encoding, "replace")


def _alternative_names(parts: _Elements) -> Iterator[str]:
    for content in _extensions(parts):
        names = _Elements(_Elements(content).take(_SEQUENCE))
        while names:
            tag = names.next_tag()
            value = names.take_any()
            if tag in {_DNS, _MAIL}:
                yield value.decode("ascii", "replace")
            elif tag == _IP and len(value) in {4, 16}:
                yield str(ipaddress.ip_address(value))


def _extensions(parts: _Elements) -> Iterator[bytes]:
    """Yield what the extensions say that hold alternative names."""
    while parts:
        if parts.next_tag() != _EXTENSIONS:
            parts.take_any()
            continue
        extensions = _Elements(_Elements(parts.take(_EXTENSIONS)).take(_SEQUENCE))
        while extensions:
            extension = _Elements(extensions.take(_SEQUENCE))
            identifier = extension.take(_OBJECT)
            extension.skip_if(_BOOLEAN)  # whether it is critical
            if identifier == _ALTERNATIVE_NAMES:
                yield extension.take(_OCTETS)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield label and content of each block. Source: RFC 7468 section 2."""
    at = 0
    while (begin := text.find(_BEGIN, at)) >= 0:
        start = begin + len(_BEGIN)
        label, dashes, _ = text[start : start + _LABEL_CHARACTERS].partition(_DASHES)
        last = f"{_END}{label}{_DASHES}"
        at = text.find(last, start)
        if not dashes or at < 0:
            raise ValueError("a block of PEM is cut: it begins and has no end")
        yield label, text[start + len(label) + len(_DASHES) : at]


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    # what is not ASCII is a ValueError of another kind
    except ValueError as error:
        raise ValueError("a certificate is no base64") from error
