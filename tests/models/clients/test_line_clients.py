"""One question on three ways to wait, to real servers of the models."""

import socket
from collections.abc import Iterator

import pytest

from doorward.models.clients import blocking, nonblocking, streams
from tests.models.servers import started

Address = tuple[str, int]


@pytest.fixture(scope="module", params=["once", "keep"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    with started("epoll", request.param) as (_, address):
        yield address


@pytest.fixture
def nobody() -> Iterator[Address]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()


NUMBERS = b"".join(b"%d\n" % number for number in range(1, 5001))
LINES = ["count 2", "nothing-of-this-name", "count 5000"]
ANSWERS = [b"1\n2\n", b"I did not understand.\n", NUMBERS]


def test_a_blocking_client_asks_one_after_the_other(address: Address) -> None:
    assert [blocking.ask(address, line) for line in LINES] == ANSWERS


def test_a_client_that_does_not_block_asks_all_at_once(address: Address) -> None:
    assert nonblocking.ask_all(address, LINES * 10) == ANSWERS * 10


async def test_a_client_of_streams_asks_all_at_once(address: Address) -> None:
    assert await streams.ask_all(address, LINES * 10) == ANSWERS * 10


def test_many_slow_questions_take_no_longer_than_one(address: Address) -> None:
    # 0.4 s each, and together under the time that two would take
    answers = nonblocking.ask_all(address, ["sleep 0.4"] * 8, timeout_seconds=0.79)
    assert answers == [b""] * 8


def test_nobody_there_is_told_by_each(nobody: Address) -> None:
    with pytest.raises(ConnectionRefusedError):
        blocking.ask(nobody, "uptime")
    (error,) = nonblocking.ask_all(nobody, ["uptime"])
    assert isinstance(error, ConnectionRefusedError)


async def test_nobody_there_is_told_by_streams_too(nobody: Address) -> None:
    with pytest.raises(ConnectionRefusedError):
        await streams.ask(nobody, "uptime")


async def test_a_server_that_says_nothing_is_given_up_by_each(nobody: Address) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(TimeoutError):
            await streams.ask(silent.getsockname(), "uptime", timeout_seconds=0.1)


def test_the_others_give_it_up_as_well() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(TimeoutError):
            blocking.ask(silent.getsockname(), "uptime", timeout_seconds=0.1)
        (error,) = nonblocking.ask_all(silent.getsockname(), ["uptime"], timeout_seconds=0.1)
        assert isinstance(error, TimeoutError)
