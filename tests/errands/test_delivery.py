"""The outbox emptied, by a clock that stands still, into a server that is told what to do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field

import pytest

from doorward.clients.smtp import SmtpMailer
from doorward.core.errors import ConnectError, StateError
from doorward.core.limits import Limits
from doorward.core.mail import Delivered, Delivery, Mail, QueueChange, Standing
from doorward.core.ports import Mailer, MailQueue
from doorward.errands.delivery import LONGEST_PAUSE_SECONDS, Deliverer
from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox
from tests.clients.smtp.servers import DROP, HANG, FaultServer, fault_server

ALICE, BOB = "alice@example.org", "bob@example.org"
LIMITS = Limits()
HOUR = 3600.0
PATIENCE_SECONDS = 30.0


def mail(number: int = 1, *recipients: str, sender: str = "bounces@example.org") -> Mail:
    return Mail(
        sender=sender,
        recipients=recipients or (ALICE,),
        message_id=f"<{number}@example.org>",
        content=f"Message-ID: <{number}@example.org>\r\n\r\nhello\r\n".encode(),
    )


def ids(server: FaultServer) -> list[str]:
    """The Message-IDs of all that came, taken or not."""
    return [message.split(b"\r\n")[0].decode().removeprefix("Message-ID: ") for message in server.messages]


def deliverer_of(queue: MailQueue, mailer: Mailer, clock: ManualClock) -> Deliverer:
    return Deliverer(
        queue,
        mailer,
        clock=clock,
        limits=lambda: LIMITS,
        try_seconds=lambda: 1800.0,
        chance=lambda: 0.5,
    )


@dataclass(slots=True)
class House:
    """An outbox, a deliverer and a clock; the mail server is at `server`, whatever it does."""

    server: FaultServer
    clock: ManualClock = field(default_factory=ManualClock)
    queue: MemoryOutbox = field(init=False)
    deliverer: Deliverer = field(init=False)
    timeout_seconds: float = 20.0

    def __post_init__(self) -> None:
        self.queue = MemoryOutbox(self.clock, LIMITS)
        mailer = SmtpMailer(
            lambda: self.server.settings(timeout_seconds=self.timeout_seconds), host_name="client.example.org"
        )
        self.deliverer = deliverer_of(self.queue, mailer, self.clock)

    async def standings(self) -> dict[str, list[Standing]]:
        return {
            each.message_id: [recipient.standing for recipient in each.recipients]
            for each in await self.queue.messages()
        }


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with fault_server() as server:
        yield House(server)


async def test_what_is_queued_is_delivered_once(house: House) -> None:
    for number in range(5):
        await house.queue.put(mail(number))
    await house.deliverer.deliver_due()
    await house.deliverer.deliver_due()
    assert sorted(ids(house.server)) == [f"<{number}@example.org>" for number in range(5)]
    assert await house.queue.messages() == []


async def test_one_recipient_of_two_that_is_refused_is_a_dead_letter(house: House) -> None:
    house.server.answers[f"RCPT TO:<{BOB}>"] = "550 5.1.1 no such user"
    number = await house.queue.put(mail(1, ALICE, BOB))
    await house.deliverer.deliver_due()
    (queued,) = await house.queue.messages()
    assert [(each.standing, each.answer) for each in queued.recipients] == [
        (Standing.DELIVERED, "250 taken"),
        (Standing.DEAD, "550 5.1.1 no such user"),
    ]
    house.server.answers.clear()
    assert await house.queue.retry(number) is QueueChange.DONE
    await house.deliverer.deliver_due()
    assert await house.queue.messages() == []
    # alice got it the first time, and not again
    assert [line for line in house.server.heard if line.startswith("RCPT")] == [
        f"RCPT TO:<{ALICE}>",
        f"RCPT TO:<{BOB}>",
        f"RCPT TO:<{BOB}>",
    ]


async def test_a_recipient_that_is_busy_gets_it_later_with_the_same_message_id(house: House) -> None:
    house.server.answers[f"RCPT TO:<{BOB}>"] = "451 4.7.1 greylisted"
    await house.queue.put(mail(1, ALICE, BOB))
    await house.deliverer.deliver_due()
    await house.deliverer.deliver_due()
    assert ids(house.server) == ["<1@example.org>"]
    house.server.answers.clear()
    house.clock.advance(LIMITS.mail_retry_seconds + 1)
    await house.deliverer.deliver_due()
    assert ids(house.server) == ["<1@example.org>"] * 2
    assert await house.queue.messages() == []


@pytest.mark.parametrize("fault", [DROP, HANG])
async def test_an_answer_that_is_lost_has_the_message_sent_again_with_the_same_message_id(
    house: House, fault: str
) -> None:
    house.server.answers["END"] = fault
    house.timeout_seconds = 0.2
    await house.queue.put(mail())
    await house.deliverer.deliver_due()
    assert await house.standings() == {"<1@example.org>": [Standing.WAITING]}
    house.server.answers.clear()
    house.timeout_seconds = 20.0
    house.clock.advance(LIMITS.mail_retry_seconds + 1)
    await house.deliverer.deliver_due()
    assert ids(house.server) == ["<1@example.org>"] * 2
    assert await house.queue.messages() == []


async def test_a_server_that_is_down_for_an_hour_loses_nothing_and_costs_no_message_its_tries(
    house: House,
) -> None:
    await house.server.stop()
    for number in range(20):
        await house.queue.put(mail(number))
    end = house.clock.monotonic() + HOUR
    while house.clock.monotonic() < end:
        await house.deliverer.deliver_due()
        house.clock.advance(30.0)
    assert "nobody listens there" in str(house.deliverer.trouble)
    tries = [recipient.attempts for each in await house.queue.messages() for recipient in each.recipients]
    # with 1, 2, 4, 8 minutes and then a quarter of an hour between them
    assert sum(tries) == 7
    assert max(tries) == 1
    await house.server.start()
    house.clock.advance(LONGEST_PAUSE_SECONDS)
    await house.deliverer.deliver_due()
    assert sorted(ids(house.server)) == sorted(f"<{number}@example.org>" for number in range(20))
    assert await house.queue.messages() == []


async def test_a_server_that_is_down_for_six_days_makes_dead_letters_that_can_be_sent_after_all(
    house: House,
) -> None:
    await house.server.stop()
    number = await house.queue.put(mail())
    for _ in range(6 * 24):
        await house.deliverer.deliver_due()
        house.clock.advance(HOUR)
    (queued,) = await house.queue.messages()
    assert queued.is_dead
    assert "nobody listens there" in queued.recipients[0].answer
    await house.server.start()
    await house.queue.retry(number)
    house.deliverer.try_again()
    await house.deliverer.deliver_due()
    assert ids(house.server) == ["<1@example.org>"]
    assert await house.queue.messages() == []


async def test_a_message_that_is_refused_from_the_null_sender_makes_no_other_one(house: House) -> None:
    house.server.answers["END"] = "554 5.6.0 no"
    await house.queue.put(mail(sender=""))
    await house.deliverer.deliver_due()
    assert await house.standings() == {"<1@example.org>": [Standing.DEAD]}
    assert len(house.queue.put_mails) == 1


async def test_a_hung_message_holds_up_no_other_one(house: House) -> None:
    stuck, other = "stuck@example.org", "other@example.org"
    house.server.answers[f"RCPT TO:<{stuck}>"] = HANG
    for number, recipient in enumerate((ALICE, stuck, other)):
        await house.queue.put(mail(number, recipient))
    async with running(house):
        await until(lambda: len(house.server.messages) == 2)
        assert await house.standings() == {"<1@example.org>": [Standing.WAITING]}


async def test_who_runs_hears_of_what_is_queued_and_of_what_becomes_due(house: House) -> None:
    async with running(house):
        await house.queue.put(mail(1))
        house.deliverer.wake()
        await until(lambda: len(house.server.messages) == 1)
        house.server.answers["RCPT"] = "451 later"
        await house.queue.put(mail(2))
        house.deliverer.wake()
        await until(lambda: house.server.heard.count("QUIT") == 2)
        house.server.answers.clear()

        def is_there() -> bool:
            house.clock.advance(20.0)
            return len(house.server.messages) == 2

        await until(is_there)
    assert ids(house.server) == ["<1@example.org>", "<2@example.org>"]


async def test_who_is_cut_off_in_a_try_lets_the_next_one_try_at_once(house: House) -> None:
    house.server.answers["END"] = HANG
    await house.queue.put(mail())
    async with running(house):
        await until(lambda: house.server.messages)
    house.server.answers.clear()
    await house.deliverer.deliver_due()
    assert ids(house.server) == ["<1@example.org>"] * 2


async def test_who_is_stopped_ends_what_is_under_way_and_begins_nothing(house: House) -> None:
    for number in range(9):
        await house.queue.put(mail(number))
    task = asyncio.get_running_loop().create_task(house.deliverer.run())
    await until(lambda: house.server.messages)
    house.deliverer.stop()
    await asyncio.wait_for(task, PATIENCE_SECONDS)
    assert len(house.server.messages) + len(await house.queue.messages()) == 9


class Faulty:
    """A mailer with a fault of its own at some messages."""

    async def deliver(self, mail: Mail, recipients: Collection[str]) -> Mapping[str, Delivered]:
        if mail.message_id == "<1@example.org>":
            raise ZeroDivisionError
        return {each: Delivered(delivery=Delivery.ACCEPTED, answer="250") for each in recipients}


async def test_a_fault_at_one_message_keeps_no_other_one(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        await house.queue.put(mail(number))
    deliverer = deliverer_of(house.queue, Faulty(), house.clock)
    await deliverer.deliver_due()
    (queued,) = await house.queue.messages()
    assert queued.message_id == "<1@example.org>"
    assert "ZeroDivisionError" in queued.recipients[0].answer
    assert "fault of the program itself" in caplog.text


class Broken(MemoryOutbox):
    """A queue that cannot be used for a while."""

    is_broken = True

    async def claim(self, *, lease_seconds: float) -> None:
        if self.is_broken:
            raise StateError("the disk is full")


async def test_a_queue_that_cannot_be_used_is_told_to_who_waits(house: House) -> None:
    deliverer = deliverer_of(Broken(house.clock), Faulty(), house.clock)
    with pytest.raises(StateError, match="the disk is full"):
        await deliverer.deliver_due()


class Unreachable:
    """A server that is away, as long as it is."""

    tries = 0

    async def deliver(self, mail: Mail, recipients: Collection[str]) -> Mapping[str, Delivered]:
        self.tries += 1
        raise ConnectError("mail.example.org:25", "connect", "nobody listens there")


async def test_a_changed_server_is_tried_at_once(house: House) -> None:
    mailer = Unreachable()
    deliverer = deliverer_of(house.queue, mailer, house.clock)
    await house.queue.put(mail(1))
    await house.queue.put(mail(2))
    await deliverer.deliver_due()
    await deliverer.deliver_due()
    assert mailer.tries == 1
    deliverer.try_again()
    await deliverer.deliver_due()
    assert mailer.tries == 2


async def until(holds: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - no event tells of what is waited for
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(house.deliverer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
