"""From a line to its answer, without a socket and without a child."""

from dataclasses import replace

import pytest

from doorward.core.limits import Limits
from doorward.core.settings import LineSessionKind
from doorward.models._answering import Conversation, Places, Reception
from doorward.models._commands import small_catalogue
from doorward.models._stopping import Stopping
from doorward.testing.clock import ManualClock

GREETING = b"What can I do for you?\n"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def reception() -> Reception:
    return Reception(
        catalogue=small_catalogue(),
        limits=Limits(runs=1, output_bytes=100),
        kind=LineSessionKind.KEEP,
        places=Places(1),
        stopping=Stopping(),
        most_peers=1,
    )


def arrive(reception: Reception, clock: ManualClock) -> Conversation:
    conversation = Conversation(reception, address="192.0.2.1:7", here=lambda: 3, clock=clock.monotonic)
    assert conversation.bytes_to_send() == GREETING
    return conversation


def test_what_needs_no_child_is_answered_at_once(reception: Reception, clock: ManualClock) -> None:
    conversation = arrive(reception, clock)
    conversation.receive_data(b"whoami\necho a 'b  c'\nnothing\n\nquit\n")
    assert conversation.next_launch() is None
    said = conversation.bytes_to_send().split(GREETING)
    assert said == [
        b"Your address is 192.0.2.1:7\n",
        b"You are one of 3: a b  c\n",
        b"I did not understand.\n",
        b"Uh?\n",
        b"",
    ]
    assert conversation.is_over


def test_lines_behind_a_child_wait_for_its_end(reception: Reception, clock: ManualClock) -> None:
    conversation = arrive(reception, clock)
    conversation.receive_data(b"count 2\nwhoami\n")
    launch = conversation.next_launch()
    assert launch is not None
    assert launch.argv[1:] == ("2",)
    assert conversation.next_launch() is None
    conversation.output(b"1\n2\n")
    assert conversation.bytes_to_send() == b"1\n2\n"
    conversation.ended(0)
    assert conversation.next_launch() is None
    assert conversation.bytes_to_send() == GREETING + b"Your address is 192.0.2.1:7\n" + GREETING


@pytest.mark.parametrize(
    ("status", "told"), [(3, b"exit status 3\n"), (-9, b"killed by signal 9\n"), (0, b"")]
)
def test_how_a_child_ended_is_told(
    reception: Reception, clock: ManualClock, status: int, told: bytes
) -> None:
    conversation = arrive(reception, clock)
    conversation.receive_data(b"uptime\n")
    assert conversation.next_launch() is not None
    conversation.ended(status)
    assert conversation.bytes_to_send() == told + GREETING


def test_output_beyond_the_limit_is_dropped_and_told(reception: Reception, clock: ManualClock) -> None:
    conversation = arrive(reception, clock)
    conversation.receive_data(b"uptime\n")
    conversation.next_launch()
    conversation.output(b"x" * 99)
    conversation.output(b"yz")
    conversation.output(b"z")
    conversation.ended(0)
    assert conversation.bytes_to_send() == b"x" * 99 + b"y\noutput cut at 100 bytes\n" + GREETING


def test_a_child_whose_time_is_up_must_go_and_its_end_says_so(
    reception: Reception, clock: ManualClock
) -> None:
    conversation = arrive(reception, clock)
    conversation.receive_data(b"sleep 100\n")
    conversation.next_launch()
    assert conversation.deadline_at == clock.monotonic() + reception.limits.timeout_seconds
    went = [conversation.stops_child]
    conversation.time_is_up()
    went.append(conversation.stops_child)
    assert went == [False, True]
    conversation.ended(-9)
    assert conversation.bytes_to_send() == b"stopped after 60 s\n" + GREETING


def test_without_a_place_the_answer_is_busy_and_a_place_comes_back(
    reception: Reception, clock: ManualClock
) -> None:
    first, second = arrive(reception, clock), arrive(reception, clock)
    first.receive_data(b"uptime\n")
    assert first.next_launch() is not None
    second.receive_data(b"uptime\n")
    assert second.next_launch() is None
    assert second.bytes_to_send() == b"Uh? busy, try again later\n" + GREETING
    first.not_started(FileNotFoundError(2, "No such file or directory"))
    assert first.bytes_to_send() == b"Uh? No such file or directory\n" + GREETING
    second.receive_data(b"uptime\n")
    assert second.next_launch() is not None


def test_a_peer_that_says_nothing_is_closed_when_its_time_is_up(
    reception: Reception, clock: ManualClock
) -> None:
    conversation = arrive(reception, clock)
    assert conversation.deadline_at == clock.monotonic() + reception.limits.first_line_seconds
    conversation.receive_data(b"half a li")
    assert conversation.next_launch() is None
    conversation.time_is_up()
    assert conversation.is_over


def test_a_peer_that_leaves_wants_its_child_no_more(reception: Reception, clock: ManualClock) -> None:
    conversation = arrive(replace(reception, kind=LineSessionKind.ONCE), clock)
    conversation.receive_data(b"sleep 100\n")
    conversation.next_launch()
    conversation.left()
    assert (conversation.stops_child, conversation.is_over) == (True, True)
    conversation.ended(-9)
    assert conversation.bytes_to_send() == b""
    assert not conversation.stops_child
