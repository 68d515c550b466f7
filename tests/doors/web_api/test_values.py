"""Values of JSON to words, and what a schema says of them before they are sent."""

import re
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.command import Command, Verb
from doorward.core.invocation import Invocation, bind_values
from doorward.core.limits import Limits
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
from doorward.doors.web.api.schemas import parameters_schema
from doorward.doors.web.api.values import words_of
from doorward.doors.web.problems import Problem

LIMITS = Limits()

KINDS: tuple[ParameterType, ...] = (
    TextType(min=2, max=5),
    IntegerType(min=-5, max=300),
    IntegerType(),
    NumberType(min=-1.5),
    NumberType(max=9),
    ChoiceType(choices=("a", "-b", "é")),
    FlagType(on="-q"),
    HostnameType(),
    AddressType(),
    PortType(min=7, max=5000),
    PathType(within="/srv", max=20),
    PatternType(pattern="[a-f]+(?:-[0-9])?", max=6),
    PatternType(pattern=r"\d+"),
    SecretType(max=8),
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-10, 400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text("abcdef-0123456789./:é", max_size=8)
    | st.ip_addresses().map(str)
    | st.sampled_from(
        ["example.org", "example.org.", "a", "-b", "é", "127.1", "::1", "12", "x y", "/srv/a", "/etc"]
    )
)


def command(kind: ParameterType, *, repeats: bool = False) -> Command:
    return Command(
        name="x", action=Verb.ECHO, parameters=(Parameter(name="value", type=kind, repeats=repeats),)
    )


def takes(of: Command, value: Any) -> bool:
    """Whether the server takes it."""
    raw = msgspec.json.decode(msgspec.json.encode({"value": value}), type=dict[str, msgspec.Raw])
    try:
        said = words_of(of, raw, LIMITS)
    except Problem as problem:
        assert problem.status in {400, 422}  # noqa: PT017 - what comes out besides is a defect
        return False
    return isinstance(bind_values(of, said, LIMITS), Invocation)


@pytest.mark.parametrize("kind", KINDS)
@given(value=SCALARS)
def test_a_schema_refuses_nothing_that_the_server_takes(kind: ParameterType, value: Any) -> None:
    of = command(kind)
    if takes(of, value):
        jsonschema_rs.validate(parameters_schema(of, LIMITS), {"value": value}, validate_formats=True)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not isinstance(kind, PathType)])
@given(value=SCALARS)
def test_the_server_refuses_little_that_a_schema_takes(kind: ParameterType, value: Any) -> None:
    of = command(kind)
    if not jsonschema_rs.is_valid(parameters_schema(of, LIMITS), {"value": value}, validate_formats=True):
        return
    # what only words can say: patterns that JavaScript lacks, and numbers of many digits
    is_said_in_words = isinstance(kind, PatternType | NumberType) or value in {"example.org", "a"}
    assert takes(of, value) or is_said_in_words


@given(values=st.lists(st.text("abc", max_size=3), max_size=70))
def test_what_repeats_is_an_array(values: list[str]) -> None:
    of = command(PatternType(pattern=".*"), repeats=True)
    is_valid = jsonschema_rs.is_valid(parameters_schema(of, LIMITS), {"value": values})
    assert is_valid is takes(of, values)
    assert not takes(of, "abc")
    assert not takes(of, [1])


def test_a_type_is_told_beside_what_is_wrong_with_others() -> None:
    of = Command(
        name="x",
        action=Verb.ECHO,
        parameters=(Parameter(name="a", type=IntegerType()), Parameter(name="b", type=IntegerType(max=5))),
    )
    with pytest.raises(Problem, match=re.escape("a: expected a JSON integer")) as raised:
        words_of(of, {"a": msgspec.Raw(b'"1"'), "b": msgspec.Raw(b"6")}, LIMITS)
    told = msgspec.convert(raised.value.members["errors"], list[dict[str, str]])
    assert [each["parameter"] for each in told] == ["a", "b"]
