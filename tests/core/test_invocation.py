from collections.abc import Mapping
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from doorward.core.command import Command, Function, Program, Verb
from doorward.core.errors import BadArgument, UnknownCommand
from doorward.core.invocation import bind, find_command, launch_of
from doorward.core.launch import EXECUTABLE_PATH, Launch
from doorward.core.limits import Limits
from doorward.core.nearest import nearest_name
from doorward.core.parameter import Parameter, word_of
from doorward.core.parameter_types import (
    ChoiceType,
    FlagType,
    HostnameType,
    IntegerType,
    NumberType,
    PathType,
    SecretType,
    TextType,
    Value,
)
from doorward.core.secret import Secret
from doorward.core.template import parse_element
from doorward.core.words import split_words
from tests.core.strategies import hostile_words

HOST = Parameter(name="host", type=HostnameType())
COUNT = Parameter(name="count", type=IntegerType(min=1, max=10), default=3)
QUIET = Parameter(name="quiet", type=FlagType(on="-q"))
PING = Command(
    name="ping",
    action=Program(
        "/bin/ping", tuple(parse_element(text, key="") for text in ("-c", "{count}", "{quiet}", "{host}"))
    ),
    parameters=(HOST, COUNT, QUIET),
)
PING.check()
LIMITS = Limits()


def command(*parameters: Parameter) -> Command:
    made = Command(name="it", action=Function(print, takes_call=False, is_async=False), parameters=parameters)
    made.check()
    return made


def values(words: list[str], asked: Command = PING) -> Mapping[str, Value]:
    return bind(asked, words, LIMITS).values


def refusal(words: list[str], asked: Command = PING, limits: Limits = LIMITS) -> str:
    with pytest.raises(BadArgument) as caught:
        bind(asked, words, limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.org", {"host": "a.org", "count": 3}),
        ("a.org 5", {"host": "a.org", "count": 5}),
        ("a.org 5 yes", {"host": "a.org", "count": 5, "quiet": True}),
        ("a.org count=5", {"host": "a.org", "count": 5}),
        ("count=5 a.org", {"host": "a.org", "count": 5}),
        ("count=5 a.org yes", {"host": "a.org", "count": 5, "quiet": True}),
        ("quiet=no host=a.org", {"host": "a.org", "count": 3, "quiet": False}),
        ("host=a.org 7", {"host": "a.org", "count": 7}),
        ("quiet=on a.org 7", {"host": "a.org", "count": 7, "quiet": True}),
    ],
)
def test_words_fill_what_names_have_left(line: str, expected: dict[str, Value]) -> None:
    assert values(split_words(line)) == expected


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "host: expected a host name or an IP address, got nothing"),
        ("-f", 'host: expected a host name or an IP address, got "-f"'),
        ("a.org 11", 'count: expected an integer from 1 to 10, got "11"'),
        ("a.org count=", 'count: expected an integer from 1 to 10, got ""'),
        ("a.org count=-1", 'count: expected an integer from 1 to 10, got "-1"'),
        ("a.org 5 yes more", 'expected no more words, got "more"'),
        ("a.org 5 count=6", 'quiet: expected yes or no, got "5"'),
        ("count=5 count=6 a.org", "count: expected one value, got two"),
        ("count=5 count=5 a.org", "count: expected one value, got two"),
        ("a.org cuont=5", 'expected a parameter of ping, got "cuont"; did you mean count?'),
        ("a.org Count=5", 'count: expected an integer from 1 to 10, got "Count=5"'),
        ("a.org =5", 'count: expected an integer from 1 to 10, got "=5"'),
        ("'a b'", 'host: expected a host name or an IP address, got "a b"'),
        ("''", 'host: expected a host name or an IP address, got ""'),
        ("'\"'", r'host: expected a host name or an IP address, got "\""'),
    ],
)
def test_a_person_reads_what_was_expected_and_what_came(line: str, text: str) -> None:
    assert refusal(split_words(line)) == text


def test_a_long_word_is_cut_in_the_error() -> None:
    assert refusal(["x_" * 200]) == f'host: expected a host name or an IP address, got "{"x_" * 20}..."'


