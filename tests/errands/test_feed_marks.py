"""Which entries of a feed are new."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.feeds import Entry
from doorward.errands.feed_marks import judge_entries
from doorward.errands.validators import Validators, marks_of_answer, validators_of

URL = "http://e.org/feed"
TODAY = date(2025, 11, 24)
NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)


def entry(key: str, title: str = "t", summary: str = "s", published: datetime | None = NOON) -> Entry:
    return Entry(key=key, title=title, link="", summary=summary, published=published)


def known_after(*entries: Entry, url: str = URL, today: date = TODAY) -> dict[str, str]:
    judged = judge_entries(entries, {}, url=url, today=today)
    return {**judged.marks, **marks_of_answer(url, Validators("e", "m"))}


def new_titles(entries: list[Entry], known: dict[str, str]) -> list[str]:
    return [each.title for each in judge_entries(entries, known, url=URL, today=TODAY).new]


def test_what_was_there_is_not_new_and_the_rest_is() -> None:
    known = known_after(entry("1", "one"), entry("2", "two"))
    assert new_titles([entry("3", "three"), entry("1", "one"), entry("2", "two")], known) == ["three"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://e.org/1", "https://www.e.org/1/"),
        ("http://e.org/1", "http://e.org/1?utm_source=rss&utm_medium=feed"),
        ("http://e.org/1?a=2", "http://e.org/1?utm_source=rss&a=2"),
        ("urn:1", "http://e.org/1"),
        ("http://e.org/1", "http://other.example/blog/1"),
    ],
)
def test_a_new_guid_or_link_alone_makes_nothing_new(before: str, after: str) -> None:
    assert new_titles([entry(after)], known_after(entry(before))) == []


def test_a_changed_text_alone_makes_nothing_new() -> None:
    known = known_after(entry("1", "one", "as it was"))
    assert new_titles([entry("1", "one, corrected", "as it is")], known) == []


def test_the_same_words_without_a_date_are_another_entry_under_another_key() -> None:
    known = known_after(entry("1", "Backup finished", "all is well", None))
    assert new_titles([entry("2", "Backup finished", "all is well", None)], known) == ["Backup finished"]


def test_a_key_that_all_entries_share_hides_none_of_them() -> None:
    first, second, third = (entry("http://e.org/", title) for title in ("one", "two", "three"))
    assert new_titles([first, second], {}) == ["one", "two"]
    known = known_after(first, second)
    assert new_titles([third, first, second], known) == ["three"]
    assert new_titles([second, first], known_after(first)) == ["two"]


def test_an_entry_that_stands_there_twice_is_told_once() -> None:
    assert new_titles([entry("1", "one"), entry("1", "one")], {}) == ["one"]


def test_a_feed_is_new_unless_its_address_or_an_entry_is_known() -> None:
    known = known_after(entry("1"))
    assert judge_entries([entry("1")], {}, url=URL, today=TODAY).is_first
    assert not judge_entries([entry("2", "x")], known, url=URL, today=TODAY).is_first
    assert not judge_entries([entry("1")], known, url="http://e.org/moved", today=TODAY).is_first
    assert judge_entries([entry("2", "x")], known, url="http://e.org/other", today=TODAY).is_first
    assert not judge_entries([entry("1")], known_after(), url=URL, today=TODAY).is_first


def test_the_validators_are_those_of_the_same_address() -> None:
    assert validators_of(known_after(), URL) == Validators("e", "m")
    assert validators_of(known_after(), "http://e.org/other") is None
    assert validators_of({}, URL) is None


def test_marks_of_what_stays_are_renewed_now_and_then_and_those_of_what_left_are_forgotten() -> None:
    known = known_after(entry("1", "one"), entry("2", "two"))
    soon = judge_entries([entry("1", "one")], known, url=URL, today=TODAY + timedelta(days=3))
    assert not soon.marks
    assert not soon.forgotten
    later = judge_entries([entry("1", "one")], known, url=URL, today=TODAY + timedelta(days=401))
    assert set(later.marks.values()) == {(TODAY + timedelta(days=401)).isoformat()}
    assert len(later.marks) == len(later.forgotten) == 2
    assert later.marks.keys().isdisjoint(later.forgotten)


entries = st.lists(
    st.builds(
        entry,
        st.sampled_from(["1", "2", "http://e.org/a", "https://e.org/a/", "http://e.org/b"]),
        st.sampled_from(["one", "two", ""]),
        st.sampled_from(["s", "r", ""]),
        st.sampled_from([None, NOON]),
    ),
    max_size=6,
)


@given(entries, entries)
def test_what_was_noted_once_is_never_new_again(before: list[Entry], after: list[Entry]) -> None:
    known = known_after(*before)
    assert new_titles(before, known) == []
    again = {**known, **judge_entries(after, known, url=URL, today=TODAY).marks}
    assert new_titles(after, again) == []
    assert new_titles(before, again) == []
