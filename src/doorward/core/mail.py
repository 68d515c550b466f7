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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """
    What a try came to for one recipient, and what follows from it.

    Attributes:
        delivered: the answer.
        next_try_at: when to try again, in seconds since 1970-01-01 UTC. Counts for `LATER` alone; None there
            gives the recipient up.
    """

    delivered: Delivered
    next_try_at: float | None = None


class Standing(enum.Enum):
    """How far a queued message is for one recipient."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Refused, or given up: a dead letter, kept until somebody retries or drops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRecipient:
    """
    One recipient of a queued message.

    Attributes:
        address: as in the envelope.
        standing: how far it is.
        attempts: tries that ended, since `since`.
        since: when the tries began: when it was queued, or retried by hand. Wall time in seconds.
        next_try_at: not before then; None unless it is waiting.
        answer: of the last try, one line; empty before the first.
    """

    address: str
    standing: Standing
    attempts: int
    since: float
    next_try_at: float | None
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMail:
    """
    A message in the queue, without its content.

    Attributes:
        number: in the queue, never given twice.
        message_id: with its angle brackets.
        sender: of the envelope.
        size_bytes: of the content.
        queued_at: wall time in seconds.
        is_claimed: whether somebody is sending it now.
        recipients: in the order of the envelope.
    """

    number: int
    message_id: str
    sender: str
    size_bytes: int
    queued_at: float
    is_claimed: bool
    recipients: tuple[QueuedRecipient, ...]

    @property
    def is_dead(self) -> bool:
        """Whether nothing more happens by itself."""
        return all(each.standing is not Standing.WAITING for each in self.recipients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    A message that is this process's to send until its lease ends.

    Attributes:
        number: in the queue.
        lease: tells this claim from every other.
        mail: all of it, with all recipients of its envelope.
        due: the recipients to be tried now.
    """

    number: int
    lease: str
    mail: Mail
    due: tuple[QueuedRecipient, ...]


class QueueChange(enum.Enum):
    """What came of wanting to change a message in the queue by hand."""

    DONE = "done"
    NOT_THERE = "not there"
    UNDER_WAY = "under way"
    """Somebody is sending it just now."""
