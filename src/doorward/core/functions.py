"""Python functions as commands: what their signatures say about parameters."""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any

from doorward.core.command import Function
from doorward.core.errors import CatalogueError
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import (
    ChoiceType,
    FlagType,
    IntegerType,
    NumberType,
    ParameterType,
    SecretType,
    TextType,
    Value,
)
from doorward.core.secret import Secret

CALL = "call"
"""A first parameter of this name is given the `Call`."""

_PLAIN_TYPES: dict[object, ParameterType] = {
    str: TextType(),
    bool: FlagType(),
    int: IntegerType(),
    float: NumberType(),
    Secret: SecretType(),
}


def function_action(function: Callable[..., Any]) -> Function:
    """How `function` is called."""
    return Function(
        function,
        takes_call=next(iter(inspect.signature(function).parameters), "") == CALL,
        is_async=inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function),
    )


def function_summary(function: Callable[..., Any]) -> str:
    """The first line of its docstring; empty when it has none."""
    return (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")


def function_parameters(function: Callable[..., Any], *, key: str) -> tuple[Parameter, ...]:
    """
    The parameters that the signature of `function` declares.

    `str`, `int`, `float`, `bool`, `Secret` and `Literal[...]` have types of their own;
    `Annotated[int, IntegerType(min=1)]` and `Annotated[str, Parameter(type=…, summary=…)]` say more.
    `*words: str` takes all words that are left.

    Raises:
        CatalogueError: an annotation that means no type, or a parameter that no word can fill.
    """
    declared = list(inspect.signature(function).parameters.values())
    if declared and declared[0].name == CALL:
        del declared[0]
    hints = _hints(function, declared, key=key)
    return tuple(_parameter(argument, hints.get(argument.name, str), key=key) for argument in declared)


def _hints(
    function: Callable[..., Any], declared: Sequence[inspect.Parameter], *, key: str
) -> dict[str, Any]:
    # of these parameters alone: the names in the other annotations may be imported for type checking only
    annotations = {
        argument.name: argument.annotation
        for argument in declared
        if argument.annotation is not inspect.Parameter.empty
    }
    names = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(
            SimpleNamespace(__annotations__=annotations), globalns=names, include_extras=True
        )
    except (NameError, TypeError, SyntaxError, AttributeError, ValueError) as error:
        raise CatalogueError(f"its annotations cannot be read: {error}", key=key) from error


def _parameter(argument: inspect.Parameter, hint: object, *, key: str) -> Parameter:
    key = f"{key}.{argument.name}"
    if argument.kind in {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY}:
        raise CatalogueError(
            "no word can fill this parameter", key=key, expected="one that can be given by name"
        )
    parameter, optional = _from_hint(hint, key=key)
    has_default = argument.default is not inspect.Parameter.empty
    return replace(
        parameter,
        name=argument.name,
        default=argument.default if has_default else parameter.default,
        required=not has_default and not optional and parameter.required,
        repeats=argument.kind is inspect.Parameter.VAR_POSITIONAL,
    )


def _from_hint(hint: object, *, key: str) -> tuple[Parameter, bool]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        for extra in arguments[1:]:
            if isinstance(extra, Parameter):
                return extra, _is_optional(arguments[0])
            if isinstance(extra, ParameterType):
                return Parameter(type=extra), _is_optional(arguments[0])
        return _from_hint(arguments[0], key=key)
    if _is_optional(hint) and len(arguments) == 2:
        inner = next(argument for argument in arguments if argument is not NoneType)
        return _from_hint(inner, key=key)[0], True
    if origin is typing.Literal and all(isinstance(choice, str) for choice in arguments):
        return Parameter(type=ChoiceType(choices=arguments)), False
    try:
        return Parameter(type=_PLAIN_TYPES[hint]), False
    except (KeyError, TypeError):
        raise CatalogueError(
            "this annotation means no type of parameter",
            key=key,
            expected="str, int, float, bool, Secret, Literal or Annotated",
            found=str(hint),
        ) from None


def _is_optional(hint: object) -> bool:
    return typing.get_origin(hint) in {typing.Union, UnionType} and NoneType in typing.get_args(hint)


def arguments_of(
    parameters: Sequence[Parameter], values: Mapping[str, Value]
) -> tuple[list[Any], dict[str, Any]]:
    """
    What a function with these parameters is called with, but for its `Call`.

    Returns:
        Positional ones, which there are only when the last parameter repeats, and those by name. An absent
        one is None, or False for a flag.
    """
    arguments = {parameter.name: _argument(parameter, values) for parameter in parameters}
    if parameters and parameters[-1].repeats:
        *first, words = arguments.values()
        return [*first, *words], {}
    return [], arguments


def _argument(parameter: Parameter, values: Mapping[str, Value]) -> Any:
    if parameter.name in values:
        return values[parameter.name]
    return False if isinstance(parameter.type, FlagType) else parameter.default
