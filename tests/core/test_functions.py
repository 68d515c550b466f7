from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest

from doorward.core.command import Command
from doorward.core.errors import CatalogueError
from doorward.core.functions import (
    arguments_of,
    function_action,
    function_parameters,
    function_summary,
)
from doorward.core.invocation import bind
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import (
    ChoiceType,
    FlagType,
    HostnameType,
    IntegerType,
    NumberType,
    ParameterType,
    SecretType,
    TextType,
)
from doorward.core.secret import Secret

if TYPE_CHECKING:
    from doorward.core.call import Call

Count = Annotated[int, IntegerType(min=1, max=9)]


def plain(name: str, count: int, factor: float, quiet: bool, key: Secret) -> str:  # noqa: FBT001
    """
    Say something.

    And more.
    """
    return f"{name}{count}{factor}{quiet}{key}"


def with_defaults(
    name: str = "x", count: int = 3, factor: float = 2, *, quiet: bool = True, maybe: str | None = None
) -> None: ...


def optional(
    a: int | None,
    b: str | None,
    c: int | None,
    d: Count | None,
    e: Annotated[int | None, IntegerType()],
) -> None: ...


def chosen(mode: Literal["fast", "-slow"], level: Literal["a"] = "a") -> None: ...


def annotated(
    count: Count,
    host: Annotated[str, Parameter(type=HostnameType(), summary="whom", default="localhost")],
    note: Annotated[str, "said by nobody"],
    other: Annotated[str, Parameter(name="ignored", summary="s", required=False)],
) -> None: ...


def words_left(call: Call, to: str, *words: str) -> None: ...


async def of_the_caller(call: Call, mount: str = "/") -> AsyncIterator[str]:
    yield mount


def types_of(function: Callable[..., Any]) -> dict[str, ParameterType]:
    return {parameter.name: parameter.type for parameter in function_parameters(function, key="k")}


def test_annotations_are_types() -> None:
    assert types_of(plain) == {
        "name": TextType(),
        "count": IntegerType(),
        "factor": NumberType(),
        "quiet": FlagType(),
        "key": SecretType(),
    }
    assert [p.is_required for p in function_parameters(plain, key="k")] == [True, True, True, False, True]


def test_what_has_no_annotation_is_a_text() -> None:
    assert types_of(lambda a, b=None: (a, b)) == {"a": TextType(), "b": TextType()}


def test_defaults_are_defaults() -> None:
    parameters = function_parameters(with_defaults, key="k")
    assert [parameter.default for parameter in parameters] == ["x", 3, 2, True, None]
    assert not any(parameter.is_required for parameter in parameters)
    for parameter in parameters:
        parameter.check(key="k")


def test_an_optional_may_be_left_out_and_is_of_the_type_inside() -> None:
    assert types_of(optional) == {
        "a": IntegerType(),
        "b": TextType(),
        "c": IntegerType(),
        "d": IntegerType(min=1, max=9),
        "e": IntegerType(),
    }
    assert not any(parameter.is_required for parameter in function_parameters(optional, key="k"))


def test_a_literal_is_a_choice() -> None:
    assert types_of(chosen) == {
        "mode": ChoiceType(choices=("fast", "-slow")),
        "level": ChoiceType(choices=("a",)),
    }


def test_annotated_says_more() -> None:
    count, host, note, other = function_parameters(annotated, key="k")
    assert count == Parameter(name="count", type=IntegerType(min=1, max=9))
    assert host == Parameter(name="host", type=HostnameType(), summary="whom", default="localhost")
    assert note == Parameter(name="note")
    assert other == Parameter(name="other", summary="s", required=False)


def test_a_first_parameter_called_call_is_no_parameter() -> None:
    to, words = function_parameters(words_left, key="k")
    assert (to.name, to.repeats) == ("to", False)
    assert (words.name, words.repeats, words.is_required) == ("words", True, False)


def test_names_that_are_imported_for_type_checking_alone_may_stand_beside_parameters() -> None:
    # `Call` of this module is such a name, as the style of most typed code has it
    assert types_of(of_the_caller) == {"mount": TextType()}
    assert types_of(words_left) == {"to": TextType(), "words": TextType()}


def test_a_function_that_was_wrapped_is_read_by_what_it_wraps() -> None:
    @functools.wraps(plain)
    def wrapper(*args: Any, **kwargs: Any) -> str:
        return plain(*args, **kwargs)

    assert types_of(wrapper) == types_of(plain)


class Keeper:
    def method(self, count: int) -> int:
        return count

    def __call__(self, count: int) -> int:
        return count


def test_a_bound_method_is_a_function() -> None:
    assert types_of(Keeper().method) == {"count": IntegerType()}


