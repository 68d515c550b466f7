"""What is no error in a configuration and still deserves a keeper's second look."""

import os
import posixpath
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from doorward.config.interpreters import Seen, free_programs, has_interpreter
from doorward.core.builtin_commands import PROGRAMS
from doorward.core.command import Command, Program
from doorward.core.parameter_types import PathType
from doorward.core.policy import who_can
from doorward.core.principal import GUEST
from doorward.core.settings import Settings

StatusOf = Callable[[str], os.stat_result | None]
"""What the system knows of a path without following it; None when there is nothing, or no permission."""

_LOADED_FROM = ("LD_", "PYTHON", "PERL5", "RUBY", "NODE_")
_RUN_FIRST = frozenset({"BASH_ENV", "ENV", "GCONV_PATH", "IFS", "PATH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """
    One thing to look at again.

    Attributes:
        command: the name of the command that it is about.
        what: what was seen.
        why: what may come of it.
        remedy: what to do.
    """

    command: str
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"commands.{self.command}: {self.what}; {self.why}; {self.remedy}"


def status_of(path: str) -> os.stat_result | None:
    """Ask the system, see `StatusOf`."""
    try:
        return os.lstat(path)
    except (OSError, ValueError):
        return None


def warnings_of(settings: Settings, *, uid: int | None = None, status: StatusOf = status_of) -> list[Caution]:
    """
    Judge every command of `settings`.

    Args:
        settings: as they were loaded.
        uid: whom the daemon runs as; left out, whoever asks.
        status: how files are looked at.
    """
    trusted = frozenset({0, os.geteuid() if uid is None else uid})
    cautions: list[Caution] = []
    for command in settings.catalogue:
        if isinstance(command.action, Program):
            seen = (
                *_about_files(command.name, command.action, trusted, status),
                *free_programs(command.action),
                *_about_environment(command.action),
                *_about_paths(command),
                *_about_guests(command, command.action),
            )
            cautions += [
                Caution(command=command.name, what=what, why=why, remedy=remedy) for what, why, remedy in seen
            ]
    return cautions


def _about_files(name: str, program: Program, trusted: frozenset[int], status: StatusOf) -> Iterator[Seen]:
    files = [program.executable]
    if has_interpreter(program):
        files += [text for text in _fixed_texts(program) if text.startswith("/") and _is_file(text, status)]
    for file in files:
        if not file.startswith("/"):
            yield (
                f"{file} is a relative path",
                "which file it is depends on the folder that the daemon runs in",
                "name it by its absolute path",
            )
            continue
        for path, what in writable_places(file, trusted, status):
            yield (
                f"{path} {what}",
                f"whoever can write it chooses what {name} runs",
                f"give it to root and take writing from others: chown root {path}; chmod go-w {path}",
            )


def _fixed_texts(program: Program) -> Iterator[str]:
    return (element.pieces[0] for element in program.elements if not element.names)


def _is_file(path: str, status: StatusOf) -> bool:
    found = status(path)
    return found is not None and (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode))


def writable_places(file: str, trusted: frozenset[int], status: StatusOf) -> Iterator[tuple[str, str]]:
    """Yield what others than `trusted` can write on the way to `file`, itself and links included, and how."""
    pending, seen = [file], set[str]()
    while pending and len(seen) < 256:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        if path != "/":
            pending.append(posixpath.dirname(path))
        found = status(path)
        if found is None:
            continue
        if stat.S_ISLNK(found.st_mode):
            pending.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), _link(path))))
        elif how := _openness(found, trusted):
            yield path, how


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _openness(found: os.stat_result, trusted: frozenset[int]) -> str:
    """How others can write it; empty when they cannot."""
    if found.st_uid not in trusted:
        return f"belongs to uid {found.st_uid}"
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return ""  # others can add to it, but not put anything in the place of what is there
    if found.st_mode & stat.S_IWOTH:
        return "can be written by everybody"
    # the group 0 is root's own
    if found.st_mode & stat.S_IWGRP and found.st_gid != 0:
        return f"can be written by the group {found.st_gid}"
    return ""


def _about_environment(program: Program) -> Iterator[Seen]:
    for variable in program.environment:
        if variable in _RUN_FIRST or variable.startswith(_LOADED_FROM):
            yield (
                f"it is given {variable}",
                "the variable decides what code is loaded or run",
                "make sure that only root can write what it names, or leave it out",
            )


def _about_paths(command: Command) -> Iterator[Seen]:
    for parameter in command.parameters:
        if isinstance(parameter.type, PathType) and parameter.type.within == "/":
            yield (
                f"the path {parameter.name} may be any",
                "a caller can name every file that the program may read or write",
                'say where it must be: within = "/folder"',
            )


def _about_guests(command: Command, program: Program) -> Iterator[Seen]:
    is_own = command.is_builtin and command.name in PROGRAMS and not command.parameters
    if is_own or not command.open_to_guests or GUEST in (command.roles or ()):
        return
    name = posixpath.basename(program.executable)
    yield (
        f"it was declared anew as {name}, and may be asked for by {who_can(command)}",
        "a built-in keeps its guest right until roles say otherwise",
        'say who may: roles = ["guest"], or others',
    )
