"""Spans of time that NVD is asked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from doorward.errands.cve.windows import (
    LONGEST,
    OVERLAP,
    Read,
    Window,
    next_window,
    read_marks,
    to_begin_with,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def all_windows(read: Read | None, *, days: int, now: datetime = NOW) -> list[Window]:
    read = to_begin_with(read, now=now)
    windows = []
    while (window := next_window(read, wanted=now - days * DAY, now=now, longest=LONGEST)) is not None:
        windows.append(window)
        assert len(windows) < 100
        read = window.read if read is None else read.with_window(window)
    return windows


def test_the_first_time_all_that_is_wanted_is_asked_for_in_pieces() -> None:
    assert all_windows(None, days=120) == [Window(start=NOW - LONGEST, end=NOW)]
    windows = all_windows(None, days=300)
    assert [(NOW - each.start) / DAY for each in windows] == [300, 180, 60]
    assert windows[-1].end == NOW
    assert all_windows(None, days=0) == []


def test_then_what_was_read_last_is_read_again_in_part() -> None:
    read = Read(since=NOW - 120 * DAY, until=NOW - DAY)
    assert all_windows(read, days=120) == [Window(start=NOW - DAY - OVERLAP, end=NOW)]
    long_ago = Read(since=NOW - 400 * DAY, until=NOW - 200 * DAY)
    assert len(all_windows(long_ago, days=120)) == 2


def test_more_days_than_before_have_the_time_before_asked_for() -> None:
    read = Read(since=NOW - 120 * DAY, until=NOW)
    windows = all_windows(read, days=300)
    assert [((NOW - each.start) / DAY, (NOW - each.end) / DAY) for each in windows[:2]] == [
        (240, 120),
        (300, 240),
    ]
    assert windows[2].start == NOW - OVERLAP


def test_a_clock_that_went_back_has_nothing_taken_for_read() -> None:
    read = Read(since=NOW - 10 * DAY, until=NOW + 30 * DAY)
    assert all_windows(read, days=1) == [Window(start=NOW - OVERLAP, end=NOW)]
    future = Read(since=NOW + DAY, until=NOW + 2 * DAY)
    assert all_windows(future, days=1) == [Window(start=NOW - DAY, end=NOW)]


def test_times_are_written_as_nvd_reads_them() -> None:
    start = datetime(2026, 11, 27, 13, 5, 6, 7_890, tzinfo=UTC)
    assert Window(start=start, end=NOW).parameters == {
        "lastModStartDate": "2026-11-27T13:05:06.007",
        "lastModEndDate": "2026-11-27T12:00:00.000",
    }


def test_what_the_server_did_not_know_yet_is_not_read() -> None:
    read = Read(since=NOW - DAY, until=NOW)
    assert read.before(NOW - timedelta(hours=1)).until == NOW - timedelta(hours=1)
    for outside in (None, NOW + DAY, NOW - 2 * DAY):
        assert read.before(outside) == read


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_marks_say_what_was_read(one: datetime, other: datetime) -> None:
    read = Read(since=min(one, other), until=max(one, other))
    assert read_marks(read.marks) == read


def test_marks_that_cannot_be_are_none() -> None:
    assert read_marks({}) is None
    assert read_marks({"since": "2026-01-01", "until": "soon"}) is None
    assert read_marks({"since": "2026-01-02", "until": "2026-01-01"}) is None


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(-100, 1000))
def test_windows_leave_no_time_out_and_are_never_too_long(days: int, since: int, until: int) -> None:
    read = Read(since=NOW - since * DAY, until=NOW - until * DAY) if since >= until else None
    windows = all_windows(read, days=days)
    assert all(each.start < each.end <= each.start + LONGEST and each.end <= NOW for each in windows)
    known = to_begin_with(read, now=NOW)
    spans = [(each.start, each.end) for each in windows]
    spans += [(known.since, known.until)] if known is not None else []
    reached = NOW - days * DAY
    for start, end in sorted(spans):
        if start <= reached:
            reached = max(reached, end)
    assert reached == NOW
