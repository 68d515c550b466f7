"""What came of a look, in a line."""

from dataclasses import replace

from doorward.core.errors import ConnectError, SourceError
from doorward.errands.cve.report import gone_of, outcome_text, watched_members
from doorward.testing.vulnerability_contract import kev
from tests.errands.cve.watch_house import FEED, KEV, CveHouse

NO_ANSWER = ConnectError(KEV.url, "connect", "nobody is there")


async def test_it_is_said_what_a_mail_without_news_is_about() -> None:
    house = CveHouse()
    house.errand = replace(house.errand, tell_after=1)
    house.says(KEV, [kev(1)])
    assert outcome_text(await house.look()) == "watched from now on, with 1 vulnerability"
    assert outcome_text(await house.look()) == "nothing new"
    house.fails(KEV, NO_ANSWER)
    dead = await house.look()
    assert dead.mails == (2,)
    assert outcome_text(dead) == "nothing new, told that there is no answer from kev"
    assert outcome_text(await house.look()) == "nothing new"
    house.fails(KEV, None)
    back = await house.look()
    assert back.mails == (3,)
    assert outcome_text(back) == "nothing new, told that kev answers again"


async def test_a_look_that_nobody_answers_is_not_the_first() -> None:
    house = CveHouse()
    house.fails(KEV, NO_ANSWER)
    unanswered = await house.look()
    assert outcome_text(unanswered) == "no source answered"
    assert watched_members(house.errand, unanswered, at=0.0)["is_first"] is False
    house.fails(KEV, None)
    assert watched_members(house.errand, await house.look(), at=0.0)["is_first"] is True


async def test_the_address_of_a_source_stands_once_in_what_is_told_of_it() -> None:
    house = CveHouse(FEED, KEV)
    house.errand = replace(house.errand, tell_after=1)
    house.fails(FEED, SourceError(FEED.url, "this is an HTML page"))
    house.fails(KEV, NO_ANSWER)
    watched = await house.look()
    assert [str(each) for each in gone_of(watched).troubles] == [
        f"feed:{FEED.url}: this is an HTML page",
        f"kev: {KEV.url}: connect: nobody is there",
    ]
    assert f"\nfeed:{FEED.url}: never answered; failed once since " in watched.text
    assert watched.text.count(FEED.url) == 2
    house.fails(FEED, ConnectError(FEED.url, "connect", "nobody is there"))
    again = await house.look()
    assert str(gone_of(again).troubles[0]) == f"feed:{FEED.url}: connect: nobody is there"
