"""Markup to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.errands.feeds.texts import text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("  two \n words\t", "two words"),
        ("a &amp; b &lt;c&gt; &eacute; &#8364; &#x1f642;", "a & b <c> é € 🙂"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("I <3 you", "I <3 you"),
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("a<b>b</b>c", "abc"),
        ("<img src='x' alt='a > b' onerror=\"alert('>')\">seen", "seen"),
        ("a<script>alert('<p>')</script>b<STYLE>p{}</style >c", "abc"),
        ("a<script src=x />b", "ab"),
        ("a<script>never ends", "a"),
        ("a<!-- > <b> -->b<!-- open", "ab"),
        ("<![CDATA[x]]>y<?php z ?>", "y"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("<a href=x", "<a href=x"),
        ("&#27;[31m&#0;&#x93;", "[31m\ufffd“"),
        ("", ""),
    ],
)
def test_markup_becomes_what_it_says(markup: str, text: str) -> None:
    assert text_of(markup, most_characters=1000) == text


def test_long_text_is_cut() -> None:
    assert text_of("abcdef", most_characters=4) == "abc…"
    assert text_of("abcd", most_characters=4) == "abcd"


PIECES = [
    "<p>",
    "</p>",
    "<br/>",
    "<b>",
    "<",
    ">",
    "a",
    "&amp;",
    "<!",
    "<?x>",
    '"',
    "'",
    " ",
    "<P CLASS='>'>",
    "</",
    "<pre-x>",
    "<p_é>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_the_quick_way_says_the_same_as_the_careful_one(markup: str) -> None:
    careful = text_of(f"<!-- -->{markup}", most_characters=1000)
    assert text_of(markup, most_characters=1000) == careful
