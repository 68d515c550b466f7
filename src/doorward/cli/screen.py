"""What goes to the terminal beside the output of commands: complaints, and texts made safe to show."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import click

from doorward.core.errors import ConnectError, DoorwardError, LineError, UnknownCommand, one_line
from doorward.core.outcome import STATUS_REFUSED, STATUS_UNAVAILABLE, STATUS_UNKNOWN

STATUS_INTERRUPTED = 130
STATUS_BROKEN_PIPE = 141
STATUS_FAILED = 1

_NOTES_SHOWN = 30
_STDOUT = 1

_LINES = 500
_LINE_CHARACTERS = 1000


def complain(text: str) -> None:
    """Say `text`, one line, on stderr."""
    try:
        sys.stderr.write(f"doorward: {one_line(text)}\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody listens, and the exit status says it too


def complain_of(error: DoorwardError) -> int:
    """Say what `error` says, and what it notes; returns the exit status."""
    complain(str(error))
    notes: list[str] = getattr(error, "__notes__", [])
    for note in notes[:_NOTES_SHOWN]:
        complain(note)
    if len(notes) > _NOTES_SHOWN:
        complain(f"and {len(notes) - _NOTES_SHOWN} more")
    return status_of(error)


def status_of(error: DoorwardError) -> int:
    """The exit status that goes with `error`."""
    match error:
        case ConnectError():
            return STATUS_UNAVAILABLE
        case UnknownCommand():
            return STATUS_UNKNOWN
        case LineError():
            return STATUS_REFUSED
        case _:
            return STATUS_FAILED


def complain_of_usage(error: click.ClickException) -> None:
    """Say what was wrong with the words of the command line, and where help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "doorward"
    subject = path.partition(" ")[2]
    # click breaks lines before a list of choices
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    complain(f"{subject}: {message}" if subject else message)
    complain(f"try: {path} --help")


def complain_of_fault(error: BaseException) -> None:
    """Say that the program itself is at fault, and how to report it."""
    text = " ".join(str(error).split())[:200]
    complain(f"this is a fault of the program itself: {type(error).__name__}: {text}")
    complain(
        "please report it, with what `doorward --version` and the same command with `doorward --debug` print"
    )


def is_terminal(stream: object) -> bool:
    """Whether a person reads `stream`."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def goes_to_the_journal(environment: Mapping[str, str]) -> bool:
    """Whether the journal of systemd keeps what is printed. Source: $JOURNAL_STREAM of systemd.exec(5)."""
    stream = environment.get("JOURNAL_STREAM", "")
    if not stream:
        return False
    try:
        facts = os.fstat(_STDOUT)
    except OSError:
        return False
    return stream == f"{facts.st_dev}:{facts.st_ino}"


def wants_colours(stream: object, environment: Mapping[str, str]) -> bool:
    """Whether colours may go to `stream`; NO_COLOR, when not empty, forbids them."""
    return is_terminal(stream) and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def give_up_stdout() -> None:
    """Have what is still in stdout's buffer thrown away: its reader has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def strangers_lines(lines: Sequence[str], *, otherwise: str = "") -> Iterator[str]:
    """
    Lines that anybody may have written, as a terminal can have them: 500 of them, 1000 characters of each.

    Args:
        lines: without their ends.
        otherwise: how to see the rest, told behind how many more there are; empty for no way.
    """
    for line in lines[:_LINES]:
        yield one_line(line[:_LINE_CHARACTERS].replace("\t", "    "))
    if len(lines) > _LINES:
        yield f"({len(lines) - _LINES} more lines{otherwise and f'; {otherwise}'})"
