"""A configuration file, or none, to `Settings`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from doorward.config.catalogues import read_catalogues
from doorward.config.machine import ExecutableMissing, Machine
from doorward.config.renewal import is_replaceable, renewed
from doorward.config.report import Key, Report, key_of
from doorward.core.builtin_commands import (
    PROGRAMS,
    RESERVED,
    function_commands,
    program_command,
    verb_commands,
)
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command
from doorward.core.errors import CatalogueError, ConfigurationError, TrustError
from doorward.core.schedules import Schedule
from doorward.core.settings import DEFAULT_DOORS, DoorSettings, Language, Settings

if TYPE_CHECKING:
    from doorward.config.reading import Document
    from doorward.config.shapes import FileShape

Problem = ConfigurationError | TrustError


@dataclass(frozen=True, slots=True)
class Examination:
    """
    What reading a configuration came to.

    Attributes:
        settings: what it says; None when it has problems.
        problems: all that is wrong with it, in the order of the lines.
    """

    settings: Settings | None
    problems: tuple[Problem, ...]


def load_settings(file: Path | None, *, machine: Machine | None = None) -> Settings:
    """
    The settings that `file` means; without one, the defaults.

    Args:
        file: as `find_configuration` found it.
        machine: left out, the one that this runs on.

    Raises:
        ConfigurationError: the file cannot be read or says what cannot be. The error is the first of the
            file; the others are its notes (`__notes__`), one line each.
        TrustError: others than root and the daemon's user can write the file, or others can read its secrets.
    """
    examination = examine(file, machine=machine)
    if examination.settings is not None:
        return examination.settings
    first, *others = examination.problems
    for other in others:
        first.add_note(str(other))
    raise first


def examine(file: Path | None, *, machine: Machine | None = None) -> Examination:
    """Read `file` as `load_settings` does, and tell all problems."""
    machine = machine or Machine()
    if file is None:
        return _examined_defaults(machine)
    from doorward.config.reading import read_document

    try:
        document = read_document(file, uid=machine.uid)
    except (ConfigurationError, TrustError) as error:
        return Examination(None, (error,))
    return _examined_document(document, machine)


def _examined_defaults(machine: Machine) -> Examination:
    report = Report("", lambda _: 0)
    from doorward.config.mail_settings import default_mail

    builtins = _builtins(machine, report)
    settings = Settings(
        doors=MappingProxyType({door.name: door for door in DEFAULT_DOORS}),
        catalogue=_assembled(builtins, (), read_catalogues([], ("server", "commands"), report), report),
        mail=default_mail(machine),
        notices=tuple(report.notices),
    )
    return Examination(None if report.problems else settings, tuple(report.problems))


def _examined_document(document: "Document", machine: Machine) -> Examination:
    from doorward.config.shapes import FileShape
    from doorward.config.tables import read_table
    from doorward.config.user_settings import holds_secrets

    report = Report(str(document.file), document.line_of)
    distrust: list[Problem] = []
    if holds_secrets(document.tables.get("users")):
        try:
            document.check_readers()
        except TrustError as error:
            distrust.append(error)
    # every table is read although another is wrong, so that all problems are told
    tables = {name: value for name, value in document.tables.items() if isinstance(value, dict)}
    read_table(document.tables, FileShape, (), report)
    known = {name: tables[name] for name in FileShape.__struct_fields__ if name in tables}
    settings = _settings(FileShape(**known), machine, report)
    problems = sorted(report.problems, key=lambda problem: problem.line)
    if distrust or problems:
        return Examination(None, (*distrust, *problems))
    return Examination(settings, ())


def _settings(tables: "FileShape", machine: Machine, report: Report) -> Settings:
    from doorward.config.command_settings import read_commands
    from doorward.config.door_settings import read_doors
    from doorward.config.errand_settings import read_errands
    from doorward.config.limit_settings import read_limits
    from doorward.config.mail_settings import read_mail
    from doorward.config.shapes import ServerShape
    from doorward.config.tables import read_table
    from doorward.config.user_settings import read_users
    from doorward.config.words import read_word

    server = read_table(tables.server, ServerShape, ("server",), report)
    limits = read_limits(tables.limits, report)
    users = read_users(tables.users, machine=machine, report=report)
    doors = read_doors(tables.doors, users=users, report=report)
    builtins = _builtins(machine, report)
    declared = read_commands(tables.commands, builtins=builtins, machine=machine, report=report)
    brought = read_catalogues(server.commands, ("server", "commands"), report)
    catalogue = _assembled(builtins, declared, brought, report)
    mail = read_mail(tables.mail, machine=machine, report=report)
    schedules: Mapping[str, Schedule] = MappingProxyType({})
    if tables.schedules:
        from doorward.config.schedule_settings import read_schedules

        schedules = read_schedules(
            tables.schedules, catalogue=catalogue, limits=limits, mail=mail, report=report
        )
    _note_unreachable(declared, doors, report)
    return Settings(
        file=report.file,
        language=read_word(
            server.language,
            Language.ENGLISH,
            ("server", "language"),
            report,
            problem="the daemon does not speak this",
        ),
        limits=limits,
        doors=doors,
        users=users,
        catalogue=catalogue,
        mail=mail,
        schedules=schedules,
        errands=read_errands(tables.errands, mail=mail, report=report),
        notices=tuple(report.notices),
    )


def _builtins(machine: Machine, report: Report) -> dict[str, Command]:
    """The built-ins by name; one whose program is not on this machine is left out with a notice."""
    commands: dict[str, Command] = {}
    for name, (program, *_) in PROGRAMS.items():
        try:
            executable = machine.resolve(program)
        except ExecutableMissing as error:
            report.notices.append(f"the built-in command {name} is left out: {error}")
        else:
            commands[name] = program_command(name, executable, home=machine.home)
    return commands | {command.name: command for command in (*verb_commands(), *function_commands())}


def _assembled(
    builtins: Mapping[str, Command],
    declared: Iterable[Command],
    brought: Iterable[tuple[str, Catalogue]],
    report: Report,
) -> Catalogue:
    """One catalogue: what is declared in TOML or in Python takes the place of the built-in of its name."""
    chosen = {command.name: command for command in declared}
    sources = dict.fromkeys(chosen, "in this file")
    for reference, catalogue in brought:
        for command in catalogue:
            builtin = builtins.get(command.name)
            if command.name in chosen:
                _report_twice(command.name, reference, sources[command.name], report)
                continue
            if command.name in RESERVED or (builtin is not None and not is_replaceable(builtin)):
                _report_twice(command.name, reference, "among the daemon's own", report)
                continue
            chosen[command.name] = renewed(builtin, command)
            sources[command.name] = f"in {reference}"
    return Catalogue({**builtins, **chosen}.values())


def _report_twice(name: str, reference: str, other: str, report: Report) -> None:
    key: Key = ("commands", name)
    report.adopt(
        key, CatalogueError(f"{reference} declares a command of this name, which stands {other} too")
    )


def _note_unreachable(commands: Iterable[Command], doors: Mapping[str, DoorSettings], report: Report) -> None:
    for command in commands:
        if command.doors is not None and command.doors.isdisjoint(doors):
            wanted = ", ".join(sorted(command.doors))
            report.note(key_of(f"commands.{command.name}.doors"), f"none of its doors is open: {wanted}")
