"""`--name` on a line: what it may set, and that it lets nothing else through."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.builtin_commands import verb_commands
from doorward.core.command import Command, Function, Program
from doorward.core.errors import BadArgument
from doorward.core.invocation import bind, launch_of
from doorward.core.limits import Limits
from doorward.core.named_words import option_of, sort_words, takes_options
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import (
    ChoiceType,
    FlagType,
    IntegerType,
    NumberType,
    ParameterType,
    PatternType,
    SecretType,
    Value,
)
from doorward.core.secret import Secret
from doorward.core.template import parse_element
from doorward.core.words import split_words
from tests.core.strategies import ALL_TYPES, hostile_words

LIMITS = Limits()


def made(*parameters: Parameter) -> Command:
    command = Command(
        name="it", action=Function(print, takes_call=False, is_async=False), parameters=parameters
    )
    command.check()
    return command


LIST = made(
    Parameter(name="what", type=ChoiceType(choices=("list", "show")), default="list"),
    Parameter(name="word", required=False),
    Parameter(name="least_score", type=NumberType(max=10), required=False),
    Parameter(name="days", type=IntegerType(min=-10), required=False),
    Parameter(name="kev", type=FlagType()),
)


def values(line: str, command: Command = LIST) -> dict[str, Value]:
    return dict(bind(command, split_words(line), LIMITS).values)


def refusal(line: str, command: Command = LIST) -> str:
    with pytest.raises(BadArgument) as caught:
        bind(command, split_words(line), LIMITS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("--kev", "kev=yes"),
        ("list --kev", "list kev=yes"),
        ("--kev=no show", "show kev=no"),
        ("--word x", "word=x"),
        ("--word=x=y", "word=x=y"),
        ("--word a=b", "word=a=b"),
        ("--least-score 7", "least_score=7"),
        ("--least_score=7", "least_score=7"),
        ("--word x list --kev 7.5", "what=list word=x kev=yes least_score=7.5"),
        ("--days -5", "days=-5"),
        ("--what show x", "what=show word=x"),
        ("list x 7 -5", "what=list word=x least_score=7 days=-5"),
    ],
)
def test_an_option_is_another_way_to_say_a_name(line: str, same: str) -> None:
    assert bind(LIST, split_words(line), LIMITS).key == bind(LIST, split_words(same), LIMITS).key


def test_nothing_is_named_behind_two_dashes() -> None:
    assert values("--kev -- list word=x") == {"what": "list", "word": "word=x", "kev": True}
    assert values("--") == {"what": "list"}
    assert refusal("list -- --kev") == (
        'word: expected a text of 1 to 256 characters that does not begin with a dash, got "--kev"'
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--kve", 'expected a parameter of it, got "--kve"; did you mean --kev?'),
        ("--least-scor 5", 'expected a parameter of it, got "--least-scor"; did you mean --least-score?'),
        ("--kve=yes", 'expected a parameter of it, got "--kve"; did you mean --kev?'),
        ("--least-score", "least_score: expected a number from 0 to 10, got nothing"),
        ("--least-score 11", 'least_score: expected a number from 0 to 10, got "11"'),
        ("--kev=perhaps", 'kev: expected yes or no, got "perhaps"'),
        ("--kev=", 'kev: expected yes or no, got ""'),
        ("--kev --kev", "kev: expected one value, got two"),
        ("--kev kev=yes", "kev: expected one value, got two"),
        ("--kev yes", 'what: expected one of list, show, got "yes"'),
        ("--days --kev", 'days: expected an integer of at least -10, got "--kev"'),
        ("-kev", 'what: expected one of list, show, got "-kev"'),
        ("---kev", 'what: expected one of list, show, got "---kev"'),
        ("--KEV", 'what: expected one of list, show, got "--KEV"'),
        ("--=x", 'what: expected one of list, show, got "--=x"'),
        (
            "--word --kev",
            'word: expected a text of 1 to 256 characters that does not begin with a dash, got "--kev"',
        ),
    ],
)
def test_what_is_no_option_is_refused_as_ever(line: str, text: str) -> None:
    assert refusal(line) == text


@pytest.mark.parametrize(
    "kind",
    [PatternType(pattern=".*"), SecretType(), ChoiceType(choices=("--all", "x"))],
    ids=lambda kind: kind.type_name,
)
def test_a_word_that_may_have_dashes_stays_a_word(kind: ParameterType) -> None:
    command = made(Parameter(name="kev", type=FlagType()), Parameter(name="all", type=kind))
    assert not takes_options(command.parameters)
    word = "--all"
    said = values(f"kev=no {word}", command)["all"]
    assert (said.revealed if isinstance(said, Secret) else said) == word
    assert refusal("--kev x", command).startswith("kev: expected yes or no")


def test_what_echo_says_again_keeps_its_dashes() -> None:
    echo = next(command for command in verb_commands() if command.name == "echo")
    words = ["--words", "--", "--words=x", "-n"]
    assert bind(echo, words, LIMITS).values == {"words": tuple(words)}


def test_words_that_repeat_are_named_by_no_option() -> None:
    command = made(Parameter(name="kev", type=FlagType()), Parameter(name="words", repeats=True))
    assert values("--kev a b", command) == {"kev": True, "words": ("a", "b")}
    assert values("--kev -- kev=no b", command) == {"kev": True, "words": ("kev=no", "b")}
    assert "that does not begin with a dash" in refusal("--kev --words=x", command)


def test_each_built_in_says_its_options_as_it_says_its_names() -> None:
    for command in verb_commands():
        if takes_options(command.parameters):
            for parameter in command.parameters:
                sorted_words = sort_words(command.parameters, [option_of(parameter), "x"])
                assert [each.parameter for each in sorted_words.named] == [parameter]


# Any line

parameters = st.lists(
    st.builds(
        Parameter,
        name=st.sampled_from(("a", "b_c", "host", "x")),
        type=st.sampled_from(ALL_TYPES),
        required=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda each: each.name,
)
option_words = st.one_of(
    st.sampled_from(
        ("--a", "--b-c", "--b_c", "--host", "--x", "--a=1", "--b-c=x", "--x=-v", "--", "---a", "--x=--x")
    ),
    st.builds("--{}={}".format, st.sampled_from(("a", "b-c", "x")), hostile_words),
    st.builds("{}={}".format, st.sampled_from(("a", "b_c", "x")), hostile_words),
    hostile_words,
)
lines = st.lists(option_words, max_size=8)


def values_without_options(declared: Sequence[Parameter], words: Sequence[str]) -> dict[str, Value] | None:
    """What a line meant before there were options, of parameters none of which repeats or has a default."""
    by_name = {parameter.name: parameter for parameter in declared}
    found: dict[str, Value] = {}
    free: list[str] = []
    try:
        for word in words:
            name, equals, value = word.partition("=")
            if equals and name in by_name:
                if name in found:
                    return None
                found[name] = by_name[name].read(value)
            else:
                free.append(word)
        for parameter in declared:
            if parameter.name not in found and free:
                found[parameter.name] = parameter.read(free.pop(0))
    except BadArgument:
        return None
    return None if free or any(each.is_required and each.name not in found for each in declared) else found


@given(parameters, lines)
def test_whatever_was_understood_without_options_means_the_same(
    declared: list[Parameter], words: list[str]
) -> None:
    before = values_without_options(declared, words)
    if before is not None:
        assert dict(bind(made(*declared), words, LIMITS).values) == before


@given(parameters, lines)
def test_no_value_is_one_that_its_type_refuses(declared: list[Parameter], words: list[str]) -> None:
    try:
        found = bind(made(*declared), words, LIMITS).values
    except BadArgument:
        return
    by_name = {parameter.name: parameter for parameter in declared}
    for name, value in found.items():
        parameter = by_name[name]
        said = {word.partition("=")[2] for word in words} | {*words} | {"yes"}
        read = []
        for word in said:
            try:
                read.append(parameter.read(word))
            except BadArgument:
                continue
        assert value in read


@given(parameters, lines)
def test_no_dash_of_an_option_gets_into_a_vector(declared: list[Parameter], words: list[str]) -> None:
    if not takes_options(declared):
        return
    elements = tuple(parse_element(f"{{{each.name}}}", key="k") for each in declared)
    command = Command(name="it", action=Program("/bin/it", elements), parameters=tuple(declared))
    try:
        invocation = bind(command, words, LIMITS)
    except BadArgument:
        return
    assert isinstance(command.action, Program)
    argv = launch_of(invocation, command.action, LIMITS).argv
    assert len(argv) <= 1 + len(declared)
    assert not any(element.startswith("--") for element in argv)
    # the keeper's own: a negative number, a choice and what a flag stands for
    may_have_a_dash = {"-x", "-q"}
    assert all(
        not element.startswith("-") or element in may_have_a_dash or float(element) < 0 for element in argv
    )


@given(parameters, lines)
def test_what_is_shown_of_a_line_with_options_asks_for_the_same(
    declared: list[Parameter], words: list[str]
) -> None:
    command = made(*declared)
    try:
        invocation = bind(command, words, LIMITS)
    except BadArgument:
        return
    if not any(isinstance(value, Secret) for value in invocation.values.values()):
        assert bind(command, split_words(invocation.shown)[1:], LIMITS).key == invocation.key