def test_an_equals_sign_names_a_declared_parameter_and_nothing_else() -> None:
    text = command(Parameter(name="text"))
    assert values(["a=b"], text) == {"text": "a=b"}
    assert values(["text=text=b"], text) == {"text": "text=b"}
    assert values(["=b"], text) == {"text": "=b"}
    assert values(["text"], text) == {"text": "text"}


def test_words_that_repeat_are_never_named() -> None:
    said = command(Parameter(name="to", type=TextType()), Parameter(name="words", repeats=True))
    assert values(["a"], said) == {"to": "a", "words": ()}
    assert values(["words=x", "b", "to=a"], said) == {"to": "a", "words": ("words=x", "b")}


def test_each_word_that_repeats_is_read() -> None:
    hosts = command(Parameter(name="hosts", type=HostnameType(), repeats=True))
    assert values(["a.org", "::1"], hosts) == {"hosts": ("a.org", "::1")}
    assert refusal(["a.org", "-x"], hosts) == 'hosts: expected a host name or an IP address, got "-x"'


def test_what_may_be_absent_and_has_no_default_has_no_value() -> None:
    assert values([], command(Parameter(name="a", required=False), QUIET)) == {}


def test_a_falsy_default_is_a_default() -> None:
    asked = command(
        Parameter(name="a", type=IntegerType(), default=0),
        Parameter(name="b", type=TextType(min=0), default=""),
        Parameter(name="c", type=FlagType(), default=False),
    )
    assert values([], asked) == {"a": 0, "b": "", "c": False}


def test_a_default_path_is_inside_its_folder_too() -> None:
    logs = command(Parameter(name="file", type=PathType(within="/srv/logs"), default="daily/last"))
    invocation = bind(logs, [], LIMITS)
    assert invocation.paths == {"file": ("/srv/logs/daily/last", "/srv/logs")}
    assert invocation.shown == "it"
    assert invocation.key == bind(logs, ["daily/last"], LIMITS).key


def test_values_cannot_be_changed() -> None:
    invocation = bind(PING, ["a.org"], LIMITS)
    with pytest.raises(TypeError):
        invocation.values["host"] = "-f"  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        invocation.command = PING  # type: ignore[misc]


# Sizes


def test_as_many_words_are_taken_as_the_limit_says() -> None:
    said = command(Parameter(name="words", repeats=True))
    assert len(bind(said, ["x"] * 64, LIMITS).words) == 65
    assert refusal(["x"] * 65, said) == "expected at most 64 words, got 65"
    assert refusal(["x"] * 3, said, Limits(arguments=2)) == "expected at most 2 words, got 3"


def test_as_long_words_are_taken_as_the_limit_says() -> None:
    said = command(Parameter(name="text", type=TextType(max=10_000)))
    assert values(["x" * 4096], said)
    assert values(["é" * 2048], said)
    assert refusal(["x" * 4097], said) == "expected words of at most 4096 bytes, got one of 4097 characters"
    assert refusal(["é" * 2049], said) == "expected words of at most 4096 bytes, got one of 2049 characters"
    assert (
        refusal(["\ud800" * 2049], said) == "expected words of at most 4096 bytes, got one of 2049 characters"
    )


@given(st.lists(hostile_words, max_size=8), st.sampled_from((PING, "repeats", "secret")))
def test_only_a_bad_argument_escapes_and_its_text_is_one_short_line(words: list[str], asked: object) -> None:
    if asked == "repeats":
        asked = command(COUNT, Parameter(name="words", repeats=True))
    elif asked == "secret":
        asked = command(COUNT, Parameter(name="key", type=SecretType()))
    assert isinstance(asked, Command)
    text = "fine"
    try:
        bind(asked, words, LIMITS)
    except BadArgument as error:
        text = str(error)
    assert text.isprintable()
    assert len(text) < 700


# The words again

RICH = command(
    HOST,
    COUNT,
    Parameter(name="factor", type=NumberType(min=-5), default=1.0),
    Parameter(name="mode", type=ChoiceType(choices=("fast", "-slow", "a b")), required=False),
    QUIET,
    Parameter(name="file", type=PathType(within="/srv"), default="x"),
    Parameter(name="words", type=TextType(min=0), repeats=True),
)


