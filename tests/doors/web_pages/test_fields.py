"""A command's parameters as inputs, and what comes back from them."""

import pytest

from doorward.core.command import Command, Verb
from doorward.core.errors import BadArgument
from doorward.core.parameter import Parameter
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
from doorward.doors.web.pages.english import ENGLISH
from doorward.doors.web.pages.fields import Field, form_of, said_of
from doorward.doors.web.pages.french import FRENCH


def command(*parameters: Parameter) -> Command:
    return Command(name="made-up", action=Verb.ECHO, parameters=parameters)


def field(kind: ParameterType) -> Field:
    (found,) = form_of(command(Parameter(name="value", type=kind)), ENGLISH).fields
    return found


@pytest.mark.parametrize(
    ("kind", "input_kind", "attributes"),
    [
        (TextType(min=2, max=9), "text", {"pattern": r"(?!-)[\s\S]{2,9}"}),
        (IntegerType(min=-3, max=9), "number", {"min": "-3", "max": "9", "step": "1"}),
        (IntegerType(), "number", {"min": "0", "step": "1"}),
        (NumberType(min=0.5), "number", {"min": "0.5", "step": "any"}),
        (PortType(), "number", {"min": "1", "max": "65535", "step": "1"}),
        (ChoiceType(choices=("a", "b")), "select", {}),
        (FlagType(on="-x"), "checkbox", {}),
        (HostnameType(), "text", {"maxlength": "253", "inputmode": "url"}),
        (AddressType(), "text", {"maxlength": "45"}),
        (PathType(within="/srv"), "text", {"pattern": r"(?!-)[\s\S]{1,1024}"}),
        (PatternType(pattern="[a-z]{1,3}_[0-9]+"), "text", {"pattern": "[a-z]{1,3}_[0-9]+"}),
        (PatternType(pattern=r"\d+"), "text", {}),
        (PatternType(pattern="(?i)abc"), "text", {}),
        (PatternType(pattern="[^a]"), "text", {}),
        (SecretType(), "password", {}),
    ],
)
def test_an_input_says_what_a_browser_can_be_told_truthfully(
    kind: ParameterType, input_kind: str, attributes: dict[str, str]
) -> None:
    found = field(kind)
    assert (found.kind, found.attributes) == (input_kind, attributes)
    assert found.is_required == (not isinstance(kind, FlagType))


def test_a_fresh_form_has_the_defaults_and_a_flag_that_is_usually_on_can_be_off() -> None:
    asked = command(
        Parameter(name="count", type=IntegerType(), default=3),
        Parameter(name="loud", type=FlagType(on="-l"), default=True),
        Parameter(name="words", type=PatternType(pattern=".*"), repeats=True, default=("a", "b")),
    )
    count, loud, words = form_of(asked, ENGLISH).fields
    assert (count.value, count.is_required) == ("3", False)
    assert (loud.kind, loud.value) == ("switch", "yes")
    assert (words.kind, words.values) == ("lines", ("a", "b"))


def test_a_form_that_comes_back_keeps_all_but_secrets_and_marks_the_first_fault() -> None:
    asked = command(
        Parameter(name="who"),
        Parameter(name="count", type=IntegerType(max=9)),
        Parameter(name="key", type=SecretType(min=4)),
    )
    said = said_of(asked, [("who", "ann"), ("count", "12"), ("key", "abc"), ("odd", "1")])
    assert said == {"who": ["ann"], "count": ["12"], "key": ["abc"], "odd": ["1"]}
    problems = (
        BadArgument("count", "an integer from 0 to 9", '"12"'),
        BadArgument("key", "a secret of 4 to 1024 characters"),
        BadArgument("", "a parameter of made-up", '"odd"'),
    )
    form = form_of(asked, ENGLISH, said=said, problems=problems)
    who, count, key = form.fields
    assert form.is_wrong
    assert form.errors == ('It has no such parameter: "odd".',)
    assert (who.value, who.error, who.is_first_wrong) == ("ann", "", False)
    assert count.error == 'Expected a whole number from 0 to 9, but got "12".'
    assert count.is_first_wrong
    assert (key.values, key.is_first_wrong) == ((), False)
    assert "abc" not in repr(form)
    assert form_of(asked, FRENCH, said=said, problems=problems).fields[1].error == (
        'Attendu : un nombre entier de 0 à 9 ; reçu : "12".'
    )


def test_an_empty_input_says_nothing_unless_it_has_to_be_empty() -> None:
    asked = command(
        Parameter(name="a", type=TextType(min=0)),
        Parameter(name="b", required=False),
        Parameter(name="c", type=PatternType(pattern=".*"), repeats=True),
    )
    assert said_of(asked, [("a", ""), ("b", ""), ("c", "one\r\n\r\ntwo")]) == {
        "a": [""],
        "b": [],
        "c": ["one", "two"],
    }
