"""The desk: a caller's line becomes an answer. The one place that decides, for every door."""

from collections.abc import Callable, Mapping, Sequence

from doorward.core.audit import AuditKind
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Verb
from doorward.core.errors import BadArgument, BadLine, UnknownCommand
from doorward.core.invocation import Invocation, bind, bind_values, find_command
from doorward.core.limits import Limits
from doorward.core.nearest import nearest_name
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.parameter_types import Value
from doorward.core.policy import Deed, Permission, judge
from doorward.core.ports import Clock
from doorward.core.words import split_words
from doorward.service import verbs
from doorward.service.answer import Answer, refusal, words
from doorward.service.caller import Caller
from doorward.service.run import Run, RunReader, RunState, StopCause
from doorward.service.runs import Runs
from doorward.service.schedule_texts import schedules_json, schedules_text

StatusReport = Callable[[], Mapping[str, object]]
ScheduleReport = Callable[[], Sequence[Mapping[str, object]]]
Presence = Callable[[], int]

# names of the module, since every line asks about them: until Python 3.12, to look up `Deed.RUN` takes 0.1 us
_TO_RUN, _RUN = Deed.RUN, AuditKind.RUN

_INVALID = Outcome(OutcomeKind.INVALID)
_NO_INPUT = Outcome(
    OutcomeKind.INVALID,
    reason="it reads input, which cannot be told from the next line here; ask for it with doorward ask",
)


