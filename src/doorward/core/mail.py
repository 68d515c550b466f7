"""A message that is on its way, and what became of it."""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """
    A message and its envelope, which is apart from the header (RFC 5321, section 2.3.1).

    Attributes:
        sender: where failures are reported to; empty for the null sender, to which nothing is reported.
        recipients: who gets it, each an address and named once; at least one.
        message_id: with its angle brackets, the same for all tries.
        content: header and body as RFC 5322 has them, lines ended by CRLF.
    """

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    content: bytes


class Delivery(enum.Enum):
    """What became of a message for one recipient."""

    ACCEPTED = "accepted"
    LATER = "later"
    """Not now: 4xx, or nobody knows whether it arrived. To be tried again with the same Message-ID."""
    REFUSED = "refused"
    """Never: 5xx."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """
    The answer of a mail server for one recipient.

    Attributes:
        delivery: what it comes to.
        answer: what the server said, or why there was no answer; one line.
    """

    delivery: Delivery
    answer: str
