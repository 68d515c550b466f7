"""The tables `[errands.feed.NAME]`."""

import pytest

from doorward.config import load_settings
from doorward.config.loading import examine
from doorward.core.feed_errands import FeedErrand
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import At, Every
from tests.config.conftest import WriteConfiguration

GOOD = '[errands.feed.news]\nurl = "https://example.org/rss"\nevery = "6h"\nto = "alice@example.org"\n'


def test_a_feed_is_read(write_configuration: WriteConfiguration) -> None:
    text = GOOD + 'filter = ["glibc", "open ssl"]\ntell_after = 5\n'
    text += (
        '[errands.feed.other]\nurl = "http://[::1]:8080/feed?a=b@c"\nat = "04:30"\nto = ["a@b.c", "d@e.f"]\n'
    )
    errands = load_settings(write_configuration(text)).errands
    assert errands["feed.news"] == FeedErrand(
        name="news",
        url="https://example.org/rss",
        timing=Every(21_600),
        to=(Mailbox("alice@example.org"),),
        words=("glibc", "open ssl"),
        tell_after=5,
    )
    assert errands["feed.other"].timing == At(4, 30)
    assert [mailbox.address for mailbox in errands["feed.other"].to] == ["a@b.c", "d@e.f"]


def test_who_gets_mail_may_stand_in_the_table_of_mail(write_configuration: WriteConfiguration) -> None:
    text = '[mail]\nto = "keeper@example.org"\n' + GOOD.replace('to = "alice@example.org"\n', "")
    assert load_settings(write_configuration(text)).errands["feed.news"].to == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[errands.feed.news]", "[errands.fed.news]", "there is no such key; did you mean feed?"),
        ("feed.news", 'feed."News 1"', "a feed errand cannot be called this"),
        ('url = "https://example.org/rss"\n', "", "url: this is missing"),
        ("https://example.org/rss", "example.org/rss", "url: this is no address of a feed"),
        ("https://example.org", "ssh://example.org", "url: this is no address of a feed"),
        ("https://example.org", "https://[", "url: this is no address of a feed"),
        ("https://example.org", "https:// e", "url: this is no address of a feed"),
        ('every = "6h"\n', "", "when it runs is missing"),
        ('every = "6h"', 'every = "often"', "every: this is no period"),
        ('every = "6h"', 'every = "6h"\nat = "04:30"', "there is `every` or `at`, not both"),
        ('to = "alice@example.org"\n', "", "to: there is nobody to mail to"),
        ("alice@example.org", "alice@exa mple", "to: "),
        ("to =", 'filter = ["a", " "]\nto =', "filter[1]: this is no word"),
        ("to =", "filter = 3\nto =", "filter: this is of another type"),
        ("to =", "tell_after = 0\nto =", "tell_after: this is out of range; expected 1 to 1000; found 0"),
        ("every =", "evry =", "did you mean every?"),
    ],
)
def test_what_is_wrong_is_told(
    write_configuration: WriteConfiguration, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    problems = examine(write_configuration(GOOD.replace(before, after))).problems
    assert any(said in str(problem) for problem in problems)


def test_a_login_in_an_address_is_refused_and_not_shown(write_configuration: WriteConfiguration) -> None:
    text = GOOD.replace("https://", "https://alice:hunter2@")
    (problem,) = examine(write_configuration(text)).problems
    assert "without a login" in str(problem)
    assert "hunter2" not in str(problem)
