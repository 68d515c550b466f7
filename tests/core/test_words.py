import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import BadLine
from doorward.core.words import quote_words, split_words
from tests.core.strategies import awkward_text

words_of_any_kind = st.lists(st.one_of(st.text(), awkward_text))


@given(words_of_any_kind)
@example([""])
@example(["", ""])
@example(["it's", '"', "\\", "\\\n", "a\xa0b", "\u2028", "#x", "name=a b"])
def test_what_was_quoted_splits_into_the_same_words(words: list[str]) -> None:
    assert split_words(quote_words(words)) == words


@given(words_of_any_kind)
def test_what_was_quoted_means_the_same_to_the_standard_library(words: list[str]) -> None:
    assert shlex.split(quote_words(words), comments=False) == words


@given(words_of_any_kind)
def test_what_the_standard_library_quoted_splits_into_the_same_words(words: list[str]) -> None:
    assert split_words(shlex.join(words)) == words


# shlex leaves the backslash in "\$", "\`" and a continued line, where POSIX (2.2.3) takes it away
where_shlex_follows_posix = st.text(alphabet=st.sampled_from("abc '\"\\\t=#;|&*~\xa0\u2003\u2028é"))


@given(where_shlex_follows_posix)
@example("a\xa0b")
@example("'a'\"b\"\\c ''")
@example('"a\\"b\\\\c\\d"')
def test_lines_split_as_the_standard_library_splits_them(line: str) -> None:
    try:
        expected = shlex.split(line, comments=False)
    except ValueError:
        with pytest.raises(BadLine):
            split_words(line)
    else:
        assert split_words(line) == expected


@given(st.one_of(st.text(), awkward_text))
def test_only_a_bad_line_escapes(line: str) -> None:
    split_or_refuse(line)


def split_or_refuse(line: str) -> None:
    with suppress(BadLine):
        split_words(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        (" \t ", []),
        ("df", ["df"]),
        ("  ping   example.org\t5 ", ["ping", "example.org", "5"]),
        ("echo 'a b'c\"d e\"\\ f", ["echo", "a bcd e f"]),
        ("echo ''", ["echo", ""]),
        ("echo \"\" ''", ["echo", "", ""]),
        ("echo a''", ["echo", "a"]),
        (r'echo "\$HOME \`id\` \"x\" \\ \n"', ["echo", r'$HOME `id` "x" \ \n']),
        ('echo "a\\\nb"', ["echo", "ab"]),
        (r"echo 'a\b'", ["echo", r"a\b"]),
        ("echo # no comment", ["echo", "#", "no", "comment"]),
        ("echo $HOME `id` $(id) *; id", ["echo", "$HOME", "`id`", "$(id)", "*;", "id"]),
        ("echo a\xa0b\u2003c\u2028d\x0be\x1cf", ["echo", "a\xa0b\u2003c\u2028d\x0be\x1cf"]),
        ("echo a\rb\nc", ["echo", "a", "b", "c"]),
        ("echo {x} ~ a=b", ["echo", "{x}", "~", "a=b"]),
    ],
)
def test_a_line_has_these_words(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize("line", ["'", '"', "\\", "a 'b", 'a "b', "a\\", '"\\"', "'a' 'b", '"a\\', "''' ''"])
def test_an_open_quote_and_a_last_backslash_are_bad_lines(line: str) -> None:
    with pytest.raises(BadLine):
        split_words(line)


LINES_WITHOUT_MERCY: dict[str, Callable[[int], str]] = {
    "single quotes": lambda size: "'" * size,
    "an odd number of them": lambda size: "'" * (size + 1),
    "double quotes": lambda size: '"' * size,
    "backslashes": lambda size: "\\" * size,
    "an open quote full of backslashes": lambda size: '"' + "\\\\" * (size // 2),
    "an open quote full of escaped quotes": lambda size: '"' + '\\"' * (size // 2),
    "quotes in turn": lambda size: "'\"\"'" * (size // 4),
    "words, and an open quote": lambda size: "a " * (size // 2) + "'",
    "blanks, and an open quote": lambda size: " " * size + "'",
    "wide blanks, and an open quote": lambda size: "a" + " " * size + "'",
    "letters, and an open quote": lambda size: "a" * size + '"',
    "empty words": lambda size: "'' " * (size // 3),
    "escaped blanks": lambda size: "\\ " * (size // 2),
}


def python_lines_of(call: Callable[[], object]) -> int:
    """How many lines of Python `call` runs: a measure of steps that no busy machine changes."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", LINES_WITHOUT_MERCY)
def test_steps_grow_no_faster_than_the_line(kind: str) -> None:
    make = LINES_WITHOUT_MERCY[kind]
    small, large = make(2048), make(8192)
    steps = python_lines_of(lambda: split_or_refuse(small))
    more_steps = python_lines_of(lambda: split_or_refuse(large))
    assert more_steps <= 4.2 * steps + 40


@pytest.mark.parametrize("kind", LINES_WITHOUT_MERCY)
def test_no_line_of_a_megabyte_takes_more_than_the_test_may(kind: str) -> None:
    # the expressions run inside one step of the test above; quadratic in 2**20 they would take hours
    split_or_refuse(LINES_WITHOUT_MERCY[kind](2**20))
