"""An outbox, and the marks of errands, that a test can read."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from doorward.core.delivery_tries import longest_wait_seconds
from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail import (
    Claim,
    Delivery,
    Mail,
    QueueChange,
    QueuedMail,
    QueuedRecipient,
    Standing,
    Tried,
)
from doorward.core.ports import Clock


@dataclass(slots=True)
class _Entry:
    mail: Mail
    queued_at: float
    recipients: dict[str, QueuedRecipient]
    lease: str = ""
    lease_until: float = 0.0


class MemoryOutbox:
    """
    A `MailQueue` that keeps everything in memory.

    Attributes:
        put_mails: all that was ever put in, in order.
        failure: raised by `put` while it is set.
    """

    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self.put_mails: list[Mail] = []
        self.failure: StateError | None = None
        self._clock = clock
        self._limits = limits if limits is not None else Limits()
        self._entries: dict[int, _Entry] = {}
        self._numbers = itertools.count(1)
        self._leases = itertools.count(1)

    async def put(self, mail: Mail) -> int:
        if self.failure is not None:
            raise self.failure
        self._check_room(mail)
        now, number = self._clock.wall(), next(self._numbers)
        recipients = {address: _new_recipient(address, now) for address in mail.recipients}
        self._entries[number] = _Entry(mail, now, recipients)
        self.put_mails.append(mail)
        return number

    async def claim(self, *, lease_seconds: float) -> Claim | None:
        due = [
            (min(each.next_try_at or 0.0 for each in recipients), number)
            for number, entry in self._entries.items()
            if not self._is_claimed(entry) and (recipients := self._due(entry))
        ]
        if not due:
            return None
        number = min(due)[1]
        entry = self._entries[number]
        entry.lease = str(next(self._leases))
        entry.lease_until = self._clock.monotonic() + lease_seconds
        return Claim(number=number, lease=entry.lease, mail=entry.mail, due=self._due(entry))

    async def settle(self, claim: Claim, tried: Mapping[str, Tried]) -> bool:
        entry = self._entries.get(claim.number)
        if entry is None:
            return False
        is_held = entry.lease == claim.lease
        for address, each in tried.items():
            recipient = entry.recipients.get(address)
            is_wanted = is_held or each.delivered.delivery is not Delivery.LATER
            if recipient is not None and recipient.standing is Standing.WAITING and is_wanted:
                entry.recipients[address] = _after(recipient, each)
        if is_held:
            entry.lease = ""
        if all(each.standing is Standing.DELIVERED for each in entry.recipients.values()):
            del self._entries[claim.number]
        return is_held

    async def next_due_at(self) -> float | None:
        return min(
            (due_at for entry in self._entries.values() for due_at in self._due_times(entry)), default=None
        )

    async def messages(self) -> Sequence[QueuedMail]:
        return [self._queued(number, entry) for number, entry in sorted(self._entries.items())]

    async def find(self, number: int) -> tuple[QueuedMail, Mail] | None:
        entry = self._entries.get(number)
        return None if entry is None else (self._queued(number, entry), entry.mail)

    async def retry(self, number: int) -> QueueChange:
        change = self._change_of(number)
        if change is QueueChange.DONE:
            entry, now = self._entries[number], self._clock.wall()
            for address, each in entry.recipients.items():
                if each.standing is not Standing.DELIVERED:
                    entry.recipients[address] = replace(_new_recipient(address, now), answer=each.answer)
        return change

    async def drop(self, number: int) -> QueueChange:
        change = self._change_of(number)
        if change is QueueChange.DONE:
            del self._entries[number]
        return change

    def _check_room(self, mail: Mail) -> None:
        limits, size_bytes = self._limits, len(mail.content)
        total_bytes = size_bytes + sum(len(entry.mail.content) for entry in self._entries.values())
        if (
            size_bytes > limits.message_bytes
            or not 1 <= len(mail.recipients) <= limits.message_recipients
            or len(set(mail.recipients)) < len(mail.recipients)
            or len(self._entries) >= limits.outbox_messages
            or total_bytes > limits.outbox_bytes
        ):
            raise StateError("a limit of the outbox forbids this message")

    def _due(self, entry: _Entry) -> tuple[QueuedRecipient, ...]:
        now = self._clock.wall()
        latest = now + longest_wait_seconds(self._limits)
        return tuple(
            each
            for each in entry.recipients.values()
            if each.next_try_at is not None and not now < each.next_try_at <= latest
        )

    def _due_times(self, entry: _Entry) -> list[float]:
        times = [each.next_try_at for each in entry.recipients.values() if each.next_try_at is not None]
        if not times:
            return []
        due_at = 0.0 if self._due(entry) else min(times)
        if self._is_claimed(entry):
            due_at = max(due_at, self._clock.wall() + entry.lease_until - self._clock.monotonic())
        return [due_at]

    def _is_claimed(self, entry: _Entry) -> bool:
        return bool(entry.lease) and entry.lease_until > self._clock.monotonic()

    def _queued(self, number: int, entry: _Entry) -> QueuedMail:
        return QueuedMail(
            number=number,
            message_id=entry.mail.message_id,
            sender=entry.mail.sender,
            size_bytes=len(entry.mail.content),
            queued_at=entry.queued_at,
            is_claimed=self._is_claimed(entry),
            recipients=tuple(entry.recipients.values()),
        )

    def _change_of(self, number: int) -> QueueChange:
        entry = self._entries.get(number)
        if entry is None:
            return QueueChange.NOT_THERE
        return QueueChange.UNDER_WAY if self._is_claimed(entry) else QueueChange.DONE


class MemorySeen:
    """
    A `SeenStore` that puts its mail into `outbox`.

    Attributes:
        marks: by errand, the marks by their keys.
    """

    def __init__(self, outbox: MemoryOutbox, *, most: int = Limits().seen_marks) -> None:
        self.marks: dict[str, dict[str, str]] = {}
        self._outbox = outbox
        self._most = most

    async def seen(self, errand: str) -> Mapping[str, str]:
        return dict(self.marks.get(errand, {}))

    async def commit(
        self, errand: str, seen: Mapping[str, str], mail: Mail | None, *, forgotten: Collection[str] = ()
    ) -> int | None:
        if any(max(len(key), len(mark)) > 1024 for key, mark in seen.items()):
            raise StateError(f"{errand}: a mark is too long")
        gone = set(forgotten)
        marks = {key: mark for key, mark in self.marks.get(errand, {}).items() if key not in gone} | dict(
            seen
        )
        if len(marks) > self._most:
            raise StateError(f"{errand} has too many marks")
        number = None if mail is None else await self._outbox.put(mail)
        self.marks[errand] = marks
        return number


def _new_recipient(address: str, now: float) -> QueuedRecipient:
    return QueuedRecipient(
        address=address, standing=Standing.WAITING, attempts=0, since=now, next_try_at=now, answer=""
    )


def _after(recipient: QueuedRecipient, tried: Tried) -> QueuedRecipient:
    again_at = tried.next_try_at if tried.delivered.delivery is Delivery.LATER else None
    standing = Standing.DEAD if again_at is None else Standing.WAITING
    if tried.delivered.delivery is Delivery.ACCEPTED:
        standing = Standing.DELIVERED
    return replace(
        recipient,
        standing=standing,
        attempts=recipient.attempts + 1,
        next_try_at=again_at,
        answer=tried.delivered.answer[:1000],
    )
