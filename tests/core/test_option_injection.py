"""An attack class: a word that becomes an option, or another element, of the program it is handed to."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from doorward.core.command import Command, Program
from doorward.core.errors import BadArgument
from doorward.core.invocation import bind, launch_of
from doorward.core.launch import Launch
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType, ParameterType, SecretType, TextType
from doorward.core.template import parse_element
from tests.core.strategies import ALL_TYPES, TYPES_WITH_A_DASH, TYPES_WITHOUT_A_DASH, hostile_words


def command_with(kind: ParameterType, *elements: str) -> Command:
    command = Command(
        name="it",
        action=Program("/bin/it", tuple(parse_element(element, key="k") for element in elements)),
        parameters=(Parameter(name="x", type=kind), Parameter(name="y", type=TextType(), default="last")),
    )
    command.check()
    return command


def launch(command: Command, words: list[str]) -> Launch:
    assert isinstance(command.action, Program)
    return launch_of(bind(command, words, Limits()), command.action, Limits())


AROUND = ("-c", "3", "{x}", "--name={x}", "--", "{y}", "{{x}}")


@given(st.sampled_from(ALL_TYPES), hostile_words, st.booleans())
@example(TextType(), "-rf", False)
@example(TextType(), "a -rf /", False)
@example(TextType(), "y=-rf", False)
@example(TextType(), "x=-rf", False)
@example(SecretType(), "-rf", True)
def test_a_word_changes_its_own_element_alone(kind: ParameterType, word: str, by_name: bool) -> None:  # noqa: FBT001
    command = command_with(kind, *AROUND)
    assume(by_name or not word.startswith("y="))
    try:
        argv = launch(command, [f"x={word}" if by_name else word]).argv
    except BadArgument:
        return
    if isinstance(kind, FlagType) and len(argv) == 1 + len(AROUND) - 2:
        assert argv == ("/bin/it", "-c", "3", "--", "last", "{x}")
        return
    assert len(argv) == 1 + len(AROUND)
    filled = argv[3]
    assert argv == ("/bin/it", "-c", "3", filled, f"--name={filled}", "--", "last", "{x}")
    if kind not in TYPES_WITH_A_DASH:
        assert not filled.startswith("-")


@given(
    st.sampled_from(TYPES_WITHOUT_A_DASH), st.sampled_from(TYPES_WITHOUT_A_DASH), hostile_words, hostile_words
)
def test_two_words_in_one_element_make_no_option(
    first: ParameterType, second: ParameterType, word: str, other: str
) -> None:
    command = Command(
        name="it",
        action=Program("/bin/it", (parse_element("{x}{y}", key="k"),)),
        parameters=(Parameter(name="x", type=first), Parameter(name="y", type=second)),
    )
    try:
        argv = launch(command, [f"x={word}", f"y={other}"]).argv
    except BadArgument:
        return
    assert len(argv) <= 2
    assert not any(element.startswith("-") for element in argv)


@given(st.lists(hostile_words, max_size=6))
def test_no_line_makes_more_elements_than_were_declared(words: list[str]) -> None:
    command = command_with(TextType(min=0), *AROUND)
    try:
        argv = launch(command, words).argv
    except BadArgument:
        return
    assert len(argv) == 1 + len(AROUND)
    assert [element for element in argv if element.startswith("-")] == ["-c", f"--name={argv[3]}", "--"]


@given(hostile_words)
def test_no_word_reaches_the_environment_the_folder_or_the_user(word: str) -> None:
    command = command_with(TextType(min=0), *AROUND)
    try:
        made = launch(command, [f"x={word}"])
    except BadArgument:
        return
    usual = launch(command, ["x=usual"])
    assert (made.environment, made.folder, made.user) == (usual.environment, usual.folder, usual.user)
    assert (made.resources, made.secrets, made.takes_input) == (usual.resources, (), False)


@pytest.mark.parametrize("kind", TYPES_WITH_A_DASH[:3])
def test_a_dash_that_was_declared_is_let_through(kind: ParameterType) -> None:
    word = "-x" if kind == TYPES_WITH_A_DASH[2] else "-5"
    assert launch(command_with(kind, *AROUND), [word]).argv[3] == word


def test_a_flag_stands_as_it_was_declared_or_not_at_all() -> None:
    command = command_with(FlagType(on="--quiet"), "{x}", "{y}")
    assert launch(command, ["yes"]).argv == ("/bin/it", "--quiet", "last")
    assert launch(command, ["no"]).argv == ("/bin/it", "last")
    assert launch(command, []).argv == ("/bin/it", "last")
