"""The load in Python beside the one in C."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from statistics import median

import pytest

from doorward.core.settings import LineSessionKind
from doorward.models._load import GREETING
from doorward.models._measuring import (
    WARM_UP_SECONDS,
    Load,
    Process,
    datagram_beside,
    load_of,
    model_server,
)
from doorward.models._native import native_programs

DELAY_SECONDS = 0.06
LATE_SECONDS = WARM_UP_SECONDS + 0.1
"""Longer than the load warms up, so that what was asked then is not answered just when it counts."""

PYTHON = Load((sys.executable, "-m", "doorward.models._load"))


def test_sessions_that_end_too_early_are_counted_and_told() -> None:
    with model_server("epoll", LineSessionKind.ONCE) as server:
        rate = PYTHON.rate("once", server, connections=4, seconds=0.2)
        assert (rate.errors, rate.per_second > 10) == (0, True)
        # sessions end after their answer, so that none of them is kept
        kept = PYTHON.rate("kept", server, connections=2, seconds=0.2)
    assert kept.errors > 0
    assert "the connection ended before the answer did" in kept.first_error


@pytest.fixture
def paced(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server whose every answer takes so long, whatever else the machine does."""
    loop = asyncio.new_event_loop()
    mode, delay_seconds = request.param

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a load that is done resets its kept sessions
        with contextlib.suppress(ConnectionResetError):
            writer.write(GREETING)
            while await reader.readline():
                await asyncio.sleep(delay_seconds)
                writer.write(b"hello\n" + (GREETING if mode == "kept" else b""))
                if mode == "once":
                    break
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(_end_of_all())
    loop.close()


async def _end_of_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("paced", [("once", LATE_SECONDS)], ids=["once"], indirect=True)
@pytest.mark.parametrize(
    "load", ["python", pytest.param("c", marks=pytest.mark.needs_program("gcc", package="gcc"))]
)
def test_answers_that_come_late_count_for_their_times_alone(paced: int, load: str) -> None:
    # nothing can be answered in this load's time, and all that was asked is waited for
    asks = PYTHON if load == "python" else load_of(native_programs(os.environ))
    rate = asks.rate("once", Process(os.getpid(), paced), connections=8, seconds=LATE_SECONDS / 10)
    assert (rate.per_second, rate.errors) == (0, 0)
    assert rate.p50_ms >= LATE_SECONDS * 990


@pytest.mark.parametrize(
    "load", ["python", pytest.param("c", marks=pytest.mark.needs_program("gcc", package="gcc"))]
)
def test_datagrams_are_asked_and_counted(load: str) -> None:
    asks = PYTHON if load == "python" else load_of(native_programs(os.environ))
    with model_server("udp", LineSessionKind.ONCE) as server:
        rate = asks.rate("datagrams", server, connections=8, seconds=1.0)
        assert (rate.errors, rate.per_second > 10, rate.p50_ms > 0) == (0, True, True)
        assert datagram_beside(server, b"sleep 0.3") > 0.29


@pytest.mark.soak
@pytest.mark.needs_program("gcc", package="gcc")
@pytest.mark.parametrize(
    ("paced", "mode"),
    [pytest.param((mode, DELAY_SECONDS), mode, id=mode) for mode in ("once", "kept")],
    indirect=["paced"],
)
def test_both_loads_find_the_same_of_the_same_server(paced: int, mode: str) -> None:
    native = native_programs(os.environ)
    assert native.load is not None, native.missing
    server = Process(os.getpid(), paced)
    loads = (PYTHON, Load((str(native.load),)))
    # in turns, and the middle of three: others use the machine too
    rounds = [[load.rate(mode, server, connections=16, seconds=1.5) for load in loads] for _ in range(3)]
    assert [rate.errors for each in rounds for rate in each] == [0] * 6, rounds
    for figure in ("per_second", "p50_ms"):
        ours, theirs = (median(getattr(rate, figure) for rate in of) for of in zip(*rounds, strict=True))
        assert abs(ours / theirs - 1) < 0.1, (figure, rounds)
