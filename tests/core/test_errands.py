"""What errands of every kind are called."""

import pytest

from doorward.core.errands import errand_name, errands_called
from doorward.core.feed_errands import FeedErrand
from doorward.core.schedules import Every


def test_an_errand_is_called_by_its_kind_and_its_name() -> None:
    assert errand_name(FeedErrand(name="news", url="http://e.org/", timing=Every(60))) == "feed.news"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("feed.news", ("feed.news",)),
        ("news", ("feed.news", "cve.news")),
        ("web", ("cve.web",)),
        ("feed.web", ()),
        ("feed", ()),
        ("", ()),
    ],
)
def test_a_bare_name_means_all_kinds_that_have_it(said: str, meant: tuple[str, ...]) -> None:
    assert errands_called(said, ("feed.news", "cve.news", "cve.web")) == meant
