"""The outbox: messages in the database until a mail server took them."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

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
from doorward.stores.database import Database

_ANSWER_CHARACTERS = 1000

_MESSAGE = "SELECT number, message_id, sender, size_bytes, queued_at, lease_boot, lease_until FROM messages"
_RECIPIENT = "SELECT address, standing, attempts, since, next_try_at, answer FROM recipients"


class SqliteOutbox:
    """
    The `MailQueue` in the database.

    Args:
        database: open.
        clock: its monotonic time has to be that of the machine, the same in every process.
        boot: tells this boot of the machine from others; a lease of another boot is over.
        limits: asked for with each call, since a reload may change them.
    """

    def __init__(self, database: Database, *, clock: Clock, boot: str, limits: Callable[[], Limits]) -> None:
        self._database = database
        self._clock = clock
        self._boot = boot
        self._limits = limits

    async def put(self, mail: Mail) -> int:
        limits, now = self._limits(), self._clock.wall()
        return await self._database.write(
            lambda connection: put_mail(connection, mail, now=now, limits=limits)
        )

    async def claim(self, *, lease_seconds: float) -> Claim | None:
        return await self._database.write(lambda connection: self._claim(connection, lease_seconds))

    async def settle(self, claim: Claim, tried: Mapping[str, Tried]) -> bool:
        return await self._database.write(lambda connection: self._settle(connection, claim, tried))

    async def next_due_at(self) -> float | None:
        return await self._database.read(self._next_due_at)

    async def messages(self) -> Sequence[QueuedMail]:
        return await self._database.read(self._messages)

    async def find(self, number: int) -> tuple[QueuedMail, Mail] | None:
        return await self._database.read(lambda connection: self._find(connection, number))

    async def retry(self, number: int) -> QueueChange:
        return await self._database.write(lambda connection: self._retry(connection, number))

    async def drop(self, number: int) -> QueueChange:
        def remove(connection: sqlite3.Connection) -> QueueChange:
            change = self._change_of(connection, number)
            if change is QueueChange.DONE:
                connection.execute("DELETE FROM messages WHERE number = ?", (number,))
            return change

        return await self._database.write(remove)

    # In the thread of the database

    def _claim(self, connection: sqlite3.Connection, lease_seconds: float) -> Claim | None:
        number = self._due_number(connection)
        if number is None:
            return None
        lease = token_hex(8)
        connection.execute(
            "UPDATE messages SET lease = ?, lease_boot = ?, lease_until = ? WHERE number = ?",
            (lease, self._boot, self._clock.monotonic() + lease_seconds, number),
        )
        found = self._find(connection, number)
        if found is None:
            raise StateError(f"{self._database.path} holds no content for message {number}; drop it")
        queued, mail = found
        earliest, latest = self._due_between()
        due = tuple(
            each
            for each in queued.recipients
            if each.next_try_at is not None and not earliest < each.next_try_at <= latest
        )
        return Claim(number=number, lease=lease, mail=mail, due=due)

    def _due_number(self, connection: sqlite3.Connection) -> int | None:
        row = connection.execute(
            """
            SELECT message FROM recipients JOIN messages ON number = message
            WHERE standing = 'waiting' AND (next_try_at <= ? OR next_try_at > ?)
              AND (lease IS NULL OR lease_boot <> ? OR lease_until <= ?)
            ORDER BY next_try_at, message LIMIT 1
            """,
            (*self._due_between(), self._boot, self._clock.monotonic()),
        ).fetchone()
        return row[0] if row else None

    def _due_between(self) -> tuple[float, float]:
        """Due is what is not later than the first, or later than the second, where no wait leads."""
        now = self._clock.wall()
        return now, now + longest_wait_seconds(self._limits())

    def _settle(self, connection: sqlite3.Connection, claim: Claim, tried: Mapping[str, Tried]) -> bool:
        row = connection.execute("SELECT lease FROM messages WHERE number = ?", (claim.number,)).fetchone()
        is_held = row is not None and row[0] == claim.lease
        for address, each in tried.items():
            if is_held or each.delivered.delivery is not Delivery.LATER:
                _note(connection, claim.number, address, each)
        if is_held:
            connection.execute(
                "UPDATE messages SET lease = NULL, lease_boot = NULL, lease_until = NULL WHERE number = ?",
                (claim.number,),
            )
        connection.execute(
            """
            DELETE FROM messages WHERE number = ?
              AND NOT EXISTS (SELECT 1 FROM recipients WHERE message = number AND standing <> 'delivered')
            """,
            (claim.number,),
        )
        return is_held

    def _next_due_at(self, connection: sqlite3.Connection) -> float | None:
        now, monotonic = self._clock.wall(), self._clock.monotonic()
        earliest, latest = self._due_between()
        found: float | None = None
        rows = connection.execute(
            """
            SELECT min(next_try_at), max(next_try_at), lease, lease_boot, lease_until
            FROM recipients JOIN messages ON number = message
            WHERE standing = 'waiting' GROUP BY number
            """
        )
        for first_at, last_at, lease, boot, until in rows:
            due_at = 0.0 if first_at <= earliest or last_at > latest else first_at
            if lease is not None and boot == self._boot and until > monotonic:
                due_at = max(due_at, now + until - monotonic)
            found = due_at if found is None else min(found, due_at)
        return found

    def _messages(self, connection: sqlite3.Connection) -> list[QueuedMail]:
        rows = connection.execute(f"{_MESSAGE} ORDER BY number").fetchall()
        return [self._queued(connection, row) for row in rows]

    def _find(self, connection: sqlite3.Connection, number: int) -> tuple[QueuedMail, Mail] | None:
        row = connection.execute(f"{_MESSAGE} WHERE number = ?", (number,)).fetchone()
        content = connection.execute("SELECT content FROM contents WHERE message = ?", (number,)).fetchone()
        if row is None or content is None:
            return None
        queued = self._queued(connection, row)
        mail = Mail(
            sender=queued.sender,
            recipients=tuple(each.address for each in queued.recipients),
            message_id=queued.message_id,
            content=content[0],
        )
        return queued, mail

    def _queued(self, connection: sqlite3.Connection, row: Any) -> QueuedMail:
        number, message_id, sender, size_bytes, queued_at, boot, until = row
        recipients = connection.execute(f"{_RECIPIENT} WHERE message = ? ORDER BY place", (number,))
        return QueuedMail(
            number=number,
            message_id=message_id,
            sender=sender,
            size_bytes=size_bytes,
            queued_at=queued_at,
            is_claimed=boot == self._boot and until > self._clock.monotonic(),
            recipients=tuple(map(_recipient, recipients)),
        )

    def _retry(self, connection: sqlite3.Connection, number: int) -> QueueChange:
        change, now = self._change_of(connection, number), self._clock.wall()
        if change is QueueChange.DONE:
            connection.execute(
                """
                UPDATE recipients SET standing = 'waiting', attempts = 0, since = ?, next_try_at = ?
                WHERE message = ? AND standing <> 'delivered'
                """,
                (now, now, number),
            )
        return change

    def _change_of(self, connection: sqlite3.Connection, number: int) -> QueueChange:
        row = connection.execute(f"{_MESSAGE} WHERE number = ?", (number,)).fetchone()
        if row is None:
            return QueueChange.NOT_THERE
        return QueueChange.UNDER_WAY if self._queued(connection, row).is_claimed else QueueChange.DONE


def put_mail(connection: sqlite3.Connection, mail: Mail, *, now: float, limits: Limits) -> int:
    """
    Put `mail` in the outbox, within the caller's transaction; gives its number.

    Raises:
        StateError: a limit forbids it.
        sqlite3.Error: it could not be written.
    """
    size_bytes = len(mail.content)
    _check_room(connection, mail, limits)
    number = connection.execute(
        "INSERT INTO messages (message_id, sender, size_bytes, queued_at) VALUES (?, ?, ?, ?)",
        (mail.message_id, mail.sender, size_bytes, now),
    ).lastrowid
    assert number is not None  # noqa: S101 - an INSERT has one
    connection.execute("INSERT INTO contents (message, content) VALUES (?, ?)", (number, mail.content))
    connection.executemany(
        "INSERT INTO recipients (message, place, address, standing, attempts, since, next_try_at, answer)"
        " VALUES (?, ?, ?, 'waiting', 0, ?, ?, '')",
        [(number, place, address, now, now) for place, address in enumerate(mail.recipients)],
    )
    return number


def _check_room(connection: sqlite3.Connection, mail: Mail, limits: Limits) -> None:
    size_bytes, recipients = len(mail.content), len(mail.recipients)
    if size_bytes > limits.message_bytes:
        raise StateError(
            f"the message has {size_bytes} bytes, and message_bytes of [limits] is {limits.message_bytes}"
        )
    if not 1 <= recipients <= limits.message_recipients:
        raise StateError(
            f"the message has {recipients} recipients, and message_recipients of [limits] is "
            f"{limits.message_recipients}"
        )
    if len(set(mail.recipients)) < recipients:
        raise StateError("the message names a recipient twice")
    row = connection.execute("SELECT count(*), coalesce(sum(size_bytes), 0) FROM messages").fetchone()
    if row[0] >= limits.outbox_messages:
        raise StateError(
            f"the outbox is full: outbox_messages of [limits] is {limits.outbox_messages}; drop dead letters"
        )
    if row[1] + size_bytes > limits.outbox_bytes:
        raise StateError(
            f"the outbox is full: outbox_bytes of [limits] is {limits.outbox_bytes}; drop dead letters"
        )


def _note(connection: sqlite3.Connection, number: int, address: str, tried: Tried) -> None:
    standing, next_try_at = _standing_after(tried)
    connection.execute(
        """
        UPDATE recipients SET standing = ?, attempts = attempts + 1, next_try_at = ?, answer = ?
        WHERE message = ? AND address = ? AND standing = 'waiting'
        """,
        (standing.value, next_try_at, tried.delivered.answer[:_ANSWER_CHARACTERS], number, address),
    )


def _standing_after(tried: Tried) -> tuple[Standing, float | None]:
    match tried.delivered.delivery:
        case Delivery.ACCEPTED:
            return Standing.DELIVERED, None
        case Delivery.REFUSED:
            return Standing.DEAD, None
        case Delivery.LATER:
            return (Standing.DEAD if tried.next_try_at is None else Standing.WAITING), tried.next_try_at


def _recipient(row: Any) -> QueuedRecipient:
    address, standing, attempts, since, next_try_at, answer = row
    return QueuedRecipient(
        address=address,
        standing=Standing(standing),
        attempts=attempts,
        since=since,
        next_try_at=next_try_at,
        answer=answer,
    )
