"""
A certificate as a value: what one says of itself, and what follows from its dates.

This is only what people are told. Whether a certificate is to be believed is decided by the TLS library, and
never by what stands here.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorward.core.errors import one_line

_NAMES_SHOWN, _NAME_CHARACTERS = 8, 64


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
        return f"for {whom}, until {minute_of(self.not_after)}, SHA-256 {self.fingerprint}"

    def flaw_at(self, wall_seconds: float) -> str:
        """Why it does not count at a moment, in seconds since 1970 UTC; empty when it does."""
        if wall_seconds < self.not_before.timestamp():
            return f"it counts only from {minute_of(self.not_before)} on"
        if wall_seconds > self.not_after.timestamp():
            return f"it ended on {minute_of(self.not_after)}"
        return ""

    def days_left_at(self, wall_seconds: float) -> int:
        """The whole days that it still counts; below 0 when it ended."""
        return (self.not_after - datetime.fromtimestamp(wall_seconds, UTC)).days


def fingerprint_of(der: bytes) -> str:
    """SHA-256 of a certificate, as openssl prints that: `AB:CD:...`."""
    return hashlib.sha256(der).digest().hex(":").upper()


def minute_of(moment: datetime) -> str:
    """`2036-11-23 18:00 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
