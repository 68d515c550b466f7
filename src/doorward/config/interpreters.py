"""Argument vectors with a program inside: a shell's `-c`, an interpreter's `-e`, the first word of awk."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from doorward.core.command import Program
from doorward.core.template import Element

Seen = tuple[str, str, str]
"""What was seen, what may come of it, and what to do: the words of a `Caution`."""

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash"})
_PROGRAM_LETTERS = {
    **dict.fromkeys(_SHELLS, "c"),
    "python": "c",
    "pypy": "c",
    "perl": "eE",
    "ruby": "e",
    "lua": "e",
    "node": "ep",
    "php": "rBRE",
    "tclsh": "",
    "su": "c",
    "runuser": "c",
    "script": "c",
    "flock": "c",
}
_FIRST_WORD_IS_PROGRAM = frozenset({"awk", "gawk", "mawk", "nawk", "sed", "jq", "watch", "eval"})
_FIRST_WORD_IS_FILE = frozenset({*_SHELLS, "python", "pypy", "perl", "ruby", "lua", "node", "php", "tclsh"})
_REMOTE = frozenset({"ssh", "rsh"})
_PREFIXES = frozenset(
    {
        *("env", "sudo", "doas", "nice", "ionice", "timeout", "nohup", "setsid", "stdbuf", "time", "chrt"),
        *("taskset", "setpriv", "prlimit", "unshare", "nsenter", "chroot", "busybox", "xargs", "systemd-run"),
    }
)
_LONG_PROGRAM_OPTIONS = frozenset({"--command", "--eval", "--expression", "--print", "--run"})


@dataclass(frozen=True, slots=True)
class _Part:
    """An interpreter in a vector, and what comes after it."""

    name: str
    rest: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """What an interpreter runs: the text of a program, or the name of its file, and the elements after it."""

    element: Element
    after: tuple[Element, ...]
    is_file: bool = False


def has_interpreter(program: Program) -> bool:
    """Whether the vector starts an interpreter, which runs a file that stands among its arguments."""
    part = _interpreter(program)
    return part is not None and part.name in _FIRST_WORD_IS_FILE


def free_programs(program: Program) -> Iterator[Seen]:
    """Yield what is seen where a caller's word comes into a program that an interpreter then runs."""
    part = _interpreter(program)
    if part is None:
        return
    text = _text(part)
    if text is not None and (about := _about_text(part.name, text)) is not None:
        yield about
    if part.name in _REMOTE and (names := _names(part.rest[1:])):
        yield (
            f"{names} goes to {part.name}, which hands it to a shell on the other machine",
            "whoever may ask for this command can run anything there",
            "use a forced command on the other machine, and give it no parameter",
        )


def _about_text(name: str, text: _Text) -> Seen | None:
    names = _names((text.element,))
    if names and text.is_file:
        return (
            f"{names} says which program {name} runs",
            "whoever may ask for this command chooses what is run",
            "write the program's own path there, or make the parameter a choice",
        )
    if names:
        return (
            f"{names} becomes a part of a program that {name} runs",
            "whoever may ask for this command can run anything",
            f"run the program itself with {names} as an element of its own, without {name}",
        )
    names = _names(text.after)
    if names and not text.is_file and name in _SHELLS:
        return (
            f"{names} reaches a program of {name} as its argument",
            "the shell takes it apart wherever the program does not quote it",
            'write "$1" with its quotes everywhere, or run the program without a shell',
        )
    return None


def _names(elements: tuple[Element, ...]) -> str:
    return ", ".join(dict.fromkeys(f"{{{name}}}" for element in elements for name in element.names))


def _interpreter(program: Program) -> _Part | None:
    """The interpreter that the vector starts, behind those that only prepare the way for it."""
    vector = (Element((program.executable,)), *program.elements)
    if _name(vector[0]) in _PREFIXES:
        starts = [index for index, element in enumerate(vector) if _is_interpreter(_name(element))]
    else:
        starts = [0] if _is_interpreter(_name(vector[0])) else []
    return _Part(_name(vector[starts[0]]), vector[starts[0] + 1 :]) if starts else None


def _is_interpreter(name: str) -> bool:
    return name in _PROGRAM_LETTERS or name in _FIRST_WORD_IS_PROGRAM or name in _REMOTE


def _name(element: Element) -> str:
    """The name of the program, without its version: `python` for `/usr/bin/python3.11`."""
    if element.names:
        return ""
    return re.sub(r"[0-9.]+$", "", posixpath.basename(element.pieces[0]))


def _text(part: _Part) -> _Text | None:
    for index, element in enumerate(part.rest):
        after = part.rest[index + 1 :]
        if (holds := _holds_program(part.name, element)) is not None:
            return _Text(element, after) if holds else _next_word(part.name, after)
        if element.pieces[0].startswith("-"):
            continue
        if part.name in _FIRST_WORD_IS_PROGRAM:
            return _Text(element, after)
        if part.name in _FIRST_WORD_IS_FILE:
            return _Text(element, after, is_file=True)
    return None


def _holds_program(name: str, element: Element) -> bool | None:
    """Whether a program stands in this option (True) or comes next (False); None for other elements."""
    head, letters = element.pieces[0], _PROGRAM_LETTERS.get(name, "")
    option, equals, _ = head.partition("=")
    if option in _LONG_PROGRAM_OPTIONS:
        return bool(equals)
    found = re.match(rf"-[A-Za-z]*?[{letters}]", head) if letters else None
    if found is None:
        return None
    # a shell takes `-cx` for two options, the others take what follows the letter for the text
    return name not in _SHELLS and (len(head) > found.end() or bool(element.names))


def _next_word(name: str, elements: tuple[Element, ...]) -> _Text | None:
    for index, element in enumerate(elements):
        if name not in _SHELLS or not element.pieces[0].startswith("-"):
            return _Text(element, elements[index + 1 :])
    return None


Resolve = Callable[[str], str | None]
"""The absolute path of the program that a word names; None when it names none."""


def started_programs(program: Program, resolve: Resolve) -> Iterator[str]:
    """
    Yield the absolute path of each program that the vector starts, as far as it says so.

    The first one; what one like `env` or `timeout` starts in turn; what the text of a shell's `-c` starts.
    What a script starts inside is not seen.
    """
    yield program.executable
    if posixpath.basename(program.executable) in _PREFIXES:
        fixed = [element.pieces[0] for element in program.elements if not element.names]
        yield from _first_programs(fixed, resolve)
    part = _interpreter(program)
    if part is not None and part.name in _SHELLS and (text := _text(part)) is not None and not text.is_file:
        for command in re.split(r"[;|&()`\n]+", text.element.pieces[0]):
            yield from _first_programs(command.split(), resolve)


def _first_programs(words: list[str], resolve: Resolve) -> Iterator[str]:
    """The first of the words that is a program, and the next one as long as each only prepares its way."""
    for word in words:
        if word.startswith("-") or (found := resolve(word)) is None:
            continue
        yield found
        if posixpath.basename(found) not in _PREFIXES:
            return
