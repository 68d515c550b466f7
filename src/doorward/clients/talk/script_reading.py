"""
A script read: what is waited for and what is sent, a step a line.

    # a comment
    timeout 30                  seconds for all of it; before the first step
    expect REGEX                wait until it matches
    or REGEX                    right behind an `expect`: or until this does
        STEP                    indented: done when the pattern above it matched
    expect-end                  wait until the peer ends the conversation
    send TEXT                   with the end of a line; `send` alone sends an empty line
    send-raw TEXT               without
    send-secret FILE            the first line of FILE, with the end of a line
    send-secret-env NAME        what the environment says
    end                         end our side; the peer can still be heard
    label NAME                  a place to go to; not indented
    goto NAME
    exit STATUS                 0 to 255

What follows the first word and one space counts to the end of the line, a space at the end too.
"""

import re
from dataclasses import dataclass, field

from doorward.clients.talk.escapes import unescaped
from doorward.clients.talk.script import (
    Branch,
    EndSide,
    Exit,
    Expect,
    ExpectEnd,
    Goto,
    Label,
    Script,
    ScriptError,
    Send,
    SendSecret,
    Step,
)
from doorward.core.units import KIB, MIB

SCRIPT_BYTES = MIB
PATTERN_CHARACTERS = 16 * KIB

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def parse_script(text: str, *, file: str) -> Script:
    """
    Read a script.

    Raises:
        ScriptError: a line says nothing that can be done.
    """
    reader = _Reader(file)
    for number, line in enumerate(text.split("\n"), start=1):
        reader.take(line.removesuffix("\r"), number)
    return reader.script()


def compiled(pattern: str, *, file: str = "", line: int = 0) -> re.Pattern[str]:
    """
    The pattern, whose `^` and `$` are the ends of lines.

    Raises:
        ScriptError: it is none.
    """
    if len(pattern) > PATTERN_CHARACTERS:
        raise ScriptError(file, line, f"a pattern has at most {PATTERN_CHARACTERS} characters")
    try:
        return re.compile(pattern, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ScriptError(file, line, f"{pattern[:80]!r} is no regular expression: {error}") from error


def sent(text: str, *, is_line: bool, file: str = "", line: int = 0) -> Send:
    """
    The step that sends `text`, whose escapes are resolved.

    Raises:
        ScriptError: it has others.
    """
    try:
        return Send(unescaped(text), is_line)
    except ValueError as error:
        raise ScriptError(file, line, str(error)) from error


@dataclass(slots=True)
class _Open:
    """An `expect` that may get more branches."""

    line: int
    branches: list[tuple[re.Pattern[str], list[Step]]] = field(default_factory=list)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._steps: list[Step | _Open] = []
        self._seconds: float | None = None
        self._labels: set[str] = set()
        self._gotos: list[tuple[str, int]] = []
        self._number = 0

    def take(self, line: str, number: int) -> None:
        self._number = number
        stripped = line.lstrip(" \t")
        if not stripped or stripped.startswith("#"):
            return
        verb, _, rest = stripped.partition(" ")
        if len(stripped) < len(line):
            self._take_indented(verb.rstrip(), rest)
        else:
            self._take_outer(verb.rstrip(), rest)

    def script(self) -> Script:
        steps = tuple(_closed(each) for each in self._steps)
        for name, number in self._gotos:
            if name not in self._labels:
                raise ScriptError(self._file, number, f"there is no label {name!r}")
        if not steps:
            raise ScriptError(self._file, 0, "there is no step in it")
        return Script(steps=steps, seconds=self._seconds)

    def _take_outer(self, verb: str, rest: str) -> None:
        match verb:
            case "timeout":
                if self._steps:
                    raise self._error("timeout stands before the first step")
                self._seconds = self._as_seconds(rest)
            case "expect":
                self._steps.append(_Open(self._number, [(self._pattern(rest), [])]))
            case "or":
                if not (self._steps and isinstance(self._steps[-1], _Open)):
                    raise self._error("or stands behind an expect")
                self._steps[-1].branches.append((self._pattern(rest), []))
            case "label":
                name = self._name(rest)
                if name in self._labels:
                    raise self._error(f"there is a label {name!r} already")
                self._labels.add(name)
                self._steps.append(Label(name))
            case _:
                self._steps.append(self._step(verb, rest))

    def _take_indented(self, verb: str, rest: str) -> None:
        if not (self._steps and isinstance(self._steps[-1], _Open)):
            raise self._error("an indented step stands below an expect or an or")
        if verb in {"label", "or", "timeout"}:
            raise self._error(f"{verb} is not indented")
        if verb == "expect":
            step: Step = Expect((Branch(self._pattern(rest)),), self._number)
        else:
            step = self._step(verb, rest)
        self._steps[-1].branches[-1][1].append(step)

    def _step(self, verb: str, rest: str) -> Step:
        match verb:
            case "send" | "send-raw":
                return sent(rest, is_line=verb == "send", file=self._file, line=self._number)
            case "send-secret":
                return SendSecret(file=self._word(rest, "a file"))
            case "send-secret-env":
                return SendSecret(variable=self._word(rest, "the name of a variable"))
            case "goto":
                name = self._name(rest)
                self._gotos.append((name, self._number))
                return Goto(name)
            case "exit":
                return Exit(self._status(rest))
            case "expect-end" | "end":
                if rest.strip():
                    raise self._error(f"nothing stands behind {verb}")
                return ExpectEnd() if verb == "expect-end" else EndSide()
            case _:
                raise self._error(
                    f"{verb[:40]!r} is no step; there are expect, or, expect-end, send, send-raw, "
                    "send-secret, send-secret-env, end, label, goto, exit and timeout"
                )

    def _pattern(self, rest: str) -> re.Pattern[str]:
        if not rest:
            raise self._error("a pattern is missing")
        return compiled(rest, file=self._file, line=self._number)

    def _name(self, rest: str) -> str:
        name = rest.strip()
        if not _NAME.fullmatch(name):
            raise self._error("a label has 1 to 64 letters, digits, dots, dashes and underscores")
        return name

    def _word(self, rest: str, what: str) -> str:
        if not rest.strip() or "\0" in rest:
            raise self._error(f"{what} is missing")
        return rest.strip()

    def _status(self, rest: str) -> int:
        word = rest.strip()
        if not (word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255):
            raise self._error("an exit status is a number from 0 to 255")
        return int(word)

    def _as_seconds(self, rest: str) -> float:
        try:
            seconds = float(rest)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise self._error("a time is a number of seconds above 0")
        return seconds

    def _error(self, problem: str) -> ScriptError:
        return ScriptError(self._file, self._number, problem)


def _closed(step: Step | _Open) -> Step:
    if not isinstance(step, _Open):
        return step
    return Expect(tuple(Branch(pattern, tuple(steps)) for pattern, steps in step.branches), step.line)
