import math
import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import BadArgument, CatalogueError
from doorward.core.parameter import Parameter, has_control_characters, shown, word_of
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
    Value,
)
from doorward.core.secret import Secret
from tests.core.strategies import any_text, awkward_text


@pytest.mark.parametrize("name", ["a", "host", "host_name", "a1", "a" * 32])
def test_a_name_that_can_stand_on_a_line_is_taken(name: str) -> None:
    Parameter(name=name).check(key="k")


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "_a", "a-b", "a b", "a=b", "é", "a\n", "a" * 33, "a.b", "-a"]
)
def test_a_name_that_cannot_is_refused(name: str) -> None:
    with pytest.raises(
        CatalogueError, match=r"^k: a parameter's name cannot be this; expected a-z"
    ) as caught:
        Parameter(name=name).check(key="k")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        (TextType(), "a", "a"),
        (IntegerType(), 5, 5),
        (NumberType(), 5, 5.0),
        (FlagType(), False, False),
        (FlagType(on="-q"), True, True),
        (PathType(within="/srv"), "logs", "/srv/logs"),
        (PathType(within="/srv"), ".", "/srv"),
        (AddressType(), "2001:DB8::0", "2001:db8::"),
        (PortType(), 22, 22),
        (PatternType(pattern="-x"), "-x", "-x"),
        (ChoiceType(choices=("-a",)), "-a", "-a"),
        (TextType(), None, None),
    ],
)
def test_a_default_is_what_its_word_would_be_read_as(
    kind: ParameterType, default: Value, value: Value
) -> None:
    parameter = Parameter(name="it", type=kind, default=default)
    parameter.check(key="k")
    assert parameter.default_value == value
    assert type(parameter.default_value) is type(value)


@pytest.mark.parametrize(
    ("kind", "default", "found"),
    [
        (TextType(), "", '""'),
        (TextType(), "-x", '"-x"'),
        (TextType(), 5, '"5"'),
        (TextType(), [], '"[]"'),
        (IntegerType(min=1, max=3), 4, '"4"'),
        (IntegerType(), -1, '"-1"'),
        (IntegerType(), True, '"True"'),
        (IntegerType(), 2.5, '"2.5"'),
        (NumberType(), math.nan, '"nan"'),
        (NumberType(), math.inf, '"inf"'),
        (PathType(within="/srv"), "../etc", '"../etc"'),
        (HostnameType(), "a_b", '"a_b"'),
    ],
)
def test_a_default_that_its_type_refuses_is_an_error(
    kind: ParameterType, default: object, found: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        Parameter(name="it", type=kind, default=cast("Value", default)).check(key="k")
    assert str(caught.value) == (
        f"k.default: the default is not of the type; expected {kind.expected}; found {found}"
    )


@pytest.mark.parametrize(
    "kind", [TextType(), HostnameType(), AddressType(), ChoiceType(choices=("a",)), PatternType(pattern="a")]
)
def test_texts_may_repeat(kind: ParameterType) -> None:
    Parameter(name="it", type=kind, repeats=True).check(key="k")


@pytest.mark.parametrize(
    "kind", [IntegerType(), NumberType(), PortType(), FlagType(), SecretType(), PathType(within="/srv")]
)
def test_what_would_not_arrive_as_its_type_may_not_repeat(kind: ParameterType) -> None:
    with pytest.raises(
        CatalogueError, match=f"^k: a parameter of type {kind.type_name} cannot repeat; expected"
    ):
        Parameter(name="it", type=kind, repeats=True).check(key="k")


@pytest.mark.parametrize(
    ("parameter", "required"),
    [
        (Parameter(name="a"), True),
        (Parameter(name="a", required=False), False),
        (Parameter(name="a", default="x"), False),
        (Parameter(name="a", type=IntegerType(), default=0), False),
        (Parameter(name="a", type=TextType(min=0), default=""), False),
        (Parameter(name="a", type=FlagType()), False),
        (Parameter(name="a", repeats=True), False),
        (Parameter(name="a", type=SecretType()), True),
    ],
)
def test_it_is_required_when_nothing_else_fills_it(parameter: Parameter, required: bool) -> None:  # noqa: FBT001
    assert parameter.is_required is required


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (True, "yes"), (False, "no"), (1, "1"), (0, "0"), (1.0, "1"), ("a b", "a b"), (("a", "b"), "a b"),
        (Secret("x"), "x"),
    ],
)  # fmt: skip
def test_a_value_has_this_word(value: Value, word: str) -> None:
    assert word_of(value) == word


@given(st.one_of(any_text, awkward_text, st.text(alphabet="\U0010ffff\ud800é\n", min_size=50)))
def test_what_is_shown_of_a_word_is_short_printable_ascii_in_quotes(word: str) -> None:
    text = shown(word)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 2 + 3 + 40 * 10
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', text)


@given(
    st.text(
        alphabet=st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=40
    )
)
def test_plain_words_are_shown_as_they_are(word: str) -> None:
    assert shown(word) == f'"{word}"'


@given(st.text())
def test_a_text_without_controls_is_shown_by_some_terminal(text: str) -> None:
    assert has_control_characters(text) == any(has_control_characters(character) for character in text)
    if text.isprintable():
        assert not has_control_characters(text)


@pytest.mark.parametrize("text", ["", "plain", "é", "日本語", "\U0001f600", "a\xa0b", "a\u200db", "\u2212"])
def test_what_people_write_is_no_control_character(text: str) -> None:
    assert not has_control_characters(text)


def test_the_error_of_a_word_with_a_control_character_says_so() -> None:
    with pytest.raises(BadArgument) as caught:
        Parameter(name="host", type=HostnameType()).read("a\x1b[31m")
    assert str(caught.value) == (
        r'host: expected a host name or an IP address, without control characters, got "a\x1b[31m"'
    )
