"""Whatever is done, in whatever order: in the end nothing is left over, and every answer has one outcome."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doorward.core.audit import AuditKind
from doorward.core.launch import Exited, Signalled, Unkillable
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome
from doorward.core.parameter import Parameter
from doorward.core.principal import GUEST
from doorward.service.caller import Caller
from doorward.service.run import RunState
from doorward.testing.spawner import FakeSpawner
from tests.service.house import ALICE, BOB, ROOT, House, Reader, a_guest, catalogue, program

COMMANDS = [
    program("plain", timeout_seconds=20.0, roles=frozenset({GUEST})),
    program("shared", Parameter(name="word", required=False), read_only=True, roles=frozenset({GUEST})),
    program("fresh", Parameter(name="word", required=False), read_only=True, fresh_seconds=3.0),
    program("detached", detach=True, timeout_seconds=30.0),
    program("cat", takes_input=True, input_bytes=20, output_bytes=30),
    program("once", at_once=1, linger_seconds=0.0),
]
LINES = [*(command.name for command in COMMANDS), "shared a", "fresh a", "fresh b", "uptime", "df"]
ASKERS = [ALICE, BOB, ROOT, a_guest(7), a_guest(8)]
LIMITS = Limits(
    runs=3,
    runs_per_user=2,
    runs_of_guests=1,
    runs_of_builtins=1,
    queue=4,
    queue_per_user=3,
    queue_seconds=15.0,
    kept_runs=4,
    kept_bytes=50,
    kept_seconds=40.0,
    unkillable_runs=1_000,
)


class Sequences(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.house = House(*COMMANDS, limits=LIMITS)
        self.readers: list[Reader] = []
        self.outcomes: dict[int, Outcome] = {}

    @initialize(end_when_stopped=st.booleans())
    def choose_children(self, *, end_when_stopped: bool) -> None:
        spawner = FakeSpawner(children_end_when_stopped=end_when_stopped)
        self.house = House(*COMMANDS, spawner=spawner, limits=LIMITS)

    @rule(asker=st.sampled_from(ASKERS), line=st.sampled_from(LINES))
    def ask(self, asker: Caller, line: str) -> None:
        self.readers.append(self.house.ask(asker, line))

    @rule(
        asker=st.sampled_from(ASKERS), verb=st.sampled_from(["attach", "cancel"]), number=st.integers(1, 12)
    )
    def ask_of_a_run(self, asker: Caller, verb: str, number: int) -> None:
        self.readers.append(self.house.ask(asker, f"{verb} {number}"))

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), deed=st.sampled_from(["leave", "cancel", "write", "end_input", "read"]))
    def do(self, data: Any, deed: str) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        match deed:
            case "write":
                reader.write(b"1234567")
            case "read":
                assert reader.output is not None
            case _:
                getattr(reader, deed)()

    @precondition(lambda self: self.house.spawner.alive)
    @rule(
        data=st.data(), ending=st.sampled_from([Exited(0), Exited(1), Signalled(9), Unkillable(), b"x" * 9])
    )
    def child_does(self, data: Any, ending: Any) -> None:
        child = data.draw(st.sampled_from(self.house.spawner.alive))
        if isinstance(ending, bytes):
            child.write(ending)
        else:
            child.end(ending)

    @rule(seconds=st.sampled_from([0.0, 1.0, 3.0, 7.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.house.clock.advance(seconds)

    @rule()
    def reload(self) -> None:
        self.house.desk.replace_catalogue(catalogue(*COMMANDS), LIMITS)

    @invariant()
    def every_live_run_has_a_reason(self) -> None:
        places = self.house.runs.places
        live = self.house.runs.history.live()
        assert places.taken == sum(run.state is not RunState.WAITING for run in live)
        assert places.waiting == sum(run.state is RunState.WAITING for run in live)
        assert len(self.house.spawner.alive) == places.taken
        for run in live:
            assert run.readers or run.invocation.command.detach or "linger" in run.timers or run.stop_cause
            assert run.timers
            assert run.transcript.listeners == len(run.readers)
            assert run.outcome is None

    @invariant()
    def nothing_grows(self) -> None:
        history = self.house.runs.history
        ended = [run for run in history if run.outcome is not None]
        assert len(ended) <= LIMITS.kept_runs
        assert history._ended_bytes == sum(run.transcript.size_bytes for run in ended) <= LIMITS.kept_bytes
        assert set(self.house.runs.shareable.runs()) <= set(history)
        for run in ended:
            assert not any([run.timers, run.readers, run.pending_input, run.child, run.following])
            assert run.transcript.listeners == 0

    @invariant()
    def an_outcome_once_told_stays(self) -> None:
        for index, reader in enumerate(self.readers):
            outcome = reader.answer.outcome
            if outcome is not None:
                assert self.outcomes.setdefault(index, outcome) == outcome

    def teardown(self) -> None:
        for reader in self.readers:
            reader.leave()
        while self.house.spawner.alive:
            for child in self.house.spawner.alive:
                child.end(Signalled(9))
        self.house.clock.advance(100)
        self.house.assert_at_rest()
        self.every_run_has_one_beginning_and_one_end()

    def every_run_has_one_beginning_and_one_end(self) -> None:
        begun = [line["run"] for line in self.house.trail(AuditKind.RUN) if "shared" not in line]
        ended = [line["run"] for line in self.house.trail(AuditKind.END)]
        assert len(begun) == len(set(begun))
        assert sorted(map(str, begun)) == sorted(map(str, ended))


TestSequences = Sequences.TestCase
