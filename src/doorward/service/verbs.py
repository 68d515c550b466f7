"""What the desk says itself: texts for people, JSON for programs, from values that it hands in."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from doorward.core.columns import aligned
from doorward.core.command import Command
from doorward.core.moments import second_utc
from doorward.core.outcome import end_words, outcome_members
from doorward.core.parameter import Parameter, word_of
from doorward.core.policy import who_can
from doorward.service.caller import Caller
from doorward.service.run import Run

_COLUMNS = ("RUN", "STATE", "ASKED (UTC)", "SECONDS", "WHO", "DOOR", "COMMAND")

_RUNS_SHOWN = 100
_USAGE_COLUMNS = 40


def whoami_text(caller: Caller, *, connected: int) -> str:
    """Who the caller is, as the desk knows them."""
    principal, peer = caller.principal, caller.peer
    roles = ", ".join(sorted(principal.roles - {"guest"}))
    name = f"{principal.name} ({roles})" if roles and roles != principal.name else principal.name
    others = "nobody else is" if connected <= 1 else f"{connected} are"
    return (
        f"Your address is {peer.address}, you are {name} at the {peer.door} door.\n"
        f"You are visitor {peer.visitor} since the start; {others} connected.\n"
    )


def whoami_members(caller: Caller, *, connected: int) -> dict[str, object]:
    """Who the caller is, for JSON."""
    principal, peer = caller.principal, caller.peer
    return {
        "user": principal.name,
        "roles": sorted(principal.roles),
        "login": principal.login.value,
        "door": peer.door,
        "address": peer.address,
        "visitor": peer.visitor,
        "connected": connected,
    }


def help_text(commands: Iterable[Command]) -> str:
    """A line for each of the commands, the keeper's before the built-ins."""
    ordered = sorted(commands, key=lambda command: (command.is_builtin, command.name))
    usages = [(usage(command), command.summary) for command in ordered]
    width = max((len(left) for left, _ in usages if len(left) <= _USAGE_COLUMNS), default=0)
    return "".join(_help_line(left, right, width=width) for left, right in usages)


def _help_line(left: str, right: str, *, width: int) -> str:
    gap = f"\n{'':<{width}}" if len(left) > width and right else ""
    return f"{left:<{width}}{gap}  {right}".rstrip() + "\n"


def command_help_text(command: Command) -> str:
    """How to ask for one command."""
    lines = [usage(command), f"    {command.summary}" if command.summary else ""]
    lines += [f"    {_parameter_help(parameter)}" for parameter in command.parameters]
    lines.append(f"    For {who_can(command)}{_doors_help(command)}.")
    lines += [f"    {line}" for line in _limits_help(command)]
    return "".join(f"{line}\n" for line in lines if line)


def _doors_help(command: Command) -> str:
    return f", at {', '.join(sorted(command.doors))}" if command.doors is not None else ""


def _limits_help(command: Command) -> Iterator[str]:
    if command.takes_input:
        yield "It reads what is sent after its line: doorward ask passes its stdin on."
    if command.timeout_seconds is not None:
        yield f"It is stopped after {command.timeout_seconds:g} s."
    if command.detach:
        yield "It goes on when nobody reads it."


def usage(command: Command) -> str:
    """The command's name and its parameters, those in brackets that may be left out."""
    return " ".join([command.name, *(_placeholder(parameter) for parameter in command.parameters)])


def help_json(commands: Iterable[Command]) -> str:
    """The commands and their parameters, for programs."""
    return _json([command_members(command) for command in sorted(commands, key=lambda each: each.name)])


def runs_text(runs: Sequence[Run], *, now: float) -> str:
    """A line a run, at most 100; `now` is on the monotonic clock."""
    if not runs:
        return "No runs.\n"
    rows = [_COLUMNS, *(_run_row(run, now=now) for run in runs[:_RUNS_SHOWN])]
    more = f"{len(runs) - _RUNS_SHOWN} more\n" if len(runs) > _RUNS_SHOWN else ""
    return aligned(rows, indent="") + more


def _run_row(run: Run, *, now: float) -> tuple[str, str, str, str, str, str, str]:
    return (
        str(run.number),
        _state_text(run),
        second_utc(run.asked_at),
        f"{_seconds(run, now=now):.1f}",
        run.principal.name,
        run.peer.door,
        run.invocation.shown,
    )


def runs_json(runs: Sequence[Run], *, now: float) -> str:
    """The runs for programs."""
    return _json([run_members(run, now=now) for run in runs])


def status_text(members: Mapping[str, object], *, indent: str = "") -> str:
    """A line a fact, those that have parts with each part on a line of its own."""
    lines = []
    for name, value in members.items():
        label = f"{indent}{name.replace('_', ' ')}"
        if isinstance(value, Mapping) and value:
            lines.append(f"{label}:\n" + status_text(value, indent=indent + "  "))
        else:
            lines.append(f"{label}: {_plain(value)}\n")
    return "".join(lines)


def status_json(members: Mapping[str, object]) -> str:
    """The facts for programs."""
    return _json(members)


def _parameter_help(parameter: Parameter) -> str:
    facts = [parameter.type.expected]
    if parameter.default not in (None, ()):
        facts.append(f"{word_of(parameter.default)} when left out")
    elif not parameter.is_required:
        facts.append("may be left out")
    summary = f"{parameter.summary}; " if parameter.summary else ""
    return f"{parameter.name}: {summary}{', '.join(facts)}"


def _placeholder(parameter: Parameter) -> str:
    name = f"{parameter.name.upper()}{'...' if parameter.repeats else ''}"
    return name if parameter.is_required else f"[{name}]"


def command_members(command: Command) -> dict[str, object]:
    """A command for JSON."""
    return {
        "name": command.name,
        "summary": command.summary,
        "usage": usage(command),
        "who": who_can(command),
        "doors": sorted(command.doors) if command.doors is not None else None,
        "read_only": command.read_only,
        "input": command.takes_input,
        "builtin": command.is_builtin,
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type.type_name,
                "expected": parameter.type.expected,
                "summary": parameter.summary,
                "required": parameter.is_required,
                "choices": list(getattr(parameter.type, "choices", ())),
            }
            for parameter in command.parameters
        ],
    }


def run_members(run: Run, *, now: float) -> dict[str, object]:
    """A run for JSON; `now` is on the monotonic clock."""
    return {
        "run": run.number,
        "state": run.state.value,
        "command": run.invocation.command.name,
        "words": run.invocation.shown,
        "who": run.principal.name,
        "owners": sorted(run.owners),
        "door": run.peer.door,
        "from": run.peer.address,
        "asked_at": datetime.fromtimestamp(run.asked_at, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(_seconds(run, now=now), 3),
        "output_bytes": run.transcript.size_bytes,
        "readers": len(run.readers),
        "outcome": outcome_members(run.outcome) if run.outcome is not None else None,
    }


def _seconds(run: Run, *, now: float) -> float:
    if run.began_at is None:
        return 0.0
    return (now if run.ended_at is None else run.ended_at) - run.began_at


def _state_text(run: Run) -> str:
    return run.state.value if run.outcome is None else end_words(outcome_members(run.outcome))


def _plain(value: object) -> str:
    match value:
        case list() | tuple():
            return ", ".join(str(each) for each in value) or "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.1f}"
        case None | "" | Mapping():
            return "none"
        case _:
            return str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
