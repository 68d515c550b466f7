"""When a message is tried again, and when it is given up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.delivery_tries import decide_tries, longest_wait_seconds, next_try_at
from doorward.core.limits import Limits
from doorward.core.mail import Claim, Delivered, Delivery, Mail, QueuedRecipient, Standing, Tried

LIMITS = Limits()
DAY_SECONDS = 86_400.0
CHANCES = st.floats(0, 1)


@given(attempts=st.integers(1, 10_000), age=st.floats(-1e9, 1e9), chance=CHANCES)
def test_the_next_try_is_later_never_after_the_last_and_never_further_than_the_longest_wait(
    attempts: int, age: float, chance: float
) -> None:
    now = 2e9
    again_at = next_try_at(attempts=attempts, since=now - age, now=now, chance=chance, limits=LIMITS)
    if age >= LIMITS.mail_give_up_seconds:
        assert again_at is None
    elif again_at is not None:
        assert now < again_at <= now - age + LIMITS.mail_give_up_seconds
        assert again_at - now <= longest_wait_seconds(LIMITS)


@pytest.mark.parametrize(("attempts", "wait"), [(1, 60), (2, 120), (5, 960), (9, 14_400), (10**6, 14_400)])
def test_the_wait_doubles_up_to_the_most(attempts: int, wait: float) -> None:
    assert next_try_at(attempts=attempts, since=0.0, now=0.0, chance=0.5, limits=LIMITS) == wait
    assert next_try_at(attempts=attempts, since=0.0, now=0.0, chance=0.0, limits=LIMITS) == wait * 0.75
    assert next_try_at(attempts=attempts, since=0.0, now=0.0, chance=1.0, limits=LIMITS) == wait * 1.25


@given(chances=st.lists(CHANCES, min_size=100, max_size=100))
def test_a_message_that_nobody_takes_is_given_up_after_five_days_and_some_dozens_of_tries(
    chances: list[float],
) -> None:
    now, tries = 0.0, 1
    while (
        again_at := next_try_at(attempts=tries, since=0.0, now=now, chance=chances[tries], limits=LIMITS)
    ) is not None:
        now, tries = again_at, tries + 1
    assert now == 5 * DAY_SECONDS
    assert 30 <= tries <= 60


def test_only_later_is_tried_again_and_who_was_not_tried_is_not_decided() -> None:
    due = tuple(
        QueuedRecipient(
            address=address, standing=Standing.WAITING, attempts=3, since=0.0, next_try_at=0.0, answer=""
        )
        for address in ("ok", "never", "busy", "untried")
    )
    mail = Mail(sender="", recipients=("ok",), message_id="<1@x>", content=b"")
    answers = {
        "ok": Delivered(delivery=Delivery.ACCEPTED, answer="250"),
        "never": Delivered(delivery=Delivery.REFUSED, answer="550"),
        "busy": Delivered(delivery=Delivery.LATER, answer="450"),
        "stranger": Delivered(delivery=Delivery.LATER, answer="450"),
    }
    claim = Claim(number=1, lease="", mail=mail, due=due)
    assert decide_tries(claim, answers, now=1000.0, chance=lambda: 0.5, limits=LIMITS) == {
        "ok": Tried(delivered=answers["ok"]),
        "never": Tried(delivered=answers["never"]),
        "busy": Tried(delivered=answers["busy"], next_try_at=1480.0),
    }
