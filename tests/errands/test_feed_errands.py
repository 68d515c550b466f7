"""Which entries are wanted."""

import pytest

from doorward.core.feed_errands import FeedErrand, is_wanted
from doorward.core.feeds import Entry
from doorward.core.schedules import Every, ScheduleState
from doorward.errands.errand_schedules import errand_schedules
from doorward.errands.schedule_report import schedule_members

ENTRY = Entry(
    key="1",
    title="CVE-2025-1 (OpenSSL)",
    link="",
    summary="A flaw in glibc,\nand C++ programs of Straße.",
    published=None,
    categories=("Linux kernel",),
)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), True),
        (("openssl",), True),
        (("GLIBC",), True),
        (("c++",), True),
        (("linux  KERNEL",), True),
        (("strasse",), True),
        (("CVE-2025-1",), True),
        (("nothing", "glibc"), True),
        (("ssl",), False),
        (("CVE-2025",), True),
        (("flaws",), False),
        (("glib",), False),
        (("kernel linux",), False),
    ],
)
def test_a_whole_word_anywhere_in_it_is_wanted(words: tuple[str, ...], *, wanted: bool) -> None:
    assert is_wanted(ENTRY, words) is wanted


def test_a_feed_is_not_said_to_send_no_mail() -> None:
    [schedule] = errand_schedules([FeedErrand(name="a", url="http://e.org/", timing=Every(3600))])
    told = schedule_members(
        schedule, ScheduleState(name=schedule.name, timing="", next_at=0.0), is_running=False
    )
    assert told["mail"] is None