@given(
    st.lists(
        st.one_of(
            hostile_words,
            st.sampled_from(
                ("count=3", "count=5", "factor=1", "factor=-0", "mode=a b", "quiet=no", "file=x", "file=y")
            ),
        ),
        max_size=10,
    )
)
def test_the_line_that_is_shown_asks_for_the_same(words: list[str]) -> None:
    try:
        invocation = bind(RICH, ["host=a.org", *words], LIMITS)
    except BadArgument:
        return
    assert invocation.words == split_words(invocation.shown)
    again = bind(RICH, invocation.words[1:], LIMITS)
    assert again.key == invocation.key


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a.org", "ping host=a.org"),
        ("a.org 3", "ping host=a.org"),
        ("a.org 5 yes", "ping host=a.org count=5 quiet=yes"),
    ],
)
def test_defaults_are_left_out_of_what_is_shown(line: str, shown: str) -> None:
    assert bind(PING, split_words(line), LIMITS).shown == shown


def test_a_default_before_words_that_repeat_is_shown_since_they_would_fill_its_place() -> None:
    assert bind(command(COUNT, Parameter(name="words", repeats=True)), ["3", "a b"], LIMITS).shown == (
        "it count=3 'a b'"
    )


# Keys

TYPED = command(
    Parameter(name="text", type=TextType(), required=False),
    Parameter(name="integer", type=IntegerType(min=-10), required=False),
    Parameter(name="number", type=NumberType(min=-10), required=False),
    Parameter(name="flag", type=FlagType(), required=False),
    Parameter(name="secret", type=SecretType(), required=False),
)
ONES = ("1", "yes", "1.0", "1e0", "01", "0", "no", "-0", "-0.0", "0.0", "x")


@given(
    *(
        st.dictionaries(
            st.sampled_from(("text", "integer", "number", "flag", "secret")), st.sampled_from(ONES)
        ),
    )
    * 2
)
def test_invocations_have_one_key_exactly_when_they_do_the_same(
    one: dict[str, str], two: dict[str, str]
) -> None:
    invocations = []
    for words in (one, two):
        try:
            invocations.append(bind(TYPED, [f"{name}={word}" for name, word in words.items()], LIMITS))
        except BadArgument:
            assume(False)
    first, second = (
        {
            name: (type(value), word_of(value))
            for name, value in invocation.values.items()
            if value is not False
        }
        for invocation in invocations
    )
    assert (invocations[0].key == invocations[1].key) == (first == second)
    assert len({invocation.key for invocation in invocations}) == (1 if first == second else 2)


def test_the_order_in_which_values_were_said_is_not_in_the_key() -> None:
    assert bind(PING, ["count=5", "a.org"], LIMITS).key == bind(PING, ["a.org", "5"], LIMITS).key


def test_a_default_that_is_said_gives_the_key_of_one_that_is_not() -> None:
    assert bind(PING, ["a.org", "3"], LIMITS).key == bind(PING, ["a.org"], LIMITS).key


def test_a_flag_that_is_off_gives_the_key_of_one_that_is_absent() -> None:
    assert bind(PING, ["a.org", "quiet=no"], LIMITS).key == bind(PING, ["a.org"], LIMITS).key
    assert bind(PING, ["a.org", "quiet=yes"], LIMITS).key != bind(PING, ["a.org"], LIMITS).key


def test_two_commands_have_two_keys() -> None:
    other = Command(name="gnip", action=PING.action, parameters=PING.parameters)
    assert bind(PING, ["a.org"], LIMITS).key != bind(other, ["a.org"], LIMITS).key


def test_words_that_repeat_are_told_apart_from_one_that_holds_them() -> None:
    said = command(Parameter(name="words", repeats=True))
    assert bind(said, ["a b"], LIMITS).key != bind(said, ["a", "b"], LIMITS).key


# Finding a command

