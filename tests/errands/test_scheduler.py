"""Commands by the clock: each time once, and none passed over in silence, whatever happens in between."""

import logging
from dataclasses import replace
from datetime import UTC

import pytest

from doorward.core.errors import StateError
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.schedules import (
    INTERRUPTED,
    At,
    CatchUp,
    Every,
    MailWhen,
    RunResult,
    Schedule,
)
from doorward.errands.scheduler import LOOK_SECONDS
from tests.errands.scheduler_house import HOUR_SECONDS, HOURLY, House

pytestmark = pytest.mark.may_block("what is logged, pytest writes to a file of its own at once")

FAILED = Outcome(OutcomeKind.EXITED, status=3)


@pytest.fixture
def house() -> House:
    return House()


async def test_it_runs_each_time_once_and_keeps_its_step(house: House) -> None:
    async with house.daemon(HOURLY):
        await house.pass_time(HOUR_SECONDS - 1)
        assert house.runs.begun == []
        for count in range(1, 4):
            await house.pass_time(HOUR_SECONDS if count > 1 else 1)
            assert len(house.runs.begun) == count
            house.runs.end("hourly", RunResult(outcome=SUCCESS, output=b"fine\n", run=count))
            await house.settle()
    state = house.store.states["hourly"]
    assert (state.outcome, state.is_under_way, state.missed, state.skipped) == (SUCCESS, False, 0, 0)
    assert state.due_at == state.began_at == house.clock.wall()


async def test_that_a_run_begins_is_noted_before_it_does(house: House) -> None:
    async with house.daemon(HOURLY):
        noted: list[bool] = []
        run = house.runs.run

        async def look_then_run(schedule: Schedule) -> RunResult:
            state = house.store.states["hourly"]
            noted.append(state.is_under_way and state.next_at > house.clock.wall())
            return await run(schedule)

        house.runs.run = look_then_run  # type: ignore[method-assign]
        await house.pass_time(HOUR_SECONDS)
        assert noted == [True]


async def test_a_run_whose_beginning_cannot_be_noted_does_not_begin_and_that_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.daemon(HOURLY):
        await house.settle()
        house.store.failure = StateError("the disk is full")
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == []
        assert "not run, as its beginning could not be noted: the disk is full" in caplog.text
        assert house.facts()["missed"] == 1
        assert "the disk is full" in str(house.facts()["trouble"])
        house.store.failure = None
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == ["hourly"]
        assert house.facts()["trouble"] == ""


async def test_a_time_that_comes_while_the_run_before_goes_on_is_skipped_and_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.daemon(HOURLY):
        await house.pass_time(3 * HOUR_SECONDS)
        assert house.runs.begun == ["hourly"]
        assert (house.facts()["state"], house.facts()["skipped"]) == ("running", 2)
        assert "skipped, as the run before is still under way" in caplog.text
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.settle()
        assert house.store.states["hourly"].skipped == 2
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == ["hourly"] * 2
        assert house.facts()["skipped"] == 0


# Restarts


async def test_a_restart_runs_nothing_twice(house: House) -> None:
    async with house.daemon(HOURLY):
        await house.pass_time(HOUR_SECONDS)
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.settle()
    for _ in range(3):
        async with house.daemon(HOURLY):
            await house.settle()
    assert house.runs.begun == ["hourly"]
    async with house.daemon(HOURLY):
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == ["hourly"] * 2


@pytest.mark.parametrize(("catch_up", "runs", "missed"), [(CatchUp.ONCE, 1, 4), (CatchUp.NO, 0, 5)])
async def test_what_passed_while_no_daemon_was_there_is_caught_up_once_or_told_as_missed(
    house: House, caplog: pytest.LogCaptureFixture, catch_up: CatchUp, runs: int, missed: int
) -> None:
    schedule = replace(HOURLY, catch_up=catch_up)
    async with house.daemon(schedule):
        await house.settle()
    house.clock.advance(5 * HOUR_SECONDS + 120)
    async with house.daemon(schedule):
        await house.settle()
        assert len(house.runs.begun) == runs
        assert house.facts()["missed"] == missed
        assert f"missed {missed} times, as nobody was there" in caplog.text
        await house.settle()
    assert house.store.states["hourly"].missed == missed


@pytest.mark.parametrize("mail", MailWhen)
async def test_a_run_that_a_crash_cut_is_told_as_such_and_not_begun_again(
    house: House, caplog: pytest.LogCaptureFixture, mail: MailWhen
) -> None:
    schedule = replace(HOURLY, mail=mail)
    async with house.daemon(schedule):
        await house.pass_time(HOUR_SECONDS)
        await house.crash()
    assert house.store.states["hourly"].is_under_way
    house.clock.advance(60)
    async with house.daemon(schedule):
        await house.until(lambda: not house.store.states["hourly"].is_under_way)
        assert house.store.states["hourly"].outcome == INTERRUPTED
        assert house.runs.begun == ["hourly"]
        assert "the run before was cut by the end of the daemon" in caplog.text
        assert house.said() == ([] if mail is MailWhen.NEVER else ["hourly failed 0"])
    async with house.daemon(schedule):
        await house.settle()
    assert len(house.said()) == (0 if mail is MailWhen.NEVER else 1)


