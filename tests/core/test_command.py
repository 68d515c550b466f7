import math
from dataclasses import replace
from typing import Any

import pytest

from doorward.core.command import NAME_EXPECTED, Action, Command, Function, Program, Verb
from doorward.core.errors import CatalogueError
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType, SecretType, TextType
from doorward.core.template import parse_element

FUNCTION = Function(print, takes_call=False, is_async=False)
OF_THE_CALLER = Function(print, takes_call=True, is_async=False)


def program(*elements: str) -> Program:
    return Program("/bin/it", tuple(parse_element(element, key="") for element in elements))


def problem(command: Command) -> str:
    with pytest.raises(CatalogueError) as caught:
        command.check()
    return str(caught.value)


@pytest.mark.parametrize("name", ["df", "d", "disk-free", "disk_free", "a1", "a" * 64])
def test_a_name_that_can_be_typed_is_taken(name: str) -> None:
    Command(name=name, action=program()).check()


@pytest.mark.parametrize(
    "name", ["", "Df", "-df", "_df", "1df", "d f", "d.f", "é", "df\n", "a" * 65, "a=b", "d/f"]
)
def test_a_name_that_cannot_is_refused(name: str) -> None:
    text = problem(Command(name=name, action=program()))
    assert text.endswith(f"a command's name cannot be this; expected {NAME_EXPECTED}; found {name!a}")
    assert text.isprintable()


@pytest.mark.parametrize(
    ("parameters", "elements", "text"),
    [
        ((), ("{host}",), "commands.it.run: {host} is no parameter of this command"),
        (("host",), (), "commands.it.run: the parameter host fills no element"),
        (("host",), ("{{host}}",), "commands.it.run: the parameter host fills no element"),
        (("a", "a"), ("{a}",), "commands.it.parameters.a: the parameter is declared twice"),
    ],
)
def test_parameters_and_elements_name_each_other(
    parameters: tuple[str, ...], elements: tuple[str, ...], text: str
) -> None:
    command = Command(
        name="it", action=program(*elements), parameters=tuple(Parameter(name=name) for name in parameters)
    )
    assert problem(command) == text


def test_a_program_takes_no_words_that_repeat() -> None:
    command = Command(name="it", action=program("{a}"), parameters=(Parameter(name="a", repeats=True),))
    assert problem(command) == "commands.it.run.a: a program's parameter cannot repeat"


def test_a_flag_of_a_program_says_what_stands_for_yes() -> None:
    quiet = Parameter(name="quiet", type=FlagType())
    assert problem(Command(name="it", action=program("{quiet}"), parameters=(quiet,))) == (
        "commands.it.parameters.quiet.on: a program's flag says what stands for yes; "
        'expected an element, as "-q"'
    )
    Command(name="it", action=FUNCTION, parameters=(quiet,)).check()


def test_only_the_last_parameter_may_repeat() -> None:
    parameters = (Parameter(name="a", repeats=True), Parameter(name="b"))
    assert problem(Command(name="it", action=FUNCTION, parameters=parameters)) == (
        "commands.it.parameters.a: only the last parameter may repeat"
    )


def test_a_parameter_with_a_bad_name_is_told_in_one_line() -> None:
    text = problem(Command(name="it", action=FUNCTION, parameters=(Parameter(name="a\nb"),)))
    assert text.isprintable()
    assert text.startswith("commands.it.parameters.a\\nb: a parameter's name cannot be this")


@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("timeout_seconds", (0.05, 60, 604_800)),
        ("fresh_seconds", (0, 0.5, 86_400)),
        ("linger_seconds", (0, 86_400)),
        ("output_bytes", (64, 64 * 1024 * 1024)),
        ("input_bytes", (0, 64 * 1024 * 1024)),
        ("at_once", (0, 1, 1024)),
    ],
)
def test_a_number_of_a_command_has_bounds(field: str, good: tuple[float, ...]) -> None:
    command = Command(name="it", action=program(), read_only=True)
    for number in good:
        with_number(command, field, number).check()
    bad_numbers: list[object] = [-1, math.inf, math.nan, -math.inf, good[-1] + 1, "5", True, []]
    for bad in bad_numbers:
        assert problem(with_number(command, field, bad)) == (
            f"commands.it.{field}: this number cannot be; expected 0 to {good[-1]}; found {bad!a}"
        )


def with_number(command: Command, field: str, number: object) -> Command:
    changed: dict[str, Any] = {field: number}
    return replace(command, **changed)


SHARED = Command(name="it", action=program(), read_only=True)
SECRET = Parameter(name="key", type=SecretType())


@pytest.mark.parametrize(
    ("command", "shareable"),
    [
        (SHARED, True),
        (replace(SHARED, action=FUNCTION), True),
        (replace(SHARED, action=FUNCTION, parameters=(Parameter(name="a", type=TextType()),)), True),
        (replace(SHARED, read_only=False), False),
        (replace(SHARED, takes_input=True), False),
        (replace(SHARED, action=OF_THE_CALLER), False),
        (replace(SHARED, action=program("{key}"), parameters=(SECRET,)), False),
        (replace(SHARED, action=FUNCTION, parameters=(SECRET,)), False),
    ],
)
def test_only_what_is_the_same_for_everybody_is_shared_and_given_again(
    command: Command, *, shareable: bool
) -> None:
    assert command.is_shareable is shareable
    fresh = replace(command, fresh_seconds=2.0)
    if shareable:
        fresh.check()
    else:
        assert problem(fresh) == (
            "commands.it.fresh_seconds: its answers cannot be given again; "
            "expected 0, or a read_only command without input, secrets and call"
        )


@pytest.mark.parametrize(
    ("action", "is_builtin", "places"),
    [
        (program(), True, (True, False)),
        (FUNCTION, True, (False, True)),
        (Verb.HELP, True, (False, False)),
        (program(), False, (False, False)),
        (FUNCTION, False, (False, False)),
    ],
)
def test_builtin_programs_share_places_and_a_builtin_function_has_its_own(
    action: Action, *, is_builtin: bool, places: tuple[bool, bool]
) -> None:
    command = Command(name="it", action=action, is_builtin=is_builtin)
    assert (command.has_own_places, command.has_place_of_its_own) == places
