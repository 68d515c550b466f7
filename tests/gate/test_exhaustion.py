"""What is told when nothing can be accepted."""

import asyncio
import errno
import os
from collections.abc import Iterator

import pytest

from doorward.gate.exhaustion import TOLD_SECONDS, ExhaustionTeller
from doorward.testing.clock import ManualClock

ACCEPT = "socket.accept() out of system resource"


@pytest.fixture
def idle_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs nothing: what it tells is written here and now."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_a_hundred_failed_accepts_within_a_second_are_one_line(
    idle_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    tell = ExhaustionTeller(clock.monotonic)
    error = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    for _ in range(100):
        tell(idle_loop, {"message": ACCEPT, "exception": error})
    assert [record.getMessage() for record in caplog.records] == [
        "connections could not be accepted, 1 times by now: [Errno 24] Too many open files"
    ]
    clock.advance(TOLD_SECONDS)
    tell(idle_loop, {"message": ACCEPT, "exception": error})
    assert caplog.records[1].getMessage().startswith("connections could not be accepted, 101 times")


@pytest.mark.parametrize(
    "context",
    [
        {"message": "a task failed", "exception": OSError(errno.EMFILE, "x")},
        {"message": ACCEPT, "exception": OSError(errno.EINVAL, "x")},
        {"message": "accept"},
    ],
)
def test_everything_else_is_left_to_the_loop(
    idle_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture, context: dict[str, object]
) -> None:
    tell = ExhaustionTeller(ManualClock().monotonic)
    for _ in range(2):
        tell(idle_loop, context)
    assert [record.name for record in caplog.records] == ["asyncio", "asyncio"]
