"""Scripts read from text, and what is told of those that cannot be played."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.script import (
    Branch,
    EndSide,
    Exit,
    Expect,
    ExpectEnd,
    Goto,
    Label,
    Script,
    ScriptError,
    Send,
    SendSecret,
)
from doorward.clients.talk.script_reading import compiled, parse_script

ALL = """\
# everything that there is
timeout 2.5

expect ^220\x20
label again
send EHLO\x20me
send
send-raw \\x00
expect ^250\x20
or ^4..
  # try again
  send NOOP
  expect OK
  goto again
or ^5
\texit 7
send-secret the password
send-secret-env TOKEN
end
expect-end
"""


def test_every_step_is_read() -> None:
    assert parse_script(ALL, file="x.talk") == Script(
        seconds=2.5,
        steps=(
            Expect((Branch(compiled("^220 ")),), 4),
            Label("again"),
            Send(b"EHLO me"),
            Send(b""),
            Send(b"\0", is_line=False),
            Expect(
                (
                    Branch(compiled("^250 ")),
                    Branch(
                        compiled("^4.."),
                        (Send(b"NOOP"), Expect((Branch(compiled("OK")),), 13), Goto("again")),
                    ),
                    Branch(compiled("^5"), (Exit(7),)),
                ),
                9,
            ),
            SendSecret(file="the password"),
            SendSecret(variable="TOKEN"),
            EndSide(),
            ExpectEnd(),
        ),
    )


def test_secrets_are_found_wherever_they_stand() -> None:
    script = parse_script("expect a\n  send-secret b\nsend-secret-env C\n", file="x")
    assert list(script.secrets()) == [SendSecret(file="b"), SendSecret(variable="C")]


def test_lines_may_end_with_cr_lf() -> None:
    assert parse_script("expect a\r\nsend b\r\n", file="x") == parse_script("expect a\nsend b\n", file="x")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 0, "there is no step in it"),
        ("# nothing\n", 0, "there is no step in it"),
        ("send a\nexpct b\n", 2, "'expct' is no step; there are expect, or,"),
        ("expect (\n", 1, "'(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ("expect\n", 1, "a pattern is missing"),
        ("or b\n", 1, "or stands behind an expect"),
        ("expect a\nsend b\nor c\n", 3, "or stands behind an expect"),
        ("send a\n  send b\n", 2, "an indented step stands below an expect or an or"),
        ("expect a\n  label b\n", 2, "label is not indented"),
        ("expect a\n\n  or b\n", 3, "or is not indented"),
        ("goto a\n", 1, "there is no label 'a'"),
        ("label a\nlabel a\n", 2, "there is a label 'a' already"),
        ("label a b\n", 1, "a label has 1 to 64 letters, digits, dots, dashes and underscores"),
        ("send a\ntimeout 3\n", 2, "timeout stands before the first step"),
        ("timeout soon\nsend a\n", 1, "a time is a number of seconds above 0"),
        ("timeout inf\nsend a\n", 1, "a time is a number of seconds above 0"),
        ("exit 256\n", 1, "an exit status is a number from 0 to 255"),
        ("exit\n", 1, "an exit status is a number from 0 to 255"),
        ("send a\\q\n", 1, "'\\\\q' is no escape; there are"),
        ("send-secret\n", 1, "a file is missing"),
        ("send-secret-env  \n", 1, "the name of a variable is missing"),
        ("end now\n", 1, "nothing stands behind end"),
    ],
)
def test_what_cannot_be_played_is_told_with_its_file_and_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(text, file="x.talk")
    place = f"x.talk:{line}: " if line else "x.talk: "
    assert str(caught.value).startswith(place + problem)


def problem_of(text: str) -> str:
    """What is told of it; empty when it can be played."""
    try:
        parse_script(text, file="x")
    except ScriptError as error:
        return str(error)
    return ""


@given(text=st.text(max_size=80))
def test_only_the_documented_error_escapes_in_one_line(text: str) -> None:
    for each in (text, f"expect {text}", f"send {text}", f"expect a\n {text}"):
        assert problem_of(each).isprintable()


def test_a_pattern_is_no_longer_than_it_may_be() -> None:
    with pytest.raises(ScriptError, match="at most 16384 characters"):
        compiled("x" * 20_000)
