"""Patterns found in a window, whatever the chunks, at a cost that grows with the length of the text alone."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.window import Window
from doorward.core.talking import Matched

SIZE = 16

TEXTS = st.text(alphabet="ab \n", max_size=120)
NEEDLES = st.text(alphabet="ab ", min_size=1, max_size=SIZE)


def compiled(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(each, re.MULTILINE) for each in patterns]


def found(window: Window, patterns: Sequence[re.Pattern[str]]) -> Matched | None:
    """Search until there is nothing more to look at."""
    window.begin()
    while True:
        matched = window.search(patterns)
        if matched is not None or not window.has_more:
            return matched


def fed(chunks: Sequence[str], patterns: Sequence[re.Pattern[str]], window: Window) -> Matched | None:
    """Search after each chunk, as a conversation does."""
    window.begin()
    for chunk in chunks:
        window.receive(chunk)
        while window.has_more:
            if (matched := window.search(patterns)) is not None:
                return matched
    return None


@given(before=TEXTS, needle=NEEDLES, behind=TEXTS)
def test_a_literal_is_found_where_it_first_stands_whatever_the_chunks(
    before: str, needle: str, behind: str
) -> None:
    text = before + needle + behind
    patterns = compiled(re.escape(needle))
    place = text.find(needle)
    for chunks in ([text], list(text)):
        window = Window(window_characters=SIZE)
        matched = fed(chunks, patterns, window)
        assert matched is not None
        assert (matched.before, matched.text) == (text[:place], needle)
        assert text.startswith(matched.before + needle + window.take())


@given(text=TEXTS, needles=st.lists(NEEDLES, min_size=2, max_size=4, unique=True))
def test_of_several_the_one_that_begins_first_is_found_and_then_the_first_of_the_list(
    text: str, needles: list[str]
) -> None:
    window = Window(window_characters=200)
    window.receive(text)
    matched = found(window, compiled(*map(re.escape, needles)))
    places = [(text.find(needle), index) for index, needle in enumerate(needles) if needle in text]
    assert (matched and (len(matched.before), matched.index)) == (min(places) if places else None)


@given(text=st.text(alphabet="ab", max_size=300), cut=st.integers(1, 40))
def test_nothing_is_lost_of_what_did_not_match(text: str, cut: int) -> None:
    window = Window(window_characters=SIZE)
    chunks = [text[start : start + cut] for start in range(0, len(text), cut)]
    assert fed(chunks, compiled("c"), window) is None
    assert (window.text, window.dropped_characters) == (text, 0)


@pytest.mark.parametrize(
    ("patterns", "chunks", "index", "text"),
    [
        (("b", "abc"), ["abc"], 1, "abc"),
        (("b", "abc"), ["ab", "c"], 0, "b"),
        (("xx a.*",), ["xx abc\n"], 0, "xx abc"),
        (("xx a.*",), ["xx a", "bc\n"], 0, "xx a"),
        (("xx a.*\n",), ["xx a", "bc\n"], 0, "xx abc\n"),
    ],
)
def test_what_has_not_come_yet_counts_for_nothing(
    patterns: Sequence[str], chunks: Sequence[str], index: int, text: str
) -> None:
    matched = fed(chunks, compiled(*patterns), Window(window_characters=SIZE))
    assert (matched and (matched.index, matched.text)) == (index, text)


def test_what_follows_a_match_is_next_and_its_first_place_is_no_beginning_of_a_line() -> None:
    window = Window()
    window.receive("220 ready\n250-one\n250 two\n")
    assert found(window, compiled("^220 .*$"))
    matched = found(window, compiled("^250 .*$"))
    assert matched is not None
    assert (matched.before, matched.text) == ("\n250-one\n", "250 two")
    window.receive("x y\n")
    assert found(window, compiled(r"\n?x "))
    assert found(window, compiled(r"^y", r"\by")).index == 1  # type: ignore[union-attr]


def test_the_window_begins_no_line_where_none_begins() -> None:
    text = "b" * 40 + "250 " + "b" * 100
    for chunks in ([text], list(text)):
        assert fed(chunks, compiled("^250", r"\b250"), Window(window_characters=SIZE)) is None


def test_a_pattern_is_looked_for_again_in_what_another_one_left() -> None:
    window = Window()
    window.receive("one two")
    assert found(window, compiled("three")) is None
    assert found(window, compiled("two")) is not None
    assert found(window, compiled("one")) is None


class Counting:
    """Finds nothing, and counts what it looked at."""

    def __init__(self) -> None:
        self.characters = 0
        self.longest = 0

    def search(self, text: str, place: int) -> None:
        self.characters += len(text) - place
        self.longest = max(self.longest, len(text) - place)


@pytest.mark.parametrize("chunk_characters", [100, 2048, 65_536])
@pytest.mark.parametrize("length", [200_000, 800_000])
def test_a_line_without_end_is_looked_at_as_often_whatever_its_length(
    chunk_characters: int, length: int
) -> None:
    window, counting = Window(window_characters=2048), Counting()
    window.begin()
    for start in range(0, length, chunk_characters):
        window.receive("x" * min(chunk_characters, length - start))
        while window.has_more:
            window.search([counting])  # type: ignore[list-item]
    steps = length / min(chunk_characters, 2048) + 1
    assert counting.longest <= 2 * 2048
    assert counting.characters <= steps * 2 * 2048


def test_what_is_kept_is_bounded_and_what_is_dropped_is_counted() -> None:
    window = Window(window_characters=100, kept_characters=10_000)
    assert fed(["x" * 37] * 1000, compiled("y"), window) is None
    assert len(window.text) <= 10_000 + 200
    assert window.dropped_characters + len(window.text) == 37_000
    window.receive("y")
    matched = found(window, compiled("y"))
    assert matched is not None
    assert matched.dropped_characters + len(matched.before) == 37_000
    assert window.dropped_characters == 0


def test_single_letters_are_not_kept_as_so_many_texts() -> None:
    window = Window(window_characters=16)
    assert fed(["x"] * 20_000, compiled("y"), window) is None
    assert len(window._older) < 20
