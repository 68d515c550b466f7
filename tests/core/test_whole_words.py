"""Words that stand in a text as whole words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.whole_words import stands_in


@pytest.mark.parametrize(
    ("word", "text", "stands"),
    [
        ("openssl", "A flaw in OpenSSL.", True),
        ("openssl", "opensslfork", False),
        ("ssl", "open-ssl", True),
        ("open ssl", "open\n  SSL", True),
        ("open ssl", "open-ssl", False),
        ("c++", "in C++, and more", True),
        ("c++", "gcc++", False),
        (".net", "ASP.NET", True),
        (".net", ".netframework", False),
        ("foo", "foo_bar", False),
        ("_bar", "foo_bar", True),
        ("straße", "STRASSE", True),
        ("a.b", "axb", False),
    ],
)
def test_a_word_is_whole_where_it_begins_or_ends_with_a_letter(word: str, text: str, *, stands: bool) -> None:
    assert stands_in(("nowhere", word), text) == stands
    assert not stands_in((), text)


@given(st.text(), st.text(), st.text())
def test_a_word_with_space_around_it_stands_there(before: str, word: str, after: str) -> None:
    assert stands_in((word,), f"{before} {word} {after}")
