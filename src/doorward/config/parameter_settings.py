"""The table `[commands.NAME.parameters]`."""

import math
import posixpath
import re
from dataclasses import fields, replace
from typing import Any

from doorward.config.report import Key, Report, dotted, found_in
from doorward.config.shapes import ParameterShape
from doorward.config.tables import read_each, read_table
from doorward.core.errors import CatalogueError
from doorward.core.parameter import Parameter, has_control_characters
from doorward.core.parameter_types import (
    INTEGER_MOST,
    TYPES,
    ChoiceType,
    FlagType,
    IntegerType,
    NumberType,
    ParameterType,
    PatternType,
    PortType,
    SecretType,
    Value,
)

_OF_EVERY_TYPE = ("type", "summary", "required", "default")
_OPTIONS = ("min", "max", "choices", "on", "within", "pattern")
_NEEDED: dict[type[ParameterType], tuple[str, str]] = {
    ChoiceType: ("choices", "an array of at least one text"),
    FlagType: ("on", 'what stands in the vector for yes, as "-q"'),
    PatternType: ("pattern", "a regular expression that matches the whole word"),
}
_SIZE_MOST = 128 * 1024
"""No word can be longer: Linux has one argument end at 128 KiB."""


def keys_of(kind: type[ParameterType]) -> tuple[str, ...]:
    """The keys that a parameter of this type may have."""
    own = {field.name for field in fields(kind) if field.init}
    return (*_OF_EVERY_TYPE, *(option for option in _OPTIONS if option in own))


def read_parameters(tables: dict[str, Any], key: Key, report: Report) -> tuple[Parameter, ...]:
    """The parameters in their order; those with something wrong are left out, and `report` has it."""
    parameters = []
    for name, here, table in read_each(tables, key, report):
        problems = len(report.problems)
        shape = read_table(table, ParameterShape, here, report)
        if len(report.problems) > problems:
            continue
        if (parameter := _parameter(name, shape, here, report)) is not None:
            parameters.append(parameter)
    return tuple(parameters)


def _parameter(name: str, shape: ParameterShape, key: Key, report: Report) -> Parameter | None:
    kind = _type(shape, key, report)
    if kind is None or not _default_is_of(kind, shape.default, (*key, "default"), report):
        return None
    if shape.summary is not None and has_control_characters(shape.summary):
        report.add((*key, "summary"), "a summary is one line of plain text", found=found_in(shape.summary))
        return None
    parameter = Parameter(
        name=name,
        type=kind,
        summary=shape.summary or "",
        default=shape.default,
        required=shape.required is not False,
    )
    try:
        parameter.check(key=dotted(key))
    except CatalogueError as error:
        report.adopt((*key, "default") if error.key.endswith(".default") else key, error)
        return None
    return replace(parameter, default=parameter.default_value)


def _type(shape: ParameterShape, key: Key, report: Report) -> ParameterType | None:
    kind = TYPES.get(shape.type)
    if kind is None:
        report.unknown((*key, "type"), TYPES, what="type", found=shape.type)
        return None
    options = {option: value for option in _OPTIONS if (value := getattr(shape, option)) is not None}
    allowed = keys_of(kind)
    for option in options.keys() - set(allowed):
        report.add((*key, option), f"a parameter of type {shape.type} has none", expected=", ".join(allowed))
    if options.keys() - set(allowed) or not _has_needed(kind, options, key, report):
        return None
    problems = len(report.problems)
    for option, value in options.items():
        options[option] = _option(kind, option, value, (*key, option), report)
    if len(report.problems) > problems:
        return None
    made = kind(**options)
    return made if _holds_together(made, key, report) else None


def _has_needed(kind: type[ParameterType], options: dict[str, Any], key: Key, report: Report) -> bool:
    name, expected = _NEEDED.get(kind, ("", ""))
    if not name or options.get(name):
        return True
    what = "empty" if name in options else "missing"
    report.add((*key, name), f"this is {what}", expected=expected)
    return False


def _option(kind: type[ParameterType], option: str, value: Any, key: Key, report: Report) -> Any:
    match option:
        case "min" | "max":
            return _bound(kind, value, key, report)
        case "choices":
            for index, choice in enumerate(value):
                _check_text(choice, (*key, index), report)
            return tuple(value)
        case "within":
            return _folder(value, key, report)
        case "pattern":
            _check_pattern(value, key, report)
        case _:
            _check_text(value, key, report)
    return value


def _bound(kind: type[ParameterType], value: float, key: Key, report: Report) -> float:
    if kind is NumberType:
        if not math.isfinite(value):
            report.add(key, "a bound is a finite number", found=found_in(value))
        return float(value)
    least, most = _bounds_of(kind)
    if not isinstance(value, int) or not least <= value <= most:
        report.add(
            key, "this bound cannot be", expected=f"an integer from {least} to {most}", found=found_in(value)
        )
    return value


def _bounds_of(kind: type[ParameterType]) -> tuple[int, int]:
    if kind is IntegerType:
        return -INTEGER_MOST - 1, INTEGER_MOST
    return (0, 65535) if kind is PortType else (0, _SIZE_MOST)


def _check_text(value: str, key: Key, report: Report) -> None:
    if not value or has_control_characters(value):
        report.add(key, "this is empty, or holds control characters", found=found_in(value))


def _folder(value: str, key: Key, report: Report) -> str:
    if not value.startswith("/") or has_control_characters(value):
        report.add(key, "this is no folder", expected="an absolute path", found=found_in(value))
        return value
    path = posixpath.normpath(value)
    return path[1:] if path.startswith("//") else path


def _check_pattern(value: str, key: Key, report: Report) -> None:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        report.add(key, f"this is no regular expression: {error}", found=found_in(value))


def _holds_together(kind: ParameterType, key: Key, report: Report) -> bool:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None or most is None or least <= most:
        return True
    report.add((*key, "max"), "max is below min", expected=f"at least {least}", found=found_in(most))
    return False


def _default_is_of(kind: ParameterType, default: Value | None, key: Key, report: Report) -> bool:
    if default is None or isinstance(kind, SecretType):
        return True  # a secret has none, which `Parameter.check` says without showing it
    match kind:
        case IntegerType() | PortType():
            good = type(default) is int
        case NumberType():
            good = type(default) in {int, float}
        case FlagType():
            good = type(default) is bool
        case _:
            good = type(default) is str
    if not good:
        expected = "true or false" if isinstance(kind, FlagType) else kind.expected
        report.add(key, "the default is not of the type", expected=expected, found=found_in(default))
    return good
