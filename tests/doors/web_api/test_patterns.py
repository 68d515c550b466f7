"""Python's patterns as JavaScript has them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.api.patterns import as_javascript


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        ("", "^(?:)$"),
        ("[a-z][a-z0-9_-]{,31}", "^(?:[a-z][a-z0-9_-]{0,31})$"),
        (r"(?:a|b)*\.txt", r"^(?:(?:a|b)*\.txt)$"),
        (r"\@x\-y", "^(?:@x-y)$"),
        (r"[\@\-\]]+", r"^(?:[@\-\]]+)$"),
        ("a{2,3}?", "^(?:a{2,3}?)$"),
        ("^a$", "^(?:^a$)$"),
        ("é", "^(?:é)$"),
    ],
)
def test_what_means_the_same_is_translated(pattern: str, translated: str) -> None:
    assert as_javascript(pattern) == translated


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d+", r"[\w]", r"\bA", "(?P<a>x)", "(?i)a", "a++", "a?+", "(?>a)", r"(a)\1", "x{", "x{}", "[]a]",
        "[[a]", "(?=a)b", r"\Aa", r"\x41", "a**", "(*a)", "^*",
    ],
)  # fmt: skip
def test_what_means_something_else_is_left_out(pattern: str) -> None:
    assert as_javascript(pattern) is None


@given(
    pattern=st.text("ab-^$.*+?()[]{}|\\,01/é", max_size=12),
    word=st.text("ab-^$.*+?()[]{}|\\,01/é", max_size=6),
)
def test_a_translation_takes_what_the_pattern_takes(pattern: str, word: str) -> None:
    try:
        compiled = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    translated = as_javascript(pattern)
    if translated is not None:
        assert (re.search(translated, word) is None) == (compiled.fullmatch(word) is None)
