"""The tables `[commands.NAME]`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from doorward.config.machine import ExecutableMissing, Machine
from doorward.config.parameter_settings import read_parameters
from doorward.config.ranges import is_within
from doorward.config.renewal import is_replaceable, renewed
from doorward.config.report import Key, Report, found_in, key_of
from doorward.config.shapes import CommandShape
from doorward.config.tables import read_each, read_table
from doorward.config.user_settings import check_roles
from doorward.core.builtin_commands import RESERVED
from doorward.core.command import NAME, NAME_EXPECTED, NUMBERS, Command, Function, Program, Verb
from doorward.core.errors import CatalogueError
from doorward.core.limits import LimitFacts
from doorward.core.parameter import has_control_characters
from doorward.core.settings import DOOR_KINDS
from doorward.core.template import Element, parse_element

RESOURCES = (
    *("as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc"),
    *("rss", "rtprio", "rttime", "sigpending", "stack"),
)
"""What prlimit(1) can limit, by the names of its options."""

RESOURCE_FACTS = LimitFacts(unit="the unit of prlimit(1)", least=0, most=2**63 - 1, source="prlimit(2)")

SUMMARY_CHARACTERS = 200

_KEYS_OF_VERBS = ("summary", "roles", "doors")
_KEYS_OF_FUNCTIONS = (*_KEYS_OF_VERBS, "timeout_seconds", "fresh_seconds", "at_once", "linger_seconds")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE_BYTES = 128 * 1024 - 1
"""Linux has one variable, with its name, end at 128 KiB."""


def read_commands(
    tables: dict[str, Any], *, builtins: Mapping[str, Command], machine: Machine, report: Report
) -> list[Command]:
    """
    The commands that have a table.

    Args:
        tables: `[commands]`.
        builtins: those that come with the program and can run on this machine, by name.
        machine: whose executables and users count.
        report: gets what is wrong.
    """
    commands: list[Command] = []
    for name, key, table in read_each(tables, ("commands",), report):
        if not NAME.fullmatch(name):
            report.add(key, "a command cannot be called this", expected=NAME_EXPECTED)
            continue
        if name in RESERVED:
            report.add(key, "the daemon answers this command itself; take the table out")
            continue
        problems = len(report.problems)
        shape = read_table(table, CommandShape, key, report)
        command = _Declaration(shape, key, machine, report, problems).command(name, table, builtins.get(name))
        if command is not None and len(report.problems) == problems:
            _check(command, key, report, commands)
    return commands


def _check(command: Command, key: Key, report: Report, commands: list[Command]) -> None:
    try:
        command.check()
    except CatalogueError as error:
        report.adopt(key_of(error.key) if error.key else key, error)
    else:
        commands.append(command)


class _Declaration:
    """One table that becomes one command."""

    def __init__(
        self, shape: CommandShape, key: Key, machine: Machine, report: Report, problems_before: int
    ) -> None:
        self._problems_before = problems_before
        self._shape = shape
        self._key = key
        self._machine = machine
        self._report = report

    def command(self, name: str, given: Collection[str], builtin: Command | None) -> Command | None:
        """The command; None when it lacks what it does. With other problems what is returned is of no use."""
        declared = self._fields()
        parameters = read_parameters(self._shape.parameters, (*self._key, "parameters"), self._report)
        if self._shape.run is None:
            return self._with_action_of(builtin, given, declared | {"parameters": parameters})
        if builtin is not None and not is_replaceable(builtin):
            expected = f"no more than {', '.join(_KEYS_OF_VERBS)}"
            self._refuse("run", "the daemon answers this command itself", expected=expected)
            return None
        program = self._program(self._shape.run)
        if program is None:
            return None
        return renewed(builtin, Command(name=name, action=program, parameters=parameters, **declared))

    def _with_action_of(
        self, builtin: Command | None, given: Collection[str], declared: dict[str, Any]
    ) -> Command | None:
        if builtin is None:
            if len(self._report.problems) == self._problems_before:
                # otherwise it may stand there under a name that was told to be unknown
                self._refuse("run", "this is missing", expected="an argument vector, an array of texts")
            return None
        if isinstance(builtin.action, Verb | Function):
            keys = _KEYS_OF_VERBS if isinstance(builtin.action, Verb) else _KEYS_OF_FUNCTIONS
            for name in given:
                if name not in keys:
                    self._refuse(
                        name,
                        "the daemon answers this command itself",
                        expected=f"no more than {', '.join(keys)}",
                    )
            del declared["parameters"]
        elif isinstance(builtin.action, Program):
            declared["action"] = self._surrounded(builtin.action)
        if self._shape.roles is not None:
            declared["open_to_guests"] = False
        return replace(builtin, **declared)

    def _fields(self) -> dict[str, Any]:
        """The keys that stand in the table, as fields of a command."""
        shape = self._shape
        self._check_numbers()
        if shape.summary is not None and (
            len(shape.summary) > SUMMARY_CHARACTERS or has_control_characters(shape.summary)
        ):
            self._refuse(
                "summary",
                "a summary is one line of plain text",
                expected=f"at most {SUMMARY_CHARACTERS} characters",
                found=found_in(shape.summary),
            )
        declared = {
            "summary": shape.summary,
            "read_only": shape.read_only,
            "fresh_seconds": shape.fresh_seconds,
            "roles": self._roles(),
            "doors": self._doors(),
            "timeout_seconds": shape.timeout_seconds,
            "output_bytes": shape.output_bytes,
            "input_bytes": shape.input_bytes,
            "linger_seconds": shape.linger_seconds,
            "at_once": shape.at_once,
            "takes_input": shape.input,
            "detach": shape.detach,
        }
        return {name: value for name, value in declared.items() if value is not None}

    def _check_numbers(self) -> None:
        for name, about in NUMBERS.items():
            value = getattr(self._shape, name)
            if value is not None:
                is_within(value, about, (*self._key, name), self._report)

    def _roles(self) -> frozenset[str] | None:
        if self._shape.roles is None:
            return None
        check_roles(self._shape.roles, (*self._key, "roles"), self._report)
        return frozenset(self._shape.roles)

    def _doors(self) -> frozenset[str] | None:
        if self._shape.doors is None:
            return None
        for index, door in enumerate(self._shape.doors):
            if door not in DOOR_KINDS:
                self._report.unknown((*self._key, "doors", index), DOOR_KINDS, what="door", found=door)
        if not self._shape.doors:
            self._refuse("doors", "the command could be asked for nowhere", expected="at least one door")
        return frozenset(self._shape.doors)

    def _program(self, run: list[str]) -> Program | None:
        elements = [self._element(text, index) for index, text in enumerate(run)]
        if not elements:
            self._refuse("run", "this is empty", expected="a program and its arguments")
        if not elements or elements[0] is None:
            return None
        executable = self._executable(elements[0])
        rest = tuple(element for element in elements[1:] if element is not None)
        return self._surrounded(Program(executable, rest, home=self._machine.home))

    def _element(self, text: str, index: int) -> Element | None:
        key = (*self._key, "run", index)
        try:
            return parse_element(text, key="")
        except CatalogueError as error:
            self._report.adopt(key, error)
            return None

    def _executable(self, element: Element) -> str:
        key = (*self._key, "run", 0)
        text = element.pieces[0]
        expected = "a program's name, or an absolute path"
        if element.names:
            self._report.add(
                key,
                "the program itself cannot be a parameter",
                expected=expected,
                found=found_in(element.shown),
            )
        elif not text or has_control_characters(text) or ("/" in text and not text.startswith("/")):
            self._report.add(key, "this names no program", expected=expected, found=found_in(text))
        else:
            try:
                return self._machine.resolve(text)
            except ExecutableMissing as error:
                self._report.add(key, str(error), found="" if text.startswith("/") else found_in(text))
        return text

    def _surrounded(self, program: Program) -> Program:
        """The program with the user, the environment and the resources of the table."""
        user, home = self._account(program)
        return replace(
            program,
            user=user,
            home=home,
            environment=MappingProxyType({**program.environment, **self._environment()}),
            resources=MappingProxyType({**program.resources, **self._resources()}),
        )

    def _account(self, program: Program) -> tuple[str, str]:
        name = self._shape.user
        if not name:
            return program.user, program.home
        account = self._machine.account(name)
        if account is None:
            self._refuse("user", "this machine has no such user", found=found_in(name))
        elif account.pw_uid == self._machine.uid:
            return "", account.pw_dir
        elif not self._machine.is_root:
            self._refuse(
                "user", "only a daemon that runs as root can become another user", found=found_in(name)
            )
        else:
            return name, account.pw_dir
        return program.user, program.home

    def _environment(self) -> dict[str, str]:
        checked: dict[str, str] = {}
        for name, value in self._shape.environment.items():
            key = (*self._key, "environment", name)
            if not _VARIABLE.fullmatch(name):
                expected = "a-z, A-Z or _, then 0-9 too"
                self._report.add(key, "a variable cannot be called this", expected=expected)
            elif not isinstance(value, str):
                self._report.add(key, "this is of another type", expected="a text")
            elif "\0" in value or len(f"{name}={value}".encode()) > _VARIABLE_BYTES:
                expected = f"no NUL, and at most {_VARIABLE_BYTES} bytes with the name"
                self._report.add(key, "no variable can hold this", expected=expected)
            else:
                checked[name] = value
        return checked

    def _resources(self) -> dict[str, int]:
        checked: dict[str, int] = {}
        for name, value in self._shape.resources.items():
            key = (*self._key, "resources", name)
            if name not in RESOURCES:
                self._report.unknown(key, RESOURCES, what="resource")
            elif isinstance(value, bool) or not isinstance(value, int):
                self._report.add(key, "this is of another type", expected="an integer", found=found_in(value))
            elif is_within(value, RESOURCE_FACTS, key, self._report):
                checked[name] = value
        return checked

    def _refuse(self, name: str, problem: str, *, expected: str = "", found: str = "") -> None:
        self._report.add((*self._key, name), problem, expected=expected, found=found)
