"""What every `MailQueue`, and every `SeenStore` beside one, does: subclass it and give it `store`."""

# ruff: noqa: S101 - pytest explains a failed assert

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail import Claim, Delivered, Delivery, Mail, QueueChange, Standing, Tried
from doorward.core.ports import MailQueue, SeenStore
from doorward.testing.clock import ManualClock

CONTRACT_LIMITS = Limits(
    message_bytes=64 * 1024,
    message_recipients=3,
    outbox_messages=4,
    outbox_bytes=3 * 64 * 1024,
    seen_marks=1000,
)
"""What the stores are to be made with."""

LEASE_SECONDS = 600.0
OK = Delivered(delivery=Delivery.ACCEPTED, answer="250 queued")
NEVER = Delivered(delivery=Delivery.REFUSED, answer="550 no such user")
BUSY = Delivered(delivery=Delivery.LATER, answer="451 try again")


@dataclass(frozen=True, slots=True)
class StoreUnderTest:
    """
    What a subclass's fixture gives.

    Attributes:
        queue: empty.
        seen: puts its mail into `queue`.
        clock: of both.
    """

    queue: MailQueue
    seen: SeenStore
    clock: ManualClock


def a_mail(*recipients: str, content: bytes = b"Subject: x\r\n\r\nbody\r\n") -> Mail:
    """Make a message to `recipients`, or to bob alone."""
    return Mail(
        sender="bounces@example.org",
        recipients=recipients or ("bob@example.org",),
        message_id="<1@example.org>",
        content=content,
    )