async def test_after_a_crash_a_time_that_passed_meanwhile_is_run_beside_what_is_told_of_the_cut_one(
    house: House,
) -> None:
    schedule = replace(HOURLY, mail=MailWhen.ALWAYS)
    async with house.daemon(schedule):
        await house.pass_time(HOUR_SECONDS)
        await house.crash()
    house.clock.advance(2 * HOUR_SECONDS)
    async with house.daemon(schedule):
        await house.until(house.said)
        assert house.runs.begun == ["hourly"] * 2
        assert house.store.states["hourly"].is_under_way
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.until(lambda: len(house.said()) == 2)
    assert house.said() == ["hourly failed 0", "hourly exited 1"]
    assert house.store.states["hourly"].outcome == SUCCESS


async def test_a_crash_before_the_beginning_was_noted_has_it_run_after_all(house: House) -> None:
    async with house.daemon(HOURLY):
        await house.settle()
        house.store.failure = StateError("the process is dead")
        house.clock.advance(HOUR_SECONDS)
        await house.settle()
        await house.crash()
    assert house.runs.begun == []
    async with house.daemon(HOURLY):
        await house.settle()
        assert house.runs.begun == ["hourly"]


async def test_an_orderly_end_notes_what_it_stopped_and_begins_nothing_more(house: House) -> None:
    async with house.daemon(replace(HOURLY, mail=MailWhen.FAILURE)) as scheduler:
        await house.pass_time(HOUR_SECONDS)
        scheduler.stop()
        await house.pass_time(3 * HOUR_SECONDS)
        assert house.runs.begun == ["hourly"]
        house.runs.end("hourly", RunResult(outcome=Outcome(OutcomeKind.CANCELLED, reason="stopped")))
    state = house.store.states["hourly"]
    assert not state.is_under_way
    assert house.said() == ["hourly cancelled 0"]
    # the times that passed since are due when there is a daemon again
    assert state.next_at < house.clock.wall()


# Reloads


async def test_a_reload_that_changes_nothing_runs_nothing_and_puts_nothing_off(house: House) -> None:
    async with house.daemon(HOURLY) as scheduler:
        for _ in range(6):
            await house.pass_time(HOUR_SECONDS / 4)
            scheduler.replace([HOURLY], UTC)
            await house.settle()
        assert house.runs.begun == ["hourly"]


async def test_a_new_timing_counts_from_the_reload_and_what_runs_goes_on(house: House) -> None:
    async with house.daemon(HOURLY) as scheduler:
        await house.pass_time(HOUR_SECONDS)
        scheduler.replace([replace(HOURLY, timing=Every(60))], UTC)
        await house.settle()
        assert house.facts()["state"] == "running"
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.settle()
        assert house.runs.begun == ["hourly"]
        await house.pass_time(60)
        assert house.runs.begun == ["hourly"] * 2
        assert house.store.states["hourly"].timing == "every 1min"


async def test_a_schedule_that_is_gone_is_forgotten_once_its_run_has_ended(house: House) -> None:
    async with house.daemon(replace(HOURLY, mail=MailWhen.ALWAYS)) as scheduler:
        await house.pass_time(HOUR_SECONDS)
        scheduler.replace([], UTC)
        await house.settle()
        assert scheduler.report() == []
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.until(lambda: not house.store.states)
        assert house.said() == ["hourly exited 0"]


async def test_with_no_schedule_nothing_is_looked_at(house: House) -> None:
    async with house.daemon():
        assert house.clock.scheduled == 0


# The wall clock


async def test_a_machine_that_slept_runs_what_passed_as_soon_as_it_looks(house: House) -> None:
    async with house.daemon(HOURLY):
        house.clock.jump(2.5 * HOUR_SECONDS)
        await house.pass_time(LOOK_SECONDS)
        assert house.runs.begun == ["hourly"]
        assert house.facts()["missed"] == 1


async def test_a_clock_put_back_runs_nothing_twice(house: House) -> None:
    daily = replace(HOURLY, timing=At(12, 0))
    async with house.daemon(daily):
        await house.pass_time(24 * HOUR_SECONDS)
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.settle()
        next_at = house.store.states["hourly"].next_at
        house.clock.jump(-2 * HOUR_SECONDS)
        await house.pass_time(3 * HOUR_SECONDS)
        assert house.runs.begun == ["hourly"]
        assert house.store.states["hourly"].next_at == next_at


