"""A built-in command that is declared anew: what it keeps, and what it loses."""

from dataclasses import replace

from doorward.core.command import Command, Program, Verb

REPLACEABLE_VERBS = frozenset({Verb.WHOAMI, Verb.ECHO})
"""The daemon's own answers that another action may take the place of; without the others it has no handle."""


def is_replaceable(builtin: Command) -> bool:
    """Whether a command of the same name may do something else."""
    return not isinstance(builtin.action, Verb) or builtin.action in REPLACEABLE_VERBS


def renewed(builtin: Command | None, command: Command) -> Command:
    """
    `command` with what it keeps of the built-in whose name it has.

    That is the reader, and the guest right unless roles stand.
    The places of their own are for programs that are known to end soon: only the built-in's own program, with
    nothing that a caller could choose, still takes them.
    """
    if builtin is None:
        return command
    is_same_program = (
        isinstance(builtin.action, Program)
        and isinstance(command.action, Program)
        and command.action.executable == builtin.action.executable
        and not command.parameters
    )
    return replace(
        command,
        summary=command.summary or builtin.summary,
        open_to_guests=builtin.open_to_guests and command.roles is None,
        reader=command.reader or builtin.reader,
        is_builtin=is_same_program,
    )
