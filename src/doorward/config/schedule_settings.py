"""The tables `[schedules.NAME]`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from doorward.config.mail_settings import read_mailboxes
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import ScheduleShape
from doorward.config.tables import read_named
from doorward.config.timing_settings import read_timing
from doorward.config.words import WordT, read_word
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Verb
from doorward.core.errors import BadArgument
from doorward.core.invocation import Invocation, bind, bind_values
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.parameter import word_of
from doorward.core.schedules import (
    CatchUp,
    MailWhen,
    Overlap,
    Schedule,
)
from doorward.core.secret import Secret

MOST = 1000
"""More schedules than that are no configuration that a person wrote."""


def read_schedules(
    tables: dict[str, Any], *, catalogue: Catalogue, limits: Limits, mail: MailSettings, report: Report
) -> Mapping[str, Schedule]:
    """
    The schedules that have a table, by name.

    Args:
        tables: `[schedules]`.
        catalogue: what can run.
        limits: of words.
        mail: who gets what names no recipient.
        report: gets what is wrong.
    """
    if len(tables) > MOST:
        report.add(("schedules",), f"there are {len(tables)} schedules", expected=f"at most {MOST}")
        return MappingProxyType({})
    schedules = {}
    named = read_named(tables, ScheduleShape, ("schedules",), report, what="schedule")
    for name, key, shape, is_whole in named:
        schedule = _Table(shape, key, report, is_whole=is_whole).schedule(name, catalogue, limits, mail)
        if schedule is not None:
            schedules[name] = schedule
    return MappingProxyType(schedules)


class _Table:
    """One table that becomes one schedule; when it is not whole, what is missing may stand there wrong."""

    def __init__(self, shape: ScheduleShape, key: Key, report: Report, *, is_whole: bool) -> None:
        self._shape = shape
        self._is_whole = is_whole
        self._key = key
        self._report = report

    def schedule(
        self, name: str, catalogue: Catalogue, limits: Limits, mail: MailSettings
    ) -> Schedule | None:
        """The schedule; None when it lacks what it does or when. With other problems it is of no use."""
        shape = self._shape
        invocation = self._invocation(catalogue, limits)
        timing = read_timing(shape.every, shape.at, self._key, self._report, is_whole=self._is_whole)
        catch_up = self._word("catch_up", CatchUp.ONCE)
        overlap = self._word("overlap", Overlap.SKIP)
        to = read_mailboxes(shape.to, (*self._key, "to"), self._report, ours=mail.sender)
        when = self._word("mail", MailWhen.FAILURE if shape.to else MailWhen.NEVER)
        if when is not MailWhen.NEVER and not to and not mail.to:
            self._refuse(
                "mail", "there is nobody to mail to", expected="an address as `to`, here or in [mail]"
            )
        if invocation is None or timing is None:
            return None
        return Schedule(
            name=name,
            command=invocation.command.name,
            line=invocation.shown,
            timing=timing,
            catch_up=catch_up,
            overlap=overlap,
            mail=when,
            to=to,
        )

    def _invocation(self, catalogue: Catalogue, limits: Limits) -> Invocation | None:
        command = self._command(catalogue)
        if command is None or not self._is_whole:
            return None
        invocation = self._bound(command, limits)
        if invocation is not None and any(isinstance(each, Secret) for each in invocation.values.values()):
            self._refuse("arguments", "a secret cannot stand in a schedule")
            return None
        return invocation

    def _command(self, catalogue: Catalogue) -> Command | None:
        name = self._shape.command
        if name is None:
            if self._is_whole:
                self._refuse("command", "this is missing", expected="the name of a command")
            return None
        command = catalogue.commands.get(name)
        if command is None:
            self._report.unknown((*self._key, "command"), catalogue.commands, what="command", found=name)
        elif isinstance(command.action, Verb):
            self._refuse(
                "command", "the daemon answers this command itself: nothing runs", found=found_in(name)
            )
        else:
            return command
        return None

    def _bound(self, command: Command, limits: Limits) -> Invocation | None:
        arguments = self._shape.arguments
        if isinstance(arguments, list):
            try:
                return bind(command, arguments, limits)
            except BadArgument as error:
                self._refuse("arguments", str(error))
                return None
        said = {name: _said(value) for name, value in arguments.items()}
        for name, words in said.items():
            if words is None:
                self._report.add(
                    (*self._key, "arguments", name),
                    "this is of another type",
                    expected="a text, a number, true or false, or an array of texts",
                    found=found_in(arguments[name]),
                )
        if None in said.values():
            return None
        bound = bind_values(command, {name: words or [] for name, words in said.items()}, limits)
        if isinstance(bound, Invocation):
            return bound
        for problem in bound:
            below = ("arguments", problem.parameter) if problem.parameter else ("arguments",)
            self._report.add((*self._key, *below), str(problem))
        return None

    def _word(self, name: str, default: WordT) -> WordT:
        return read_word(getattr(self._shape, name), default, (*self._key, name), self._report)

    def _refuse(self, name: str, problem: str, *, expected: str = "", found: str = "") -> None:
        self._report.add((*self._key, name), problem, expected=expected, found=found)


def _said(value: object) -> list[str] | None:
    """The words of one argument; None for what can be none."""
    match value:
        case str() | bool() | int() | float():
            return [word_of(value)]
        case list() if all(isinstance(each, str) for each in value):
            return [*value]
        case _:
            return None
