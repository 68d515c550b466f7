"""The inputs of a command's form: what each parameter looks like, and what a form that came back says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.command import Command
from doorward.core.errors import BadArgument
from doorward.core.parameter import Parameter, word_of
from doorward.core.parameter_types import (
    AddressType,
    ChoiceType,
    FlagType,
    HostnameType,
    IntegerType,
    NumberType,
    ParameterType,
    PathType,
    PatternType,
    PortType,
    SecretType,
    TextType,
)
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import hint, problem_words

_EXACT_MOST = 2**53
"""Above it a browser's numbers are not whole any more."""

_SAME_IN_BROWSERS = re.compile(
    r"(?:[A-Za-z0-9_ @:,]|\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_])+\]|\{[0-9]+(?:,[0-9]*)?\}|[+*?|()])*"
)
"""Patterns that mean the same to Python and to a browser; others only we can try."""

Said = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """
    One input.

    Attributes:
        name: of the parameter.
        label: its summary, else its name.
        kind: `text`, `number`, `password`, `select`, `checkbox`, `switch` (yes or no as a select) or `lines`.
        hint: what it takes, with the first letter as in a sentence.
        values: what stands in it: one, or for `lines` any number; never a secret.
        choices: of a select.
        attributes: of the input, which say as much of the type as HTML can say truthfully.
        error: what was wrong; empty for nothing.
        is_first_wrong: where the keyboard is put.
    """

    name: str
    label: str
    kind: str
    hint: str
    values: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_required: bool = False
    error: str = ""
    is_first_wrong: bool = False

    @property
    def value(self) -> str:
        """What stands in an input of one line."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Form:
    """
    A command's inputs, and what is wrong with what stands in none of them.

    Attributes:
        fields: in the order of the parameters.
        errors: one sentence each.
    """

    fields: tuple[Field, ...]
    errors: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether anything is to be mended."""
        return bool(self.errors) or any(each.error for each in self.fields)


def form_of(
    command: Command, texts: Texts, *, said: Said | None = None, problems: Iterable[BadArgument] = ()
) -> Form:
    """
    The form of `command`.

    Args:
        command: which.
        texts: of the language.
        said: what came back; None for a fresh form, with the defaults in it.
        problems: what was wrong with it.
    """
    parameters = {parameter.name: parameter for parameter in command.parameters}
    wrong: dict[str, str] = {}
    errors = []
    for problem in problems:
        parameter = parameters.get(problem.parameter)
        words = problem_words(texts, problem, parameter)
        if parameter is None:
            errors.append(words)
        else:
            wrong.setdefault(problem.parameter, words)
    first_wrong = next((name for name in parameters if name in wrong), "")
    fields = [
        _field(
            parameter,
            texts,
            values=_default(parameter) if said is None else tuple(said.get(parameter.name, ())),
            error=wrong.get(parameter.name, ""),
            is_first_wrong=parameter.name == first_wrong,
        )
        for parameter in command.parameters
    ]
    return Form(tuple(fields), tuple(errors))


def said_of(command: Command, pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """
    What a form that came back says, for the desk.

    An empty input says nothing, unless its parameter must be there and may be empty; a text of several lines
    is one word a line for a parameter that repeats.
    """
    parameters = {parameter.name: parameter for parameter in command.parameters}
    said: dict[str, list[str]] = {}
    for name, value in pairs:
        parameter = parameters.get(name)
        if parameter is not None and parameter.repeats:
            words = [line for line in value.splitlines() if line]
        elif value or parameter is None or _must_be_empty(parameter):
            words = [value]
        else:
            words = []
        said.setdefault(name, []).extend(words)
    return said


def _must_be_empty(parameter: Parameter) -> bool:
    return (
        parameter.is_required
        and isinstance(parameter.type, TextType | SecretType)
        and parameter.type.min == 0
    )


def _default(parameter: Parameter) -> tuple[str, ...]:
    if parameter.default is None or parameter.is_secret:
        return ()
    return parameter.default if isinstance(parameter.default, tuple) else (word_of(parameter.default),)


def _field(
    parameter: Parameter, texts: Texts, *, values: tuple[str, ...], error: str, is_first_wrong: bool
) -> Field:
    kind = _kind(parameter)
    words = hint(texts, parameter.type)
    if kind == "lines":
        words = f"{texts.one_a_line[:-1]}: {words}"
    return Field(
        name=parameter.name,
        label=parameter.summary or parameter.name,
        kind=kind,
        hint="" if kind in {"checkbox", "switch", "select"} else f"{words[:1].upper()}{words[1:]}.",
        # a secret is never given back
        values=() if parameter.is_secret else values,
        choices=parameter.type.choices if isinstance(parameter.type, ChoiceType) else (),
        attributes=_attributes(parameter.type) if not parameter.repeats else {},
        is_required=parameter.is_required and not _must_be_empty(parameter),
        error=error,
        is_first_wrong=is_first_wrong,
    )


def _kind(parameter: Parameter) -> str:
    if parameter.repeats:
        return "lines"
    match parameter.type:
        case IntegerType() | NumberType() | PortType():
            return "number"
        case ChoiceType():
            return "select"
        case FlagType():
            # an empty checkbox says nothing, which would mean the default
            return "switch" if parameter.default is True else "checkbox"
        case SecretType():
            return "password"
        case _:
            return "text"


def _attributes(kind: ParameterType) -> dict[str, str]:
    match kind:
        case IntegerType() | PortType():
            return {"step": "1", **_bounds(kind.min, kind.max)}
        case NumberType():
            return {"step": "any", **_bounds(kind.min, kind.max)}
        case TextType(min=least, max=most):
            # a pattern counts characters as we do, maxlength counts those beyond U+FFFF twice
            return {"pattern": rf"(?!-)[\s\S]{{{least},{most}}}"}
        case PathType(max=most):
            return {"pattern": rf"(?!-)[\s\S]{{1,{most}}}"}
        case _:
            return _text_attributes(kind)


def _text_attributes(kind: ParameterType) -> dict[str, str]:
    match kind:
        case HostnameType():
            return {"maxlength": "253", "inputmode": "url"}
        case AddressType():
            return {"maxlength": "45"}
        case PatternType(pattern=pattern) if "(?" not in pattern and _SAME_IN_BROWSERS.fullmatch(pattern):
            return {"pattern": pattern}
        case _:
            return {}


def _bounds(least: float, most: float) -> dict[str, str]:
    bounds = {"min": least, "max": most}
    return {name: f"{bound}" for name, bound in bounds.items() if abs(bound) <= _EXACT_MOST}
