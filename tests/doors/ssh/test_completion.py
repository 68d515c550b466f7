"""What may stand next on a line."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.builtin_commands import verb_commands
from doorward.core.command import Command, Verb
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType, IntegerType, TextType
from doorward.doors.ssh.completion import candidates, word_begun

PICK = Command(
    name="pick",
    summary="Say a colour",
    action=Verb.ECHO,
    parameters=(
        Parameter(name="colour", type=ChoiceType(choices=("red", "green"))),
        Parameter(name="count", type=IntegerType(), summary="How often"),
        Parameter(name="words", type=TextType(), repeats=True, default=()),
    ),
)
COMMANDS = {command.name: command for command in (*verb_commands(), PICK)}


def words(before: str) -> list[str]:
    return [candidate.word for candidate in candidates(COMMANDS, before)]


def test_a_command_s_name_comes_first_and_after_help() -> None:
    assert words("pi") == ["pick"]
    assert words("help pi") == ["pick"]
    assert words("") == sorted(COMMANDS)
    assert words("nothing ") == []


def test_choices_and_names_of_parameters_that_are_left_come_next() -> None:
    assert words("pick ") == ["red", "green", "colour=", "count="]
    assert words("pick r") == ["red"]
    assert words("pick red ") == ["count="]
    assert words("pick count=1 ") == ["red", "green", "colour="]
    assert words("pick colour=g") == ["colour=green"]
    assert words("pick red 1 ") == []


def test_a_dash_asks_for_options() -> None:
    assert words("pick -") == ["--colour", "--count"]
    assert words("pick --co") == ["--colour", "--count"]
    assert words("pick --colour ") == ["red", "green"]
    assert words("pick --colour r") == ["red"]
    assert words("pick --colour=g") == ["--colour=green"]
    assert words("pick --colour red --") == ["--count"]
    assert words("pick --count ") == []
    assert words("pick -- ") == ["red", "green"]
    assert words("pick -- -") == []


def test_no_option_is_offered_where_dashes_are_words() -> None:
    assert words("echo -") == []


def test_a_word_in_an_open_quote_has_none() -> None:
    assert words("pick 'a ") == []


def test_what_is_begun_is_the_last_word() -> None:
    assert word_begun("pick re") == "re"
    assert word_begun("pick ") == ""


@given(st.text(max_size=40))
def test_no_line_raises(before: str) -> None:
    assert all(word.startswith(word_begun(before)) for word in words(before))