async def test_a_clock_that_was_years_ahead_puts_nothing_off_for_years(house: House) -> None:
    house.clock.jump(3650 * 86_400.0)
    async with house.daemon(HOURLY):
        await house.settle()
        house.clock.jump(-3650 * 86_400.0)
        await house.pass_time(LOOK_SECONDS)
        assert house.runs.begun == []
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == ["hourly"]


# Mail


@pytest.mark.parametrize(
    ("mail", "mailed"),
    [
        (MailWhen.ALWAYS, [True, True, True, True, True]),
        (MailWhen.FAILURE, [False, False, True, True, False]),
        (MailWhen.CHANGE, [True, False, True, False, True]),
        (MailWhen.NEVER, [False, False, False, False, False]),
    ],
)
async def test_there_is_mail_after_the_runs_that_it_was_wanted_for(
    house: House, mail: MailWhen, mailed: list[bool]
) -> None:
    found: list[bool] = []
    for outcome in (SUCCESS, SUCCESS, FAILED, FAILED, SUCCESS):
        # over restarts, too
        async with house.daemon(replace(HOURLY, mail=mail)):
            before = len(house.outbox.put_mails)
            await house.pass_time(HOUR_SECONDS)
            house.runs.end("hourly", RunResult(outcome=outcome, output=b"x"))
            await house.until(lambda: not house.store.states["hourly"].is_under_way)
            found.append(len(house.outbox.put_mails) > before)
    assert found == mailed


async def test_a_mail_that_cannot_be_queued_or_made_is_told_and_the_end_of_the_run_noted(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.outbox.failure = StateError("the outbox is full")
    async with house.daemon(replace(HOURLY, mail=MailWhen.ALWAYS)):
        await house.pass_time(HOUR_SECONDS)
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.until(lambda: not house.store.states["hourly"].is_under_way)
        assert "its mail could not be queued: the outbox is full" in caplog.text
        assert "the outbox is full" in str(house.facts()["trouble"])
    async with house.daemon(replace(HOURLY, mail=MailWhen.ALWAYS, command="")):
        await house.pass_time(HOUR_SECONDS)
        house.runs.end("hourly", RunResult(outcome=SUCCESS))
        await house.until(lambda: "its mail could not be made" in caplog.text)
        await house.until(lambda: not house.store.states["hourly"].is_under_way)


async def test_a_change_whose_mail_could_not_be_queued_is_told_after_the_next_run(house: House) -> None:
    async with house.daemon(replace(HOURLY, mail=MailWhen.CHANGE)):
        for said in (b"a", b"b", b"b"):
            house.outbox.failure = (
                StateError("the outbox is full") if house.runs.begun == ["hourly"] else None
            )
            await house.pass_time(HOUR_SECONDS)
            house.runs.end("hourly", RunResult(outcome=SUCCESS, output=said))
            await house.until(lambda: not house.store.states["hourly"].is_under_way)
    assert house.runs.begun == ["hourly"] * 3
    assert len(house.outbox.put_mails) == 2


async def test_a_run_that_raises_is_logged_and_told_as_failed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.daemon(replace(HOURLY, mail=MailWhen.FAILURE)):
        await house.pass_time(HOUR_SECONDS)
        house.runs.under_way.pop("hourly").set_exception(KeyError("gone"))
        await house.until(lambda: not house.store.states["hourly"].is_under_way)
        state = house.store.states["hourly"]
        assert state.outcome is not None
        assert state.outcome.kind is OutcomeKind.FAILED
        assert state.outcome.reason == "a fault of the program itself: KeyError('gone')"
        assert "Traceback" in caplog.text
        await house.until(lambda: house.said() == ["hourly failed 0"])
        await house.pass_time(HOUR_SECONDS)
        assert house.runs.begun == ["hourly"] * 2


async def test_a_run_whose_mail_raises_is_noted_all_the_same(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.daemon(replace(HOURLY, mail=MailWhen.ALWAYS, name="raises")):
        await house.pass_time(HOUR_SECONDS)
        house.runs.end("raises", RunResult(outcome=SUCCESS))
        await house.until(lambda: not house.store.states["raises"].is_under_way)
        assert "its mail could not be made: a fault of the program itself" in str(house.facts("raises"))
        assert "Traceback" in caplog.text


async def test_how_a_run_ended_is_logged_and_a_failure_as_a_warning(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.daemon(HOURLY):
        await house.pass_time(HOUR_SECONDS)
        house.runs.end("hourly", RunResult(outcome=FAILED, run=7))
        await house.settle()
    told = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert (logging.WARNING, "hourly: run 7 ended: exit status 3") in told