COMMANDS = dict.fromkeys(("df", "uptime", "whoami", "echo", "help"), PING)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("uptme", "uptime"), ("UPTIME", ""), ("hlep", "help"), ("d", "df"), ("", ""), ("zzz", "")],
)
def test_an_unknown_name_may_have_a_near_one(name: str, nearest: str) -> None:
    assert nearest_name(name, COMMANDS) == nearest
    with pytest.raises(UnknownCommand) as caught:
        find_command(COMMANDS, name)
    hint = f"; did you mean {nearest}?" if nearest else ""
    assert str(caught.value) == f"there is no command {name!r}{hint}"


def test_a_known_name_is_found_letter_for_letter() -> None:
    assert find_command(COMMANDS, "df") is PING
    for name in ("df ", "DF", "df\n", "d\u0192"):
        with pytest.raises(UnknownCommand):
            find_command(COMMANDS, name)


def test_a_name_without_end_is_compared_by_its_start() -> None:
    assert nearest_name("x" * 8192, [*COMMANDS, "x" * 64]) == "x" * 64


# Launches


def launch(words: list[str], asked: Command = PING, limits: Limits = LIMITS) -> Launch:
    assert isinstance(asked.action, Program)
    return launch_of(bind(asked, words, limits), asked.action, limits)


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("a.org", ("/bin/ping", "-c", "3", "a.org")),
        ("a.org quiet=yes", ("/bin/ping", "-c", "3", "-q", "a.org")),
        ("a.org quiet=no", ("/bin/ping", "-c", "3", "a.org")),
        ("::1 007", ("/bin/ping", "-c", "7", "::1")),
    ],
)
def test_a_line_is_this_vector(line: str, argv: tuple[str, ...]) -> None:
    assert launch(split_words(line)).argv == argv


def test_the_environment_is_ours_and_what_was_declared() -> None:
    program = Program(
        "/bin/env", home="/var/lib/x", environment={"A": "b"}, user="nobody", resources={"nofile": 64}
    )
    made = launch([], Command(name="env", action=program, takes_input=True), Limits(grace_seconds=1.5))
    assert made.environment == {"PATH": EXECUTABLE_PATH, "LANG": "C.UTF-8", "HOME": "/var/lib/x", "A": "b"}
    assert (made.user, dict(made.resources), made.folder) == ("nobody", {"nofile": 64}, "/")
    assert (made.takes_input, made.grace_seconds, made.unkillable_seconds) == (True, 1.5, 5.0)


def test_secrets_are_descriptors_in_the_order_of_their_declaration() -> None:
    names = ("one", "two", "three")
    asked = Command(
        name="it",
        action=Program("/bin/it", tuple(parse_element(f"{{{name}}}", key="") for name in reversed(names))),
        parameters=tuple(Parameter(name=name, type=SecretType(), required=False) for name in names),
    )
    made = launch(["three=é", "one=-a"], asked)
    assert made.argv == ("/bin/it", "/dev/fd/4", "/dev/fd/3")
    assert made.secrets == (b"-a", "é".encode())


def test_a_path_that_was_followed_takes_the_place_of_the_one_that_was_said() -> None:
    asked = Command(
        name="cat",
        action=Program("/bin/cat", (parse_element("{file}", key=""),)),
        parameters=(Parameter(name="file", type=PathType(within="/srv")),),
    )
    invocation = bind(asked, ["link"], LIMITS)
    assert invocation.paths == {"file": ("/srv/link", "/srv")}
    followed = invocation.with_values({"file": "/srv/real"})
    assert isinstance(asked.action, Program)
    assert launch_of(followed, asked.action, LIMITS).argv == ("/bin/cat", "/srv/real")
    assert invocation.values["file"] == "/srv/link"


def test_a_verb_takes_words_too() -> None:
    echo = Command(name="echo", action=Verb.ECHO, parameters=(Parameter(name="words", repeats=True),))
    assert bind(echo, ["a", "b"], LIMITS).values == {"words": ("a", "b")}


def test_a_secret_that_repeats_in_a_line_counts_once() -> None:
    asked = command(Parameter(name="key", type=SecretType()))
    assert values(["key=a"], asked) == {"key": Secret("a")}
    assert refusal(["key=a", "key=b"], asked) == "key: expected one value"
    assert refusal(["a", "b"], asked) == "expected no more words"
