"""Python functions as runs: what they may give, how they fail, and how they are stopped."""

import asyncio
import gc
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from doorward.core.builtin_commands import function_commands
from doorward.core.call import Call
from doorward.core.errors import BadArgument
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.secret import Secret
from tests.service.house import ALICE, BOUND_SECONDS, ROOT, House, Reader, function, program

CANARY = "canary-2f9c"
LOGS = pytest.mark.may_block("pytest's own log handler writes to a file")


def house_of(called: Callable[..., Any], **fields: Any) -> House:
    limits = fields.pop("limits", None)
    return House(function("work", called, **fields), limits=limits)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(BOUND_SECONDS):
        while not holds():  # noqa: ASYNC110 - no event tells of what is waited for
            await asyncio.sleep(0)


class Gate:
    """What a function waits for, in a thread."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        self.entered.release()
        assert self.opened.wait(BOUND_SECONDS)
        return "through"

    async def was_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=BOUND_SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


# What they give


async def gives_text() -> str:
    return "é\n"


async def gives_bytes() -> bytes:
    return b"\xc3\xa9\n"


async def gives_bytearray() -> bytearray:
    return bytearray("é\n", "utf-8")


async def gives_pieces() -> AsyncIterator[str | bytes]:
    yield "é"
    yield b""
    yield "\n"


async def gives_a_generator() -> AsyncIterator[str | bytes]:
    return gives_pieces()


def gives_text_from_a_thread() -> str:
    assert threading.current_thread() is not threading.main_thread()
    return "é\n"


def gives_a_generator_from_a_thread() -> AsyncIterator[str | bytes]:
    return gives_pieces()


def gives_a_coroutine_from_a_thread() -> Any:
    return gives_text()


@pytest.mark.parametrize(
    "called",
    [
        gives_text,
        gives_bytes,
        gives_bytearray,
        gives_pieces,
        gives_a_generator,
        gives_text_from_a_thread,
        gives_a_generator_from_a_thread,
        gives_a_coroutine_from_a_thread,
    ],
)
async def test_text_bytes_and_iterators_of_them_are_output(called: Callable[..., Any]) -> None:
    house = house_of(called)
    reader = house.ask(ALICE, "work")
    assert await reader.ended() == SUCCESS
    assert reader.text == "é\n"
    await house.runs.close()
    house.assert_at_rest()


@pytest.mark.parametrize("nothing", [None, "", b"", memoryview(b"")])
async def test_nothing_is_an_answer_too(nothing: object) -> None:
    async def called() -> object:
        return nothing

    house = house_of(called)
    reader = house.ask(ALICE, "work")
    assert (await reader.ended(), reader.text) == (SUCCESS, "")


async def test_a_lone_surrogate_is_replaced() -> None:
    async def called() -> str:
        return "a\udcffb"

    reader = house_of(called).ask(ALICE, "work")
    assert await reader.ended() == SUCCESS
    assert reader.text == "a?b"


async def test_arguments_and_the_call_arrive() -> None:
    async def called(call: Call, key: Secret, count: int, *words: str) -> str:
        return f"{call.principal.name} {call.peer.door} {call.run} {key.revealed} {count} {words}"

    reader = house_of(called).ask(ALICE, "work count=2 k b c")
    await reader.ended()
    assert reader.text == "alice unix 1 k 2 ('b', 'c')"


async def test_input_reaches_the_call_to_its_end_and_stays_ended() -> None:
    async def called(call: Call) -> AsyncIterator[bytes]:
        while data := await call.read_input():
            yield data.upper()
        assert await call.read_input() == b""
        yield b"."

    house = house_of(called, takes_input=True)
    reader = house.ask(ALICE, "work")
    reader.write(b"one")
    await reader.has_written(b"ONE")
    reader.write(b"two")
    reader.end_input()
    assert await reader.ended() == SUCCESS
    assert reader.text == "ONETWO."


@pytest.mark.parametrize("waits", [True, False], ids=["before the start", "while it runs"])
async def test_input_in_tiny_pieces_takes_no_more_memory_than_its_bytes(*, waits: bool) -> None:
    async def called(call: Call) -> str:
        return f"{len(await call.read_input())} {len(await call.read_input())}"

    house = House(function("work", called, takes_input=True), program("sleep"), limits=Limits(runs=1))
    if waits:
        house.ask(ALICE, "sleep")
    reader = house.ask(ALICE, "work")
    tracemalloc.start()
    try:
        for _ in range(100_000):
            reader.write(b"x")
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()
    if waits:
        house.child.end()
    assert await reader.ended() == SUCCESS
    assert reader.text == f"65536 {100_000 - 65536}"


async def test_a_call_without_input_reads_an_empty_one() -> None:
    async def called(call: Call) -> bytes:
        return await call.read_input() + b"|"

    reader = house_of(called).ask(ALICE, "work")
    assert (await reader.ended(), reader.text) == (SUCCESS, "|")


# How they fail


async def raises_an_error() -> str:
    raise ValueError(CANARY)


def raises_in_a_thread() -> str:
    raise ValueError(CANARY)


async def raises_on_its_way() -> AsyncIterator[str]:
    yield "so far"
    raise ValueError(CANARY)


async def leaves_the_program() -> str:
    sys.exit(CANARY)


def leaves_the_program_in_a_thread() -> str:
    sys.exit(CANARY)


def stops_an_iteration_in_a_thread() -> str:
    raise StopIteration(CANARY)


async def stops_an_iteration() -> str:
    raise StopIteration(CANARY)


async def cancels_itself() -> str:
    raise asyncio.CancelledError(CANARY)


async def gives_a_number() -> int:
    return 7


def gives_a_plain_generator() -> Iterator[str]:
    yield CANARY


async def gives_numbers() -> AsyncIterator[int]:
    yield 7


@pytest.mark.parametrize(
    "called",
    [
        raises_an_error,
        raises_in_a_thread,
        raises_on_its_way,
        leaves_the_program,
        leaves_the_program_in_a_thread,
        stops_an_iteration,
        stops_an_iteration_in_a_thread,
        cancels_itself,
        gives_a_number,
        gives_a_plain_generator,
        gives_numbers,
    ],
)
@LOGS
async def test_whatever_is_raised_is_a_reference_that_the_log_explains(
    called: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    house = house_of(called)
    reader = house.ask(ALICE, "work")
    outcome = await reader.ended()
    assert outcome.kind is OutcomeKind.FAILED
    assert CANARY not in outcome.reason + reader.text + "".join(house.audit.lines)
    reference = outcome.reason.rpartition(" ")[2]
    assert outcome.reason == f"it failed; the log explains {reference}"
    assert len(caplog.records) == 1
    assert reference in caplog.text
    assert "Traceback" in vars(caplog.records[-1])["exception"]
    await house.runs.close()
    house.assert_at_rest()


@LOGS
async def test_a_value_that_no_type_refuses_is_the_askers_to_mend_and_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def called() -> str:
        raise BadArgument("since", "a day", '"yesterday"')

    house = house_of(called)
    with caplog.at_level("INFO"):
        outcome = await house.ask(ALICE, "work").ended()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.INVALID, 'since: expected a day, got "yesterday"')
    assert outcome.exit_status == 126
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "reference" not in caplog.text
    await house.runs.close()
    house.assert_at_rest()


# How they are stopped


async def test_an_async_one_is_cancelled_and_may_clean_up() -> None:
    cleaned: list[str] = []

    async def called() -> str:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")
        return ""

    house = house_of(called)
    reader = house.ask(ALICE, "work")
    await turns()
    reader.cancel()
    assert await reader.ended() == Outcome(OutcomeKind.CANCELLED, signal=15)
    assert cleaned == ["up"]
    house.assert_at_rest()


async def test_one_that_is_cancelled_before_its_first_step_is_not_given_up() -> None:
    called_with: list[str] = []

    async def called() -> None:
        called_with.append("x")

    house = house_of(called)
    reader = house.ask(ALICE, "work")
    reader.cancel()
    assert await reader.ended() == Outcome(OutcomeKind.CANCELLED, signal=15)
    assert (called_with, house.runs.given_up) == ([], 0)
    gc.collect()  # a coroutine that nobody awaited would warn now
    house.assert_at_rest()


async def test_one_that_ignores_being_cancelled_is_given_up_after_the_grace() -> None:
    released = asyncio.Event()

    async def called() -> AsyncIterator[str]:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                yield "not me"
        yield "a ghost"

    house = house_of(called, limits=Limits(grace_seconds=5.0))
    reader = house.ask(ALICE, "work")
    await turns()
    reader.cancel()
    await reader.has_written(b"not me")
    house.clock.advance(4.9)
    assert not reader.is_over
    house.clock.advance(0.1)
    assert reader.outcome == Outcome(OutcomeKind.UNKILLABLE)
    assert house.runs.given_up == 1
    house.assert_at_rest()
    released.set()
    await until(lambda: not house.runs._functions._tasks)
    assert reader.run.transcript.size_bytes == len("not me")


async def test_one_whose_caller_went_away_is_cancelled_after_it_has_lingered() -> None:
    async def called(call: Call) -> bytes:
        return await call.read_input()

    house = house_of(called, takes_input=True)
    reader = house.ask(ALICE, "work")
    await turns()
    reader.leave()
    house.clock.advance(10)
    await until(lambda: house.runs.history.is_idle)
    assert reader.run.outcome == Outcome(OutcomeKind.CANCELLED, signal=15, reason="nobody read it")
    house.assert_at_rest()


async def test_one_that_gives_without_end_is_cut_and_ended_and_holds_up_nobody() -> None:
    closed: list[str] = []

    async def called() -> AsyncIterator[str]:
        try:
            while True:
                yield "y\n"
        finally:
            closed.append("generator")

    house = house_of(called, output_bytes=100)
    reader = house.ask(ALICE, "work")
    uptime = house.ask(ALICE, "uptime")
    house.child.end()
    assert uptime.outcome == SUCCESS
    assert await reader.ended() == Outcome(OutcomeKind.EXITED, cut_at_bytes=100)
    assert closed == ["generator"]


async def test_one_that_gives_nothing_without_end_is_stopped_by_time() -> None:
    async def called() -> AsyncIterator[str]:
        while True:
            yield ""

    house = house_of(called, timeout_seconds=2.0)
    reader = house.ask(ALICE, "work")
    await turns(20)
    house.clock.advance(2)
    assert (await reader.ended()).kind is OutcomeKind.TIMED_OUT
    house.assert_at_rest()


async def test_one_in_a_thread_is_waited_for_and_its_place_with_it(gate: Gate) -> None:
    house = house_of(gate, at_once=1)
    reader = house.ask(ALICE, "work")
    await gate.was_entered()
    reader.cancel()
    await turns()
    assert (reader.is_over, house.runs.places.taken) == (False, 1)
    gate.opened.set()
    assert (await reader.ended()).kind is OutcomeKind.CANCELLED
    await house.runs.close()
    house.assert_at_rest()


async def test_one_that_hangs_in_a_thread_is_given_up_after_the_grace(gate: Gate) -> None:
    house = house_of(gate, limits=Limits(grace_seconds=5.0))
    reader = house.ask(ALICE, "work")
    await gate.was_entered()
    house.clock.advance(60)
    assert not reader.is_over
    house.clock.advance(5)
    assert (reader.outcome, house.runs.given_up) == (Outcome(OutcomeKind.UNKILLABLE), 1)
    house.assert_at_rest()
    gate.opened.set()
    await until(lambda: not house.runs._functions._tasks)
    assert reader.text == ""
    await house.runs.close()


async def test_one_that_waits_for_a_thread_is_taken_back_at_once(gate: Gate) -> None:
    house = house_of(gate, limits=Limits(runs_per_user=20))
    running = [house.ask(ALICE, "work") for _ in range(8)]
    for _ in running:
        await gate.was_entered()
    waiting = [house.ask(ALICE, "work") for _ in range(3)]
    await turns()
    assert house.runs._functions._threads.waiting == 3
    for reader in waiting:
        reader.cancel()
        assert await reader.ended() == Outcome(OutcomeKind.CANCELLED, signal=15)
    assert (house.runs._functions._threads.waiting, house.runs.given_up) == (0, 0)
    gate.opened.set()
    assert [await reader.ended() for reader in running] == [SUCCESS] * 8
    assert gate.calls == 8
    await house.runs.close()
    house.assert_at_rest()


async def test_closing_does_not_wait_for_a_thread_that_hangs(gate: Gate) -> None:
    house = house_of(gate)
    house.ask(ALICE, "work")
    await gate.was_entered()
    async with asyncio.timeout(BOUND_SECONDS), asyncio.TaskGroup() as group:
        closing = group.create_task(house.runs.close())
        await turns()
        assert not closing.done()
        house.clock.advance(5)
    house.assert_at_rest()
    hung = [thread for thread in threading.enumerate() if thread.name.startswith("function-")]
    assert hung
    assert all(thread.daemon for thread in hung)  # the end of the process waits for no daemon thread
    gate.opened.set()
    await until(lambda: not house.runs._functions._tasks)


async def test_eight_threads_serve_more_calls_than_eight_one_after_another() -> None:
    house = house_of(lambda: "x", limits=Limits(runs_per_user=20))
    readers: list[Reader] = [house.ask(ALICE, "work") for _ in range(20)]
    assert [await reader.ended() for reader in readers] == [SUCCESS] * 20
    await house.runs.close()


async def test_what_only_a_daemon_can_answer_is_told_so_without_one() -> None:
    house = House(*function_commands())
    for command in function_commands():
        outcome = await house.ask(ROOT, command.name).ended()
        assert (outcome.kind, outcome.reason[:20]) == (OutcomeKind.FAILED, "only a daemon can an")
    await house.runs.close()
