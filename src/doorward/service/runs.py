"""The life of runs: started when there is a place, stopped for a cause, ended, and kept for a while."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from doorward.core.audit import AuditEvent, AuditKind, AuditValue
from doorward.core.command import Command, Function, Program
from doorward.core.errors import BadArgument
from doorward.core.invocation import Invocation, launch_of
from doorward.core.launch import Ending, Signalled, Stream, Unkillable
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.parameter_types import Value
from doorward.core.ports import AuditLog, Child, Clock, Spawner
from doorward.service.caller import Caller
from doorward.service.failures import log_failure
from doorward.service.functions import FunctionRunner
from doorward.service.history import History
from doorward.service.paths import THREADS as PATH_THREADS
from doorward.service.paths import follow_paths
from doorward.service.places import Places, Standing, owner_of
from doorward.service.run import Run, RunState, StopCause, run_outcome
from doorward.service.shareable import Shareable
from doorward.service.stuck import Stuck
from doorward.service.threads import Threads

_log = logging.getLogger("doorward.runs")

_BUSY = Outcome(OutcomeKind.BUSY, reason="busy, try again later")
_ENDING = Outcome(OutcomeKind.BUSY, reason="the daemon is being stopped")
_WAITED = Outcome(OutcomeKind.BUSY, reason="busy, no place became free in time")


class Runs:
    """
    Starts, stops and ends runs.

    Whatever happens to a run is told to its readers through its transcript, and written to the audit log.

    Attributes:
        places: who has one, and who waits.
        stuck: those that could not be killed.
        shareable: those whose answers others may be given.
        history: those that are known; `known` forgets the old ones first.
    """

    def __init__(self, limits: Limits, *, spawner: Spawner, clock: Clock, audit: AuditLog) -> None:
        self._limits = limits
        self._spawner = spawner
        self._clock = clock
        self._audit = audit
        self._functions = FunctionRunner(clock, threads=limits.function_threads)
        self._paths = Threads(PATH_THREADS, name="paths")
        self._drained: asyncio.Event | None = None
        self.places = Places(limits)
        self.stuck = Stuck(self.places)
        self.shareable = Shareable(clock)
        self.history = History(limits, on_forgotten=self.shareable.forget)

    @property
    def given_up(self) -> int:
        """How many runs could not be killed since the start."""
        return self.stuck.since_start

    def replace_limits(self, limits: Limits) -> None:
        """Work by these limits from now on; fresh answers are forgotten, what runs goes on."""
        self._limits = limits
        self.shareable.clear()
        self.places.replace_limits(limits)
        self.history.replace_limits(limits, now=self._clock.monotonic())

    def known(self) -> History:
        """The runs that are known now."""
        self.history.forget_old(now=self._clock.monotonic())
        return self.history

    def start(self, invocation: Invocation, caller: Caller) -> Run | Outcome:
        """
        Begin a run, at once or when a place is free.

        Returns:
            The run; or why there is none: no place, and none to wait in.
        """
        if self._drained is not None:
            return self._turn_away(invocation, caller, _ENDING)
        command = invocation.command
        run = Run(
            number=self.history.next_number(),
            invocation=invocation,
            principal=caller.principal,
            peer=caller.peer,
            asked_at=self._clock.wall(),
            output_bytes=self._output_bytes(command),
        )
        run.claim = self.places.claim(caller.principal, command, partial(self._begin, run))
        if run.claim.standing is Standing.TURNED_AWAY:
            return self._turn_away(invocation, caller, _BUSY)
        run.own(caller.principal)
        self.history.add(run)
        self.record(AuditKind.RUN, caller, run=run.number, command=invocation.shown)
        if command.is_shareable:
            self.shareable.add(run)
        if run.claim.standing is Standing.HELD:
            self._begin(run)
        else:
            self._later(run, "queue", self._limits.queue_seconds, partial(self._finish, run, _WAITED))
        return run

    def write_input(self, run: Run, data: bytes) -> None:
        """Hand bytes to the run's stdin; more than its limit stops it."""
        if run.input_ended or run.state is RunState.ENDED:
            return
        run.input_bytes += len(data)
        if run.input_bytes > self._input_bytes(run.invocation.command):
            run.input_ended = True
            self.stop(run, StopCause.INPUT)
        elif run.child is None:
            run.pending_input += data
        else:
            run.child.write_input(data)

    def end_input(self, run: Run) -> None:
        """End the run's stdin; idempotent."""
        if not run.input_ended:
            run.input_ended = True
            if run.child is not None:
                run.child.close_input()

    def stop(self, run: Run, cause: StopCause) -> None:
        """Have the run end, with all that it started; nothing happens to one that is ending already."""
        if run.state in {RunState.STOPPING, RunState.ENDED}:
            return
        run.stop_cause = cause
        # what is being stopped is no answer to anybody who asks from now on
        self.shareable.forget(run)
        if run.child is None:
            self._end(run, Signalled(0))
        else:
            run.state = RunState.STOPPING
            run.child.stop()

    def read_again(self, run: Run) -> None:
        """Somebody reads the run: it is not stopped for want of readers."""
        run.cancel_timer("linger")

    def left(self, run: Run, *, comes_back: bool = False) -> None:
        """
        A reader left: when it was the last, the run is stopped after a while, unless it is detached.

        One that waits for a place is stopped at once, unless that reader may come back.
        """
        if run.readers:
            self._hand_over(run)
        if run.readers or run.invocation.command.detach or run.state is RunState.ENDED:
            return
        if run.state is RunState.WAITING and not comes_back:
            self.stop(run, StopCause.UNREAD)
        elif self._drained is not None:
            self.stop(run, StopCause.DRAINED)
        else:
            linger_seconds = run.invocation.command.linger_seconds
            self._later(
                run,
                "linger",
                self._limits.linger_seconds if linger_seconds is None else linger_seconds,
                partial(self.stop, run, StopCause.UNREAD),
            )

    def _hand_over(self, run: Run) -> None:
        """Have a run that goes on for others count against one of them: who left is owed their share."""
        owners = [owner_of(reader.principal) for reader in run.readers]
        if run.claim is not None and run.claim.owner not in owners:
            self.places.hand_over(run.claim, owners[0])

    async def drain(self) -> None:
        """
        Take no more runs; wait for those that are read or detached, stop the others, and end with none.

        Those that are waited for are stopped after `limits.drain_seconds`.
        """
        self._drained = self._drained or asyncio.Event()
        timer = self._clock.call_later(self._limits.drain_seconds, self._stop_all)
        try:
            for run in self.history.live():
                if not run.readers and not run.invocation.command.detach:
                    self.stop(run, StopCause.DRAINED)
            if not self.history.is_idle:
                await self._drained.wait()
        finally:
            timer.cancel()

    async def close(self) -> None:
        """End every run at once, and let go of what they ran on."""
        self._drained = self._drained or asyncio.Event()
        self._stop_all()
        if not self.history.is_idle:
            await self._drained.wait()
        await self._spawner.close()
        self._functions.close()
        self._paths.close()

    def record(self, kind: AuditKind, caller: Caller, **details: AuditValue) -> None:
        """Write down what `caller` did."""
        self._audit.record(AuditEvent(kind, caller.principal.name, caller.peer, details))

    # Inside

    def _turn_away(self, invocation: Invocation, caller: Caller, outcome: Outcome) -> Outcome:
        self.record(AuditKind.REFUSAL, caller, command=invocation.command.name, reason=outcome.reason)
        return outcome

    def _begin(self, run: Run) -> None:
        # it may have ended between being given a place and being started
        if run.state is RunState.WAITING:
            self._isolate(run, self._start)

    def _isolate(self, run: Run, step: Callable[[Run], None]) -> None:
        try:
            step(run)
        except Exception as error:  # noqa: BLE001 - logged
            # a run is isolated from the others: that whose place it has, and those that wait for one
            self._end(run, log_failure(_log, f"run {run.number}", error))

    def _start(self, run: Run) -> None:
        run.state = RunState.LIVE
        run.began_at = self._clock.monotonic()
        run.cancel_timer("queue")
        self._later(
            run,
            "time",
            self._timeout_seconds(run.invocation.command),
            partial(self.stop, run, StopCause.TIME),
        )
        if paths := run.invocation.paths:
            run.following = self._paths.call(partial(follow_paths, paths))
            run.following.future.add_done_callback(partial(self._paths_followed, run))
        else:
            self._launch(run)

    def _paths_followed(self, run: Run, followed: "asyncio.Future[dict[str, Value]]") -> None:
        if followed.cancelled():
            return
        error = followed.exception()
        if run.state is not RunState.LIVE:
            return
        run.following = None
        if error is None:
            run.invocation = run.invocation.with_values(followed.result())
            self._isolate(run, self._launch)
        elif isinstance(error, BadArgument):
            self._finish(run, Outcome(OutcomeKind.INVALID, reason=str(error)))
        else:
            self._end(run, log_failure(_log, f"run {run.number}", error))

    def _launch(self, run: Run) -> None:
        child = self._child_of(run)
        if run.state is RunState.ENDED:
            return
        run.child = child
        if run.pending_input:
            child.write_input(bytes(run.pending_input))
            run.pending_input.clear()
        if run.input_ended:
            child.close_input()

    def _child_of(self, run: Run) -> Child:
        action = run.invocation.command.action
        events = RunEvents(run.transcript.add, ended=partial(self._end, run), gone=partial(self._gone, run))
        match action:
            case Program():
                return self._spawner.spawn(launch_of(run.invocation, action, self._limits), events)
            case Function():
                return self._functions.call(run, action, events, grace_seconds=self._limits.grace_seconds)
            case _:
                raise TypeError(f"{action} is answered by the desk itself")

    def _end(self, run: Run, ending: Ending) -> None:
        if run.state is RunState.ENDED:
            return
        command = run.invocation.command
        outcome = run_outcome(
            run,
            ending,
            timeout_seconds=self._timeout_seconds(command),
            input_bytes=self._input_bytes(command),
        )
        frees_place = True
        if isinstance(ending, Unkillable) and run.claim is not None:
            frees_place = self.stuck.add(run.claim, most=self._limits.unkillable_runs)
        self._finish(run, outcome, frees_place=frees_place)

    def _gone(self, run: Run) -> None:
        if run.claim is not None:
            self.stuck.gone(run.claim)

    def _finish(self, run: Run, outcome: Outcome, *, frees_place: bool = True) -> None:
        if run.state is RunState.ENDED:
            return
        run.state = RunState.ENDED
        run.ended_at = self._clock.monotonic()
        self._let_go(run)
        self._record_end(run, outcome)
        if not outcome.is_success or run.invocation.command.fresh_seconds <= 0:
            self.shareable.forget(run)
        # all is settled before the readers are told: one of them may ask again at once
        self.history.end(run, now=run.ended_at)
        run.readers.clear()
        if frees_place and run.claim is not None:
            self.places.free(run.claim)
        run.transcript.finish(outcome)
        if self._drained is not None and self.history.is_idle:
            self._drained.set()
        self.places.start_next()

    def _let_go(self, run: Run) -> None:
        """Keep nothing with a run that is known for a while yet but what it wrote."""
        run.cancel_timers()
        run.child = run.asker = None
        run.forget_secrets()
        run.pending_input.clear()
        if run.following is not None:
            self._paths.withdraw(run.following)
            run.following = None

    def _record_end(self, run: Run, outcome: Outcome) -> None:
        began_at = run.ended_at if run.began_at is None else run.began_at
        self.record(
            AuditKind.END,
            Caller(run.principal, run.peer),
            run=run.number,
            command=run.invocation.command.name,
            outcome=outcome.kind.value,
            exit_status=outcome.exit_status,
            seconds=round((run.ended_at or 0.0) - (began_at or 0.0), 3),
            output_bytes=run.transcript.size_bytes,
        )

    def _stop_all(self) -> None:
        for run in self.history.live():
            self.stop(run, StopCause.DRAINED)

    def _later(self, run: Run, purpose: str, delay_seconds: float, callback: "partial[None]") -> None:
        run.timers[purpose] = self._clock.call_later(delay_seconds, callback)

    def _timeout_seconds(self, command: Command) -> float:
        return self._limits.timeout_seconds if command.timeout_seconds is None else command.timeout_seconds

    def _output_bytes(self, command: Command) -> int:
        return self._limits.output_bytes if command.output_bytes is None else command.output_bytes

    def _input_bytes(self, command: Command) -> int:
        return self._limits.input_bytes if command.input_bytes is None else command.input_bytes


class RunEvents:
    """Passes on what a run's child does."""

    __slots__ = ("_ended", "_gone", "_take")

    def __init__(
        self,
        take: Callable[[Stream, bytes], bool],
        *,
        ended: Callable[[Ending], None],
        gone: Callable[[], None],
    ) -> None:
        self._take = take
        self._ended = ended
        self._gone = gone

    def output_received(self, stream: Stream, data: bytes) -> bool:
        """See `ChildEvents`."""
        return self._take(stream, data)

    def ended(self, ending: Ending) -> None:
        """See `ChildEvents`."""
        self._ended(ending)

    def gone(self) -> None:
        """See `ChildEvents`."""
        self._gone()