class OutboxContract:
    """Of the queue and the marks."""

    async def test_what_is_put_in_is_listed_and_found_whole(self, store: StoreUnderTest) -> None:
        mail = a_mail("bob@example.org", "eve@example.org", content=b"\0\xff" * 1000)
        number = await store.queue.put(mail)
        [queued] = await store.queue.messages()
        assert (queued.number, queued.size_bytes, queued.sender) == (number, 2000, mail.sender)
        assert (queued.queued_at, queued.message_id) == (store.clock.wall(), mail.message_id)
        assert [each.address for each in queued.recipients] == list(mail.recipients)
        assert all(each.standing is Standing.WAITING and not each.attempts for each in queued.recipients)
        assert not queued.is_claimed
        assert not queued.is_dead
        assert await store.queue.find(number) == (queued, mail)
        assert await store.queue.find(number + 1) is None

    async def test_a_message_is_due_at_once_and_claimed_once(self, store: StoreUnderTest) -> None:
        assert await store.queue.next_due_at() is None
        mail = a_mail()
        number = await store.queue.put(mail)
        assert await store.queue.next_due_at() == 0
        claim = await claimed(store)
        assert (claim.number, claim.mail) == (number, mail)
        assert [each.address for each in claim.due] == ["bob@example.org"]
        assert await store.queue.claim(lease_seconds=LEASE_SECONDS) is None
        assert await store.queue.next_due_at() == pytest.approx(store.clock.wall() + LEASE_SECONDS)
        [queued] = await store.queue.messages()
        assert queued.is_claimed

    async def test_the_longest_due_comes_first(self, store: StoreUnderTest) -> None:
        numbers = []
        for _ in range(3):
            numbers.append(await store.queue.put(a_mail()))
            store.clock.advance(1)
        assert [(await claimed(store)).number for _ in numbers] == numbers

    async def test_a_lease_that_ended_lets_others_have_it_and_the_wall_clock_ends_none(
        self, store: StoreUnderTest
    ) -> None:
        await store.queue.put(a_mail())
        first = await claimed(store)
        store.clock.jump(10_000_000)
        assert await store.queue.claim(lease_seconds=LEASE_SECONDS) is None
        store.clock.advance(LEASE_SECONDS)
        second = await claimed(store)
        assert second.number == first.number
        assert second.lease != first.lease

    async def test_what_all_got_is_gone(self, store: StoreUnderTest) -> None:
        await store.queue.put(a_mail("bob@example.org", "eve@example.org"))
        claim = await claimed(store)
        assert await store.queue.settle(claim, _answers(claim, OK))
        assert not await store.queue.messages()
        assert not await store.queue.settle(claim, _answers(claim, OK))

    async def test_each_recipient_has_an_outcome_of_its_own(self, store: StoreUnderTest) -> None:
        mail = a_mail("ok@example.org", "busy@example.org", "never@example.org")
        await store.queue.put(mail)
        claim, again_at = await claimed(store), store.clock.wall() + 100
        answers = (Tried(delivered=OK), Tried(delivered=BUSY, next_try_at=again_at), Tried(delivered=NEVER))
        assert await store.queue.settle(claim, dict(zip(mail.recipients, answers, strict=True)))
        [queued] = await store.queue.messages()
        assert [
            (each.standing, each.attempts, each.next_try_at, each.answer) for each in queued.recipients
        ] == [
            (Standing.DELIVERED, 1, None, "250 queued"),
            (Standing.WAITING, 1, again_at, "451 try again"),
            (Standing.DEAD, 1, None, "550 no such user"),
        ]
        assert not queued.is_claimed
        assert await store.queue.next_due_at() == again_at
        assert await store.queue.claim(lease_seconds=LEASE_SECONDS) is None
        store.clock.advance(100)
        again = await claimed(store)
        assert [each.address for each in again.due] == ["busy@example.org"]
        # the very same message, with all of its envelope
        assert again.mail == mail

    async def test_recipients_that_were_not_tried_stay_as_they_were(self, store: StoreUnderTest) -> None:
        await store.queue.put(a_mail("bob@example.org", "eve@example.org"))
        claim = await claimed(store)
        assert await store.queue.settle(claim, {"bob@example.org": Tried(delivered=OK)})
        assert [each.address for each in (await claimed(store)).due] == ["eve@example.org"]

    async def test_one_that_is_given_up_is_a_dead_letter_until_it_is_retried(
        self, store: StoreUnderTest
    ) -> None:
        number = await store.queue.put(a_mail("bob@example.org", "eve@example.org"))
        claim = await claimed(store)
        await store.queue.settle(
            claim, {"bob@example.org": Tried(delivered=BUSY), "eve@example.org": Tried(delivered=OK)}
        )
        [queued] = await store.queue.messages()
        assert queued.is_dead
        assert await store.queue.next_due_at() is None
        store.clock.advance(1_000_000)
        assert await store.queue.claim(lease_seconds=LEASE_SECONDS) is None
        assert await store.queue.retry(number) is QueueChange.DONE
        [bob] = (await claimed(store)).due
        assert (bob.address, bob.attempts, bob.since) == ("bob@example.org", 0, store.clock.wall())

    async def test_after_a_lost_lease_only_what_is_final_counts(self, store: StoreUnderTest) -> None:
        await store.queue.put(a_mail("ok@example.org", "busy@example.org"))
        first = await claimed(store)
        store.clock.advance(LEASE_SECONDS)
        second = await claimed(store)
        assert not await store.queue.settle(
            first, {"ok@example.org": Tried(delivered=OK), "busy@example.org": Tried(delivered=BUSY)}
        )
        [queued] = await store.queue.messages()
        assert queued.is_claimed
        assert [each.standing for each in queued.recipients] == [Standing.DELIVERED, Standing.WAITING]
        assert await store.queue.settle(second, _answers(second, OK))
        assert not await store.queue.messages()

    async def test_what_is_being_sent_is_neither_dropped_nor_retried(self, store: StoreUnderTest) -> None:
        number = await store.queue.put(a_mail())
        claim = await claimed(store)
        assert await store.queue.drop(number) is QueueChange.UNDER_WAY
        assert await store.queue.retry(number) is QueueChange.UNDER_WAY
        await store.queue.settle(claim, _answers(claim, NEVER))
        assert await store.queue.drop(number) is QueueChange.DONE
        assert await store.queue.drop(number) is QueueChange.NOT_THERE
        assert await store.queue.retry(number) is QueueChange.NOT_THERE
        # its number is given to no other
        assert await store.queue.put(a_mail()) > number

    async def test_a_wall_clock_that_went_back_by_years_delays_nothing_for_years(
        self, store: StoreUnderTest
    ) -> None:
        await store.queue.put(a_mail())
        claim = await claimed(store)
        await store.queue.settle(claim, _answers(claim, BUSY, next_try_at=store.clock.wall() + 60))
        store.clock.jump(-100_000_000)
        assert await store.queue.next_due_at() == 0
        assert (await claimed(store)).number == claim.number

    async def test_limits_are_kept_and_say_so(self, store: StoreUnderTest) -> None:
        for mail in (
            a_mail(content=b"x" * (64 * 1024 + 1)),
            a_mail(*"abcd"),
            a_mail("a", "a"),
            Mail(sender="", recipients=(), message_id="<1@x>", content=b""),
        ):
            with pytest.raises(StateError):
                await store.queue.put(mail)
        for _ in range(3):
            await store.queue.put(a_mail(content=b"x" * 64 * 1024))
        with pytest.raises(StateError):
            await store.queue.put(a_mail())
        await store.queue.put(a_mail(content=b""))
        with pytest.raises(StateError):
            await store.queue.put(a_mail(content=b""))
        assert len(await store.queue.messages()) == 4

    async def test_an_answer_of_a_server_is_kept_within_bounds(self, store: StoreUnderTest) -> None:
        await store.queue.put(a_mail())
        claim = await claimed(store)
        long = Delivered(delivery=Delivery.REFUSED, answer="550 " + "x" * 100_000)
        await store.queue.settle(claim, _answers(claim, long))
        [queued] = await store.queue.messages()
        assert len(queued.recipients[0].answer) == 1000

    async def test_marks_are_added_replaced_and_forgotten_for_each_errand_alone(
        self, store: StoreUnderTest
    ) -> None:
        assert await store.seen.seen("feed") == {}
        assert await store.seen.commit("feed", {"a": "1", "b": "1"}, None) is None
        await store.seen.commit("other", {"a": "x"}, None)
        await store.seen.commit("feed", {"b": "2", "c": "2"}, None, forgotten=["a", "c", "unknown"])
        assert await store.seen.seen("feed") == {"b": "2", "c": "2"}
        assert await store.seen.seen("other") == {"a": "x"}
        assert not await store.queue.messages()

    async def test_marks_and_mail_are_kept_together_or_neither(self, store: StoreUnderTest) -> None:
        number = await store.seen.commit("feed", {"a": "1"}, a_mail())
        assert [each.number for each in await store.queue.messages()] == [number]
        with pytest.raises(StateError):
            await store.seen.commit(
                "feed", {"b": "1"}, a_mail(content=b"x" * (64 * 1024 + 1)), forgotten=["a"]
            )
        assert await store.seen.seen("feed") == {"a": "1"}
        with pytest.raises(StateError):
            await store.seen.commit("feed", {str(number): "" for number in range(1001)}, a_mail())
        with pytest.raises(StateError):
            await store.seen.commit("feed", {"x" * 1025: ""}, a_mail())
        assert await store.seen.seen("feed") == {"a": "1"}
        assert len(await store.queue.messages()) == 1


async def claimed(store: StoreUnderTest) -> Claim:
    """Claim a message, which has to be due."""
    claim = await store.queue.claim(lease_seconds=LEASE_SECONDS)
    assert claim is not None
    return claim


def _answers(claim: Claim, answer: Delivered, next_try_at: float | None = None) -> Mapping[str, Tried]:
    return {each.address: Tried(delivered=answer, next_try_at=next_try_at) for each in claim.due}
