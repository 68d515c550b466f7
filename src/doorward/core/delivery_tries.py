"""When a message is tried again, and when it is given up."""

from collections.abc import Callable, Mapping

from doorward.core.limits import Limits
from doorward.core.mail import Claim, Delivered, Delivery, QueuedRecipient, Tried
from doorward.core.waits import doubled_seconds

_SPREAD = 0.25


def next_try_at(*, attempts: int, since: float, now: float, chance: float, limits: Limits) -> float | None:
    """
    Decide when to try again after a try that came to nothing.

    The wait doubles from `mail_retry_seconds` to `mail_retry_most_seconds`, and is a quarter shorter or
    longer as `chance` has it, so that messages that failed together do not come together again. The last try
    is `mail_give_up_seconds` after the first.

    Args:
        attempts: tries so far, 1 or more.
        since: when they began, in wall seconds.
        now: wall seconds.
        chance: from 0 to 1.
        limits: the waits.

    Returns:
        In wall seconds, after `now`; None to give up.

    Source: RFC 5321 section 4.5.4.1.
    """
    last_at = since + limits.mail_give_up_seconds
    if now >= last_at:
        return None
    wait_seconds = doubled_seconds(
        limits.mail_retry_seconds, doublings=attempts - 1, most_seconds=limits.mail_retry_most_seconds
    )
    return min(now + wait_seconds * (1 - _SPREAD + 2 * _SPREAD * chance), last_at)


def longest_wait_seconds(limits: Limits) -> float:
    """Hand out what no wait of `next_try_at` exceeds; what is due later was put off by a wrong clock."""
    return limits.mail_retry_most_seconds * (1 + _SPREAD)


def decide_tries(
    claim: Claim,
    delivered: Mapping[str, Delivered],
    *,
    now: float,
    chance: Callable[[], float],
    limits: Limits,
) -> dict[str, Tried]:
    """
    Decide what follows for each recipient of `claim` that was tried.

    Args:
        claim: what was tried.
        delivered: the answers, by address; who is missing was not tried.
        now: wall seconds.
        chance: gives a number from 0 to 1 with each call.
        limits: the waits.

    Returns:
        What `MailQueue.settle` takes.
    """

    def after(recipient: QueuedRecipient, answer: Delivered) -> Tried:
        if answer.delivery is not Delivery.LATER:
            return Tried(delivered=answer)
        attempts = recipient.attempts + 1
        again_at = next_try_at(
            attempts=attempts, since=recipient.since, now=now, chance=chance(), limits=limits
        )
        return Tried(delivered=answer, next_try_at=again_at)

    return {
        recipient.address: after(recipient, delivered[recipient.address])
        for recipient in claim.due
        if recipient.address in delivered
    }