def takes_list(a: list[str]) -> None: ...
def takes_any(a: Any) -> None: ...
def takes_union(a: int | str) -> None: ...
def takes_union_with_none(a: int | str | None) -> None: ...
def takes_bytes(a: bytes) -> None: ...
def takes_numbers(a: Literal[1, 2]) -> None: ...
def takes_nothing(a: None) -> None: ...
def takes_dict(a: dict[str, None]) -> None: ...
def takes_tuple(a: tuple[str, None]) -> None: ...
def takes_callable(a: Callable[[int], None]) -> None: ...


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (takes_list, "list[str]"),
        (takes_any, "typing.Any"),
        (takes_union, "int | str"),
        (takes_union_with_none, "int | str | None"),
        (takes_bytes, "<class 'bytes'>"),
        (takes_numbers, "typing.Literal[1, 2]"),
        (takes_nothing, "<class 'NoneType'>"),
        (takes_dict, "dict[str, None]"),
        (takes_tuple, "tuple[str, None]"),
        (takes_callable, "collections.abc.Callable[[int], None]"),
    ],
)
def test_an_annotation_that_means_no_type_is_an_error(function: Callable[..., Any], found: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        function_parameters(function, key="commands.it.parameters")
    assert str(caught.value) == (
        "commands.it.parameters.a: this annotation means no type of parameter; "
        f"expected str, int, float, bool, Secret, Literal or Annotated; found {found}"
    )


@pytest.mark.parametrize(
    "annotation", ["Unknown", "a b", "Keeper.nothing", "1 / 'a'", "int[", "Keeper[int]", "int('x')"]
)
def test_an_annotation_that_cannot_be_read_is_an_error(annotation: str) -> None:
    def function(a): ...  # type: ignore[no-untyped-def]

    function.__annotations__["a"] = annotation
    with pytest.raises(CatalogueError, match=r"^k: its annotations cannot be read: ") as caught:
        function_parameters(function, key="k")
    assert str(caught.value).isprintable()


def positional_only(a: str, /) -> None: ...
def keywords(**a: str) -> None: ...


@pytest.mark.parametrize("function", [positional_only, keywords])
def test_what_no_word_can_fill_is_an_error(function: Callable[..., Any]) -> None:
    with pytest.raises(CatalogueError) as caught:
        function_parameters(function, key="k")
    assert str(caught.value) == "k.a: no word can fill this parameter; expected one that can be given by name"


def some_integers(*a: int) -> None: ...
def some_secrets(*a: Secret) -> None: ...


@pytest.mark.parametrize("function", [some_integers, some_secrets])
def test_words_left_that_would_not_arrive_as_annotated_are_an_error(function: Callable[..., Any]) -> None:
    (parameter,) = function_parameters(function, key="k")
    with pytest.raises(CatalogueError, match="cannot repeat; expected a kind of text"):
        parameter.check(key="k")


async def coroutine() -> str:
    return ""


def generator() -> Iterator[str]:
    yield ""


async def asynchronous_generator() -> AsyncIterator[str]:
    yield ""


@pytest.mark.parametrize(
    ("function", "is_async", "takes_call"),
    [
        (plain, False, False),
        (generator, False, False),
        (coroutine, True, False),
        (asynchronous_generator, True, False),
        (of_the_caller, True, True),
        (words_left, False, True),
    ],
)
def test_a_function_is_called_so(function: Callable[..., Any], *, is_async: bool, takes_call: bool) -> None:
    action = function_action(function)
    assert (action.function, action.is_async, action.takes_call) == (function, is_async, takes_call)


def test_the_first_line_of_its_docstring_is_the_summary() -> None:
    assert function_summary(plain) == "Say something"
    assert function_summary(coroutine) == ""


def called(function: Callable[..., Any], words: list[str]) -> tuple[list[Any], dict[str, Any]]:
    command = Command(
        name="it", action=function_action(function), parameters=function_parameters(function, key="k")
    )
    command.check()
    invocation = bind(command, words, Limits())
    return arguments_of(command.parameters, invocation.values)


def test_values_are_arguments_by_name() -> None:
    positional, named = called(plain, ["a", "5", "2.5", "yes", "hush"])
    assert positional == []
    assert named == {
        "name": "a",
        "count": 5,
        "factor": 2.5,
        "quiet": True,
        "key": Secret("hush"),
    }
    assert plain(*positional, **named) == "a52.5True••••"


def test_absent_ones_are_none_and_flags_are_false() -> None:
    assert called(optional, []) == ([], dict.fromkeys("abcde"))
    assert called(plain, ["a", "5", "2.5", "key=k"])[1]["quiet"] is False


def test_a_default_arrives_as_its_annotation_says() -> None:
    factor = called(with_defaults, [])[1]["factor"]
    assert (factor, type(factor)) == (2.0, float)


def test_words_left_come_one_by_one_after_the_others() -> None:
    assert called(words_left, ["me", "a", "b c"]) == (["me", "a", "b c"], {})
    assert called(words_left, ["me"]) == (["me"], {})