class Desk:
    """
    Where callers ask.

    Args:
        catalogue: what can be asked for.
        limits: of words and of runs.
        runs: their life.
        clock: the daemon's.
        connected: how many connections there are now.
        status: what the `status` command tells.
        schedules: what the `schedules` command tells, one each.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        limits: Limits,
        *,
        runs: Runs,
        clock: Clock,
        connected: Presence,
        status: StatusReport,
        schedules: ScheduleReport,
    ) -> None:
        self._runs = runs
        self._shareable = runs.shareable
        self._clock = clock
        self._connected = connected
        self._status = status
        self._schedules = schedules
        self.replace_catalogue(catalogue, limits)

    def replace_catalogue(self, catalogue: Catalogue, limits: Limits) -> None:
        """Answer from this catalogue from now on; runs go on, and fresh answers are forgotten."""
        self._commands = catalogue.commands
        self._limits = limits
        self._bare = dict(self._bare_invocations())
        self._runs.replace_limits(limits)

    def ask(
        self,
        caller: Caller,
        line: str | None,
        on_news: Callable[[], None],
        *,
        can_give_input: bool = True,
    ) -> Answer:
        """
        Answer a line.

        Args:
            caller: who asks.
            line: what they said; None for what was no text.
            on_news: called whenever the answer may have more to read; not before this returns.
            can_give_input: whether the caller could send a run its stdin.
        """
        understood = self._understand(caller, line)
        if isinstance(understood, Outcome):
            return refusal(understood, caller.principal)
        if understood.command.takes_input and not can_give_input:
            return refusal(_NO_INPUT, caller.principal)
        return self._answer(caller, understood, on_news)

    def fresh_run(self, caller: Caller, line: str) -> Run | None:
        """
        The run whose answer is given again to `line`, whole as it is; that it was given is written down.

        None for all that takes more: nothing has happened then, and `ask` is what answers.
        """
        invocation = self._bare.get(line)
        if invocation is None or not invocation.command.is_shareable:
            return None
        if not judge(caller.principal, _TO_RUN, invocation.command, door=caller.peer.door).is_granted:
            return None
        run = self._shareable.find(invocation, caller.principal)
        if run is None or run.transcript.outcome is None:
            return None
        self._share(run, invocation, caller)
        return run

    def ask_named(
        self, caller: Caller, name: str, said: Mapping[str, Sequence[str]], on_news: Callable[[], None]
    ) -> Answer:
        """
        Answer a form: the command `name` with words by the names of their parameters, see `bind_values`.

        Who asks so can give a run its stdin.
        """
        command = self.find_command(caller, name)
        if isinstance(command, Outcome):
            return refusal(command, caller.principal)
        invocation = bind_values(command, said, self._limits)
        if isinstance(invocation, Invocation):
            return self._answer(caller, invocation, on_news)
        answer = refusal(Outcome(OutcomeKind.INVALID, reason=str(invocation[0])), caller.principal)
        answer.problems = invocation
        return answer

    def attach(self, caller: Caller, number: int, on_news: Callable[[], None]) -> Answer:
        """Read a run from its start."""
        found = self._find_run(caller, Deed.ATTACH, number)
        return (
            refusal(found, caller.principal)
            if isinstance(found, Outcome)
            else self._read(caller, found, on_news)
        )

    def cancel_number(self, caller: Caller, number: int) -> Answer:
        """Stop a run, or take the caller off it when it is others' too; the answer says which."""
        run = self._find_run(caller, Deed.CANCEL, number)
        if isinstance(run, Outcome):
            return refusal(run, caller.principal)
        if run.outcome is not None:
            return words(f"Run {run.number} has ended already.\n", caller.principal)
        if run.state is RunState.STOPPING:
            return words(f"Run {run.number} is being stopped.\n", caller.principal)
        self._runs.record(AuditKind.CANCEL, caller, run=run.number)
        own = [reader for reader in run.readers if reader.principal.name == caller.principal.name]
        is_shared = len(run.readers) > len(own) or run.owners - {caller.principal.name}
        if is_shared and not caller.principal.is_admin:
            self._take_off(run, own, caller)
            return words(f"Run {run.number} goes on for others.\n", caller.principal)
        self._runs.stop(run, StopCause.CANCELLED)
        return words(f"Run {run.number} is being stopped.\n", caller.principal)

    def write_input(self, answer: Answer, data: bytes) -> None:
        """Hand bytes of the asker's stdin to the run that they began; those of other readers are dropped."""
        if answer.run is not None and answer.takes_input:
            self._runs.write_input(answer.run, data)

    def end_input(self, answer: Answer) -> None:
        """End that stdin."""
        if answer.run is not None and answer.takes_input:
            self._runs.end_input(answer.run)

    def leave(self, answer: Answer, *, comes_back: bool = False) -> None:
        """
        The asker reads no more; idempotent.

        Args:
            answer: what they read.
            comes_back: they may read on by another request soon, so that a run which still waits for a place
                is not given up at once.
        """
        if answer.run is not None:
            self._leave(answer.run, answer, comes_back=comes_back)

    def cancel(self, caller: Caller, answer: Answer) -> None:
        """The asker wants the run that they read to end: it does, unless it is others' too."""
        run = answer.run
        if run is None or answer not in run.readers or run.state is RunState.STOPPING:
            return
        self._runs.record(AuditKind.CANCEL, caller, run=run.number)
        if len(run.readers) > 1 or run.owners - {caller.principal.name}:
            self._take_off(run, [answer], caller)
        else:
            self._runs.stop(run, StopCause.CANCELLED)

    def turn_down(self, caller: Caller, what: str) -> None:
        """Write down that `caller` asked their door for something that no door of this kind has."""
        self._runs.record(AuditKind.REFUSAL, caller, asked=what, reason="not there")

    # What there is

    def commands(self, caller: Caller) -> list[Command]:
        """What the caller may see, the keeper's before the built-ins, each by name."""
        return sorted(self.commands_seen_by(caller).values(), key=lambda each: (each.is_builtin, each.name))

    def commands_seen_by(self, caller: Caller) -> dict[str, Command]:
        """The same by their names."""
        return {
            name: command for name, command in self._commands.items() if self._may(caller, Deed.SEE, command)
        }

    def find_command(self, caller: Caller, name: str) -> Command | Outcome:
        """The command called `name`; or why the caller does not get it."""
        command = self._commands.get(name)
        if command is None:
            # a name that is near is told to those who may see it
            unknown = UnknownCommand(name, nearest_name(name, self.commands_seen_by(caller)))
            return Outcome(OutcomeKind.UNKNOWN, reason=str(unknown))
        return self._refuse_unless_granted(caller, command) or command

    def runs(self, caller: Caller) -> list[dict[str, object]]:
        """The runs that the caller may see, the live ones first, the youngest first among each; for JSON."""
        now = self._clock.monotonic()
        return [verbs.run_members(run, now=now) for run in self._visible_runs(caller)]

    def run(self, caller: Caller, number: int) -> dict[str, object] | None:
        """One of them; None when there is none, or none of theirs."""
        run = self._find_run(caller, Deed.ATTACH, number)
        return None if isinstance(run, Outcome) else verbs.run_members(run, now=self._clock.monotonic())

    def whoami(self, caller: Caller) -> dict[str, object]:
        """Who the caller is, for JSON."""
        return verbs.whoami_members(caller, connected=self._connected())

    def status(self, caller: Caller) -> Mapping[str, object] | Outcome:
        """How the daemon is, for JSON; or why the caller is not told."""
        command = self.find_command(caller, Verb.STATUS.value)
        return command if isinstance(command, Outcome) else self._status()

    # Understanding a line

    def _understand(self, caller: Caller, line: str | None) -> Invocation | Outcome:
        invocation = self._bare.get(line) if line is not None else None
        try:
            if invocation is None:
                return self._bind(caller, line)
        except BadLine:
            return _INVALID
        except BadArgument as error:
            return Outcome(OutcomeKind.INVALID, reason=str(error))
        return self._refuse_unless_granted(caller, invocation.command) or invocation

    def _bind(self, caller: Caller, line: str | None) -> Invocation | Outcome:
        if line is None:
            raise BadLine("not UTF-8")
        name, *rest = split_words(line) or [""]
        command = self.find_command(caller, name)
        # what may not be run tells nothing of its parameters either
        return command if isinstance(command, Outcome) else bind(command, rest, self._limits)

    def _refuse_unless_granted(self, caller: Caller, command: Command) -> Outcome | None:
        permission = judge(caller.principal, _TO_RUN, command, door=caller.peer.door)
        return None if permission.is_granted else self._refused(caller, command, permission)

    def _refused(self, caller: Caller, command: Command, permission: Permission) -> Outcome:
        self._runs.record(AuditKind.REFUSAL, caller, command=command.name, reason=permission.reason)
        return Outcome(OutcomeKind.REFUSED, reason=permission.reason)

    def _bare_invocations(self) -> list[tuple[str, Invocation]]:
        """Each command that can be asked for by its name alone: the usual case, made once."""
        bare = []
        for name, command in self._commands.items():
            if not any(parameter.is_required for parameter in command.parameters):
                bare.append((name, bind(command, [], self._limits)))
        return bare

    # Runs

    def _answer(self, caller: Caller, invocation: Invocation, on_news: Callable[[], None]) -> Answer:
        action = invocation.command.action
        # isinstance takes three times as long when the class is an enum
        if type(action) is Verb:
            return self._answer_verb(caller, action, invocation, on_news)
        return self._answer_run(caller, invocation, on_news)

    def _answer_run(self, caller: Caller, invocation: Invocation, on_news: Callable[[], None]) -> Answer:
        if (
            invocation.command.is_shareable
            and (run := self._shareable.find(invocation, caller.principal)) is not None
        ):
            self._share(run, invocation, caller)
            return self._read(caller, run, on_news)
        run_or_outcome = self._runs.start(invocation, caller)
        if isinstance(run_or_outcome, Outcome):
            return refusal(run_or_outcome, caller.principal)
        answer = self._read(caller, run_or_outcome, on_news)
        if invocation.command.takes_input:
            run_or_outcome.asker = answer
        return answer

    def _share(self, run: Run, invocation: Invocation, caller: Caller) -> None:
        run.own(caller.principal)
        self._runs.record(_RUN, caller, run=run.number, command=invocation.shown, shared=True)

    def _read(self, caller: Caller, run: Run, on_news: Callable[[], None]) -> Answer:
        transcript = run.transcript
        answer = Answer(transcript, caller.principal, on_news, run=run)
        if transcript.outcome is None:
            run.readers.append(answer)
            transcript.listen(answer, on_news)
            self._runs.read_again(run)
        return answer

    def _leave(self, run: Run, reader: RunReader, *, comes_back: bool = False) -> None:
        # also a run that has ended, and is about to tell this one so
        run.transcript.forget(reader)
        if reader in run.readers:
            run.readers.remove(reader)
            self._runs.left(run, comes_back=comes_back)

    def _take_off(self, run: Run, readers: Sequence[RunReader], caller: Caller) -> None:
        name = caller.principal.name
        # who still reads it from elsewhere goes on owning it
        if all(reader in readers for reader in run.readers if reader.principal.name == name):
            run.owners -= {name}
        for reader in readers:
            self._leave(run, reader)
            reader.take_off()

    # Verbs

    def _answer_verb(
        self, caller: Caller, verb: Verb, invocation: Invocation, on_news: Callable[[], None]
    ) -> Answer:
        values = invocation.values
        match verb:
            case Verb.ATTACH:
                return self.attach(caller, _number(values["run"]), on_news)
            case Verb.CANCEL:
                return self.cancel_number(caller, _number(values["run"]))
            case Verb.HELP:
                return self._help(caller, values.get("command"), as_json=values["form"] == "json")
            case Verb.QUIT:
                return words("", caller.principal, leaves=True)
            case _:
                return words(self._verb_text(caller, verb, invocation), caller.principal)

    def _verb_text(self, caller: Caller, verb: Verb, invocation: Invocation) -> str:
        as_json = invocation.values.get("form") == "json"
        match verb:
            case Verb.WHOAMI:
                return verbs.whoami_text(caller, connected=self._connected())
            case Verb.ECHO:
                said = invocation.values["words"]
                return (" ".join(said) if isinstance(said, tuple) else str(said)) + "\n"
            case Verb.RUNS:
                runs, now = self._visible_runs(caller), self._clock.monotonic()
                return verbs.runs_json(runs, now=now) if as_json else verbs.runs_text(runs, now=now)
            case Verb.SCHEDULES:
                schedules = self._schedules()
                return schedules_json(schedules) if as_json else schedules_text(schedules)
            case Verb.STATUS:
                return verbs.status_json(self._status()) if as_json else verbs.status_text(self._status())
            case _:
                raise AssertionError(f"{verb} is no text")

    def _help(self, caller: Caller, name: object, *, as_json: bool) -> Answer:
        if name is None:
            commands = self.commands(caller)
            text = verbs.help_json(commands) if as_json else verbs.help_text(commands)
            return words(text, caller.principal)
        try:
            command = find_command(self.commands_seen_by(caller), str(name))
        except UnknownCommand as error:
            return refusal(Outcome(OutcomeKind.UNKNOWN, reason=str(error)), caller.principal)
        text = verbs.help_json([command]) if as_json else verbs.command_help_text(command)
        return words(text, caller.principal)

    def _find_run(self, caller: Caller, deed: Deed, number: int) -> Run | Outcome:
        run = self._runs.known().get(number)
        if run is not None and self._may(caller, deed, run.invocation.command, run.owners):
            return run
        if run is not None:
            reason = "a run of somebody else"
            self._runs.record(AuditKind.REFUSAL, caller, run=run.number, deed=deed.value, reason=reason)
        # one who may not see a run is told the same as when there is none
        return Outcome(OutcomeKind.REFUSED, reason="no such run, or none of yours")

    def _visible_runs(self, caller: Caller) -> list[Run]:
        return [
            run
            for run in self._runs.known()
            if self._may(caller, Deed.ATTACH, run.invocation.command, run.owners)
        ]

    def _may(
        self, caller: Caller, deed: Deed, command: Command, owners: frozenset[str] = frozenset()
    ) -> bool:
        return judge(caller.principal, deed, command, door=caller.peer.door, owners=owners).is_granted


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number of a run")
    return value
