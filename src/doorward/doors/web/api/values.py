"""The parameters of a command as JSON has them, to the words that every door hands to the desk."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec

from doorward.core.command import Command
from doorward.core.errors import BadArgument
from doorward.core.invocation import Invocation, bind_values
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter, word_of
from doorward.core.parameter_types import FlagType, IntegerType, NumberType, PortType
from doorward.doors.web.api.bodies import malformed
from doorward.doors.web.problems import Problem

Said = dict[str, Sequence[str]]


def words_of(command: Command, values: Mapping[str, msgspec.Raw], limits: Limits) -> Said:
    """
    The words that mean `values`, by the names of their parameters; unknown names are left to the desk.

    Raises:
        Problem: a value is of another JSON type than its parameter's; whatever else is wrong is told with it.
    """
    by_name = {parameter.name: parameter for parameter in command.parameters}
    said: Said = {}
    problems: list[BadArgument] = []
    for name, value in values.items():
        parameter = by_name.get(name)
        try:
            said[name] = ("",) if parameter is None else _words(parameter, value)
        except msgspec.ValidationError:
            expected = f"{json_type(command, name)}, {by_name[name].type.expected}"
            problems.append(BadArgument(name, expected))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(error) from None
    if problems:
        raise invalid_values(
            [*problems, *_others(command, said, limits, wrong={each.parameter for each in problems})]
        )
    return said


def invalid_values(problems: Sequence[BadArgument]) -> Problem:
    """These values do not do."""
    errors = [
        {"parameter": each.parameter, "detail": str(BadArgument("", each.expected, each.found))}
        for each in problems
    ]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problems[0]), members={"errors": errors})


def json_type(command: Command, name: str) -> str:
    """What a parameter's value is in JSON, for people."""
    parameter = next(each for each in command.parameters if each.name == name)
    if parameter.repeats:
        return "an array of strings"
    match parameter.type:
        case IntegerType() | PortType():
            return "a JSON integer"
        case NumberType():
            return "a JSON number"
        case FlagType():
            return "true or false"
        case _:
            return "a JSON string"


def _words(parameter: Parameter, value: msgspec.Raw) -> Sequence[str]:
    if parameter.repeats:
        return msgspec.json.decode(value, type=list[str])
    match parameter.type:
        case IntegerType() | PortType():
            return (word_of(_whole(msgspec.json.decode(value, type=int | float))),)
        case NumberType():
            return (word_of(msgspec.json.decode(value, type=int | float)),)
        case FlagType():
            return (word_of(msgspec.json.decode(value, type=bool)),)
        case _:
            return (msgspec.json.decode(value, type=str),)


def _whole(number: float) -> int:
    # for JSON Schema 5.0 is an integer too
    if number != int(number):
        raise msgspec.ValidationError
    return int(number)


def _others(command: Command, said: Said, limits: Limits, *, wrong: set[str]) -> list[BadArgument]:
    """What is wrong with the values that are of their types."""
    bound = bind_values(command, said, limits)
    return [] if isinstance(bound, Invocation) else [each for each in bound if each.parameter not in wrong]
