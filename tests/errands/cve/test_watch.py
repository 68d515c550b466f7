"""What a watch over vulnerabilities tells, and what it never tells twice."""

import random
from dataclasses import replace
from datetime import date

import pytest

from doorward.core.errors import ConnectError, SourceError, StateError
from doorward.core.vulnerabilities import Account
from doorward.errands.cve.deciding import told_in
from doorward.testing.vulnerability_contract import EXPLOITED, kev, nvd
from tests.errands.cve.watch_house import (
    DEBIAN,
    EPSS,
    FEED,
    KEV,
    NVD,
    CveHouse,
    debian,
    feed_account,
    told,
)

NO_ANSWER = ConnectError("kev.example", "connecting", "nobody is there")
REJECTED = nvd(1, is_rejected=True)
NOTHING: tuple[list[str], dict[str, list[str]]] = ([], {})


async def test_the_first_look_sums_up_and_the_next_ones_tell_what_is_new() -> None:
    house = CveHouse()
    house.says(KEV, [kev(number) for number in range(1, 1405)])
    first = await house.look()
    assert first.is_first
    assert len(first.decision.summed) == 1404
    assert told(first) == NOTHING
    assert first.mails == (1,)
    assert told(await house.look()) == NOTHING
    house.says(KEV, [kev(number) for number in range(1, 1407)])
    assert told(await house.look()) == (["1405", "1406"], {})
    assert told(await house.look()) == NOTHING
    assert house.subjects == [
        "security: watched from now on, with 1,404 vulnerabilities",
        "security: 2 new, 2 exploited",
    ]


async def test_nothing_to_tell_is_no_mail_and_is_noted() -> None:
    house = CveHouse()
    house.says(KEV, [kev(1)])
    await house.look()
    house.sources.pages.clear()
    watched = await house.look()
    assert (watched.mails, watched.text, len(house.subjects)) == ((), "", 1)
    assert house.seen.marks["cve:security"]["looked"] == str(house.clock.wall())


async def test_a_first_look_without_a_match_is_told_too() -> None:
    house = CveHouse()
    house.wants(words=("nothing has this",))
    house.says(KEV, [kev(1)])
    await house.look()
    assert house.subjects == ["security: watched from now on"]


async def test_without_mail_all_is_known_and_nothing_is_sent() -> None:
    house = CveHouse()
    house.errand = replace(house.errand, mails=False, to=())
    house.says(KEV, [kev(1)])
    assert "CVE-2025-0001" in (await house.look()).text
    house.says(KEV, [kev(1), kev(2)])
    watched = await house.look()
    assert told(watched) == (["2"], {})
    assert "CVE-2025-0002" in watched.text
    assert house.subjects == []


async def test_what_happens_to_one_that_was_told_is_told() -> None:
    house = CveHouse(KEV, NVD, DEBIAN)
    house.says(KEV, [kev(9)])
    house.says(NVD, [nvd(1, 5.0), nvd(2), nvd(3, 8.0)])
    house.says(DEBIAN, [debian(9, "nine")])
    await house.look()
    house.says(KEV, [kev(9), kev(2)])
    house.says(NVD, [nvd(1, 9.8), nvd(3, 8.0, is_rejected=True)])
    house.says(DEBIAN, [debian(1, "glibc"), debian(9, "nine", fixed="1.1")])
    assert told(await house.look()) == (
        [],
        {
            "1": ["score 5.0>9.8", "exposed >glibc 1.0"],
            "2": ["exploited >2025-03-01"],
            "3": ["rejected >"],
            "9": ["fix >nine 1.1"],
        },
    )
    assert told(await house.look()) == NOTHING


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [(9.0, 7.5, False), (7.5, 7.5, False), (7.5, 9.0, True), (None, 6.5, False), (None, 9.8, True)],
)
async def test_a_score_that_is_lower_or_given_as_expected_is_no_news(
    before: float | None, after: float, *, is_told: bool
) -> None:
    house = CveHouse(NVD)
    house.says(NVD, [nvd(1, before)])
    await house.look()
    house.says(NVD, [nvd(1, after)])
    assert bool(told(await house.look())[1]) is is_told


async def test_a_score_that_falls_and_rises_again_was_told() -> None:
    house = CveHouse(NVD)
    for value, is_told in ((8.0, False), (9.0, True), (4.0, False), (9.0, False), (9.1, True)):
        house.says(NVD, [nvd(1, value)])
        assert bool(told(await house.look())[1]) is is_told


async def test_a_source_that_forgets_and_remembers_is_told_once() -> None:
    house = CveHouse(KEV, NVD)
    house.says(KEV, [kev(1)])
    house.says(NVD, [nvd(1, 8.0), nvd(2, 8.0)])
    await house.look()
    house.says(KEV, [kev(1), kev(2), kev(3)])
    assert told(await house.look()) == (["3"], {"2": ["exploited >2025-03-01"]})
    house.says(KEV, [kev(1)])
    assert told(await house.look()) == NOTHING
    # 3 was forgotten altogether meanwhile: no source told of it
    assert await house.known.find("CVE-2025-0003") is None
    house.says(KEV, [kev(1), kev(2), kev(3)])
    assert told(await house.look()) == NOTHING


async def test_what_comes_into_the_filter_by_a_change_is_told_with_it() -> None:
    house = CveHouse(NVD, KEV)
    house.wants(score=9.0)
    house.says(KEV, [kev(50)])
    house.says(NVD, [nvd(1, 5.0), nvd(2, 5.0), nvd(3)])
    assert len((await house.look()).decision.summed) == 2
    house.says(NVD, [nvd(1, 9.8), nvd(2, 8.0), nvd(3, 8.0)])
    assert told(await house.look()) == ([], {"1": ["score 5.0>9.8"]})


async def test_what_only_another_source_knew_is_told_when_ones_own_tells_of_it() -> None:
    house = CveHouse(FEED)
    house.says(NVD, [nvd(1, 9.8), nvd(2, 9.8)])
    await house.look(replace(house.errand, name="other", sources=(NVD,)))
    house.says(FEED, [feed_account(9)])
    assert len((await house.look()).decision.summed) == 1
    house.says(FEED, [feed_account(9), feed_account(1)])
    watched = await house.look()
    assert told(watched) == ([], {"1": []})
    assert "it is what you look for as it is now described" in watched.text


async def test_a_text_that_names_the_word_only_later_is_told() -> None:
    house = CveHouse(NVD)
    house.wants(words=("nginx",))
    house.says(NVD, [nvd(1, 8.0, description="A server is vulnerable.")])
    await house.look()
    house.says(NVD, [nvd(1, 8.0, description="nginx is vulnerable.")])
    assert told(await house.look()) == ([], {"1": []})
    assert told(await house.look()) == NOTHING


async def test_a_text_that_another_errand_brought_or_a_dead_process_is_told() -> None:
    house = CveHouse(NVD)
    house.wants(words=("nginx",))
    other = replace(house.errand, name="other")
    house.says(NVD, [nvd(1, 8.0, description="A server is vulnerable.")])
    await house.look()
    await house.look(other)
    house.says(NVD, [nvd(1, 8.0, description="nginx is vulnerable.")])
    house.outbox.failure = StateError("the process is dead")
    with pytest.raises(StateError):
        await house.look()
    house.outbox.failure = None
    # from here on the source says that nothing changed
    house.says(NVD)
    assert told(await house.look()) == ([], {"1": []})
    assert told(await house.look(other)) == ([], {"1": []})
    assert told(await house.look()) == NOTHING


async def test_epss_is_told_when_it_crosses_what_is_asked_for_and_only_once() -> None:
    house = CveHouse(NVD, EPSS)
    house.wants(epss=0.5)
    house.says(NVD, [nvd(1, 8.0), nvd(2, 8.0)])
    house.sources.epss = {"CVE-2025-0001": 0.9, "CVE-2025-0002": 0.2}
    assert len((await house.look()).decision.summed) == 1
    for score, expected in ((0.45, {}), (0.7, {"2": ["epss 0.45>0.70"]}), (0.1, {}), (0.9, {})):
        house.sources.epss = {"CVE-2025-0001": 0.99, "CVE-2025-0002": score}
        watched = await house.look()
        assert told(watched) == ([], expected)
        assert ("changed: EPSS 45.0 % -> 70.0 %\n" in watched.text) == bool(expected)


async def test_epss_that_moves_is_nobodys_news_who_did_not_ask_for_it() -> None:
    house = CveHouse(NVD, EPSS)
    house.says(NVD, [nvd(1, 8.0)])
    for score in (0.1, 0.9):
        house.sources.epss = {"CVE-2025-0001": score}
        assert told(await house.look()) == NOTHING


async def test_what_was_withdrawn_is_told_to_those_only_who_were_told_of_it() -> None:
    house = CveHouse(NVD)
    house.wants(words=("nginx",))
    house.says(NVD, [nvd(1, 8.0, description="nginx"), nvd(2, 8.0, description="apache")])
    await house.look()
    gone = [nvd(1, is_rejected=True, description="Rejected"), nvd(2, is_rejected=True)]
    house.says(NVD, [*gone, nvd(3, is_rejected=True, description="nginx")])
    assert told(await house.look()) == ([], {"1": ["rejected >"]})
    assert house.subjects[-1] == "security: CVE-2025-0001 (rejected: the id was withdrawn)"


async def test_a_dead_source_holds_up_no_other_and_is_told_once_as_is_its_recovery() -> None:
    house = CveHouse(KEV, NVD)
    house.says(KEV, [kev(1)])
    house.says(NVD, [nvd(1, 8.0)])
    await house.look()
    house.fails(KEV, NO_ANSWER)
    house.sources.pages.pop("kev")
    for number in range(2, 7):
        house.says(NVD, [nvd(number, 8.0)] if number == 3 else [])
        watched = await house.look()
        assert told(watched) == (["3"] if number == 3 else [], {})
        assert watched.troubles == {"kev": NO_ANSWER}
    assert house.subjects[1:] == ["security: CVE-2025-0003", "security: no answer from kev"]
    text = str(house.letters[2].get_body(("plain",)))
    assert "kev did not answer 3 times in a row, since 2025-06-15 17:06 UTC" in text
    assert "nobody is there" in text
    house.fails(KEV, None)
    house.says(KEV, [kev(1), kev(7)])
    assert told(await house.look()) == (["7"], {})
    assert "kev answers again. Since 2025-06-15 17:06 UTC it failed 5 times." in (
        house.letters[3].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    )
    house.fails(KEV, NO_ANSWER)
    await house.look()
    house.fails(KEV, None)
    await house.look()
    assert len(house.subjects) == 4


async def test_recovery_alone_is_a_mail() -> None:
    house = CveHouse()
    house.errand = replace(house.errand, tell_after=1)
    house.says(KEV, [kev(1)])
    await house.look()
    house.fails(KEV, NO_ANSWER)
    house.says(KEV)
    await house.look()
    house.fails(KEV, None)
    await house.look()
    await house.look()
    assert house.subjects[1:] == ["security: no answer from kev", "security: kev answers again"]


async def test_a_fault_of_the_program_in_one_source_is_its_own() -> None:
    house = CveHouse(KEV, NVD)
    house.says(NVD, [nvd(1, 8.0)])
    house.fails(KEV, KeyError("id"))
    watched = await house.look()
    assert "a fault of the program itself" in str(watched.troubles["kev"])
    assert len(watched.decision.summed) == 1


async def test_a_source_that_answers_late_for_the_first_time_is_summed_up() -> None:
    house = CveHouse(KEV, NVD)
    house.says(KEV, [kev(1), kev(2)])
    house.fails(NVD, NO_ANSWER)
    # a page came before it broke off
    house.says(NVD, [nvd(1, 9.9), nvd(3, 9.0)])
    first = await house.look()
    assert ([each.id[-1] for each in first.decision.summed], told(first)) == (["1", "2"], NOTHING)
    house.says(KEV, [kev(1), kev(2), kev(3), kev(4)])
    assert told(await house.look()) == (["4"], {"3": ["exploited >2025-03-01"]})
    house.fails(NVD, None)
    house.says(NVD, [nvd(number, 9.0) for number in range(1, 100)])
    late = await house.look()
    assert told(late) == NOTHING
    # 1 and 3 were shown with their scores, 2 and 4 were told when they had none
    assert len(late.decision.summed) == 97
    assert [*late.decision.news_of_known] == ["CVE-2025-0002", "CVE-2025-0004"]
    assert house.subjects[-1] == "security: 95 vulnerabilities more, and news of 2 told before"
    assert "nvd answered for the first time." in late.text
    assert "2 of them were told before, and this is new of them: 2 with a higher score." in late.text
    house.says(NVD, [nvd(100, 9.0)])
    assert told(await house.look()) == (["100"], {})


async def test_what_a_late_source_says_of_those_already_told_is_told() -> None:
    house = CveHouse(FEED, KEV)
    house.says(FEED, [feed_account(number) for number in range(1, 1405)])
    house.fails(KEV, NO_ANSWER)
    assert len((await house.look()).decision.summed) == 1404
    house.fails(KEV, None)
    house.says(KEV, [kev(number) for number in range(1, 1405)])
    late = await house.look()
    assert (told(late), len(late.decision.summed), len(late.mails)) == (NOTHING, 1404, 1)
    assert house.subjects[-1] == "security: news of 1,404 told before"
    assert "1,404 vulnerabilities match what is looked for (1,404 exploited, 1,404 not scored" in late.text
    assert "1,404 of them were told before, and this is new of them: 1,404 now exploited." in late.text
    assert late.text.count("  changed: now exploited, since 2025-03-01\n") == 10
    assert (await house.look()).mails == ()


async def test_a_tracker_that_is_added_tells_what_is_on_this_machine_of_those_already_told() -> None:
    house = CveHouse(KEV)
    house.says(KEV, [kev(7)])
    await house.look()
    house.errand = replace(house.errand, sources=(KEV, DEBIAN))
    house.says(
        DEBIAN, [debian(7, "glibc", fixed="2.0"), *(debian(number, "zlib") for number in range(20, 35))]
    )
    late = await house.look()
    assert len(late.decision.summed) == 16
    assert "16 vulnerabilities match what is looked for (1 exploited, 16 on this machine, " in late.text
    most_urgent = late.text.partition("The most urgent\n")[2]
    assert most_urgent.index("CVE-2025-0007") < most_urgent.index("CVE-2025-002")
    assert "  changed: now on this machine: glibc 1.0\n" in most_urgent
    assert "1 of them was told before, and this is new of it: 1 now on this machine." in late.text
    assert told(await house.look()) == NOTHING


async def test_what_another_errand_knew_is_told_when_its_source_is_taken() -> None:
    house = CveHouse(NVD)
    house.says(NVD, [nvd(1, 8.0)])
    await house.look()
    house.says(KEV, [kev(1)])
    await house.look(replace(house.errand, name="other", sources=(KEV,)))
    house.says(NVD, [nvd(1, 9.0)])
    assert told(await house.look()) == ([], {"1": ["score 8.0>9.0"]})
    house.errand = replace(house.errand, sources=(NVD, KEV))
    assert [*(await house.look()).decision.news_of_known] == ["CVE-2025-0001"]


async def test_what_has_news_of_its_own_is_told_with_what_a_late_source_says_of_it() -> None:
    house = CveHouse(KEV, NVD, DEBIAN)
    house.says(NVD, [nvd(1, 8.0)])
    house.fails(KEV, NO_ANSWER)
    house.fails(DEBIAN, NO_ANSWER)
    # a half of an answer is told with the whole
    house.says(DEBIAN, [debian(1, "glibc")])
    await house.look()
    house.says(NVD, [nvd(1, 9.0)])
    house.fails(KEV, None)
    house.says(KEV, [kev(1)])
    watched = await house.look()
    assert told(watched) == ([], {"1": ["score 8.0>9.0", "exploited >2025-03-01"]})
    assert watched.decision.summed == ()


@pytest.mark.parametrize("seed", [0, 4, 7, 10, 16, 29])
async def test_whatever_fails_nothing_is_marked_as_told_that_was_not(seed: int) -> None:
    chance = random.Random(seed)
    sources = (KEV, NVD, DEBIAN, FEED)
    house = CveHouse(*sources)
    heard: dict[str, set[str]] = {}
    for step in range(12):
        is_last = step == 11
        for source in sources:
            house.fails(source, NO_ANSWER if chance.random() < 0.5 and not is_last else None)
        ids = range(1, 8)
        house.says(KEV, [kev(number) for number in ids if number % 2 or is_last])
        house.says(NVD, [nvd(number, chance.choice([5.0, 7.5, 9.0])) for number in chance.sample(ids, 3)])
        house.says(DEBIAN, [debian(number, "glibc", fixed="2.0") for number in ids if number % 3 or is_last])
        house.says(FEED, [feed_account(number) for number in chance.sample(ids, 2)])
        before = told_in(house.seen.marks.get("cve:security", {}))
        decision = (await house.look()).decision
        assert not {each.id for each in decision.summed} & {
            each.vulnerability.id for each in decision.changed
        }
        for each in (*decision.new, *decision.summed, *(each.vulnerability for each in decision.changed)):
            facts = heard.setdefault(each.id, set())
            facts |= {"exploited"} if each.exploited_since is not None else set()
            facts |= {"here"} if each.exposures else set()
        for name, mark in told_in(house.seen.marks.get("cve:security", {})).items():
            assert name in heard, "marked, and never told"
            assert mark.is_exploited <= ("exploited" in heard[name])
            assert bool(mark.exposed) <= ("here" in heard[name])
            was = before.get(name)
            score = None if was is None else was.score
            if mark.score is not None and mark.score > (7.0 if score is None else score):
                told_now = {each.id for each in (*decision.new, *decision.summed)}
                assert name in told_now | {each.vulnerability.id for each in decision.changed}
    assert all(heard[f"CVE-2025-{number:04}"] == {"exploited", "here"} for number in range(1, 8))


async def test_a_source_whose_first_answer_another_errand_noted_is_summed_up() -> None:
    house = CveHouse(FEED, KEV)
    house.says(FEED, [feed_account(9)])
    house.fails(KEV, NO_ANSWER)
    await house.look()
    house.fails(KEV, None)
    house.says(KEV, [kev(number) for number in range(1, 9)])
    await house.look(replace(house.errand, name="other", sources=(KEV,)))
    house.fails(KEV, NO_ANSWER)
    house.says(KEV)
    await house.look()
    house.fails(KEV, None)
    watched = await house.look()
    assert told(watched) == NOTHING
    assert len(watched.decision.summed) == 8


async def test_nobody_answers_and_the_first_look_is_still_to_come() -> None:
    house = CveHouse()
    house.fails(KEV, SourceError("http://kev.example/", "this is an HTML page"))
    assert (await house.look()).mails == ()
    house.fails(KEV, None)
    house.says(KEV, [kev(1)])
    assert (await house.look()).is_first
    assert house.subjects == ["security: watched from now on, with 1 vulnerability"]


async def test_another_filter_is_no_reason_to_tell_thousands() -> None:
    house = CveHouse(NVD)
    house.wants(score=9.0)
    house.says(NVD, [nvd(number, 8.0) for number in range(1, 500)])
    await house.look()
    house.wants(score=7.0)
    house.says(NVD, [nvd(500, 9.0), nvd(1, 9.5)])
    watched = await house.look()
    assert told(watched) == (["500"], {"1": ["score 8.0>9.5"]})
    assert len(watched.decision.summed) == 498
    assert "The filter of security is another one from now on." in watched.text
    house.says(NVD)
    assert (await house.look()).mails == ()


async def test_two_errands_are_told_each_for_itself() -> None:
    house = CveHouse(NVD)
    other = replace(house.errand, name="other")
    house.says(NVD, [nvd(1, 8.0)])
    await house.look()
    await house.look(other)
    house.says(NVD, [nvd(2, 8.0)])
    assert told(await house.look()) == (["2"], {})
    house.says(NVD)
    assert told(await house.look(other)) == (["2"], {})


async def test_what_another_errands_source_said_first_is_told_when_ones_own_says_it() -> None:
    house = CveHouse(NVD)
    house.says(NVD, [nvd(1, 5.0)])
    await house.look()
    house.says(KEV, [kev(1)])
    await house.look(replace(house.errand, name="other", sources=(KEV,)))
    assert told(await house.look()) == NOTHING
    house.says(NVD, [nvd(1, 5.0, exploited_since=EXPLOITED)])
    assert told(await house.look()) == ([], {"1": ["exploited >2025-03-01"]})
    assert told(await house.look()) == NOTHING


async def test_what_cannot_be_noted_is_not_told_and_is_told_next_time() -> None:
    house = CveHouse()
    house.says(KEV, [kev(1)])
    await house.look()
    marks = dict(house.seen.marks["cve:security"])
    house.says(KEV, [kev(1), kev(2)])
    house.outbox.failure = StateError("the disk is full")
    with pytest.raises(StateError):
        await house.look()
    assert house.seen.marks["cve:security"] == marks
    house.outbox.failure = None
    # the source says that nothing changed, which is so
    house.says(KEV)
    assert told(await house.look()) == (["2"], {})


async def test_what_the_store_refuses_is_an_error_and_no_trouble_of_a_source() -> None:
    house = CveHouse(KEV, NVD)
    house.says(KEV, [kev(1)])
    house.says(NVD, [nvd(1, 8.0)])
    await house.look()
    house.known.failure = StateError("the disk is full")
    house.says(KEV, [kev(1), kev(2)])
    with pytest.raises(StateError):
        await house.look()
    house.known.failure = None
    assert told(await house.look()) == (["2"], {})


async def test_a_source_that_is_left_out_and_taken_again_begins_again() -> None:
    house = CveHouse(KEV, NVD)
    house.says(KEV, [kev(1)])
    house.says(NVD, [nvd(2, 8.0)])
    await house.look()
    house.errand = replace(house.errand, sources=(KEV,))
    await house.look()
    house.says(NVD, [nvd(3, 8.0)])
    await house.look(replace(house.errand, name="other", sources=(NVD,)))
    house.errand = replace(house.errand, sources=(KEV, NVD))
    watched = await house.look()
    assert told(watched) == NOTHING
    assert [each.id for each in watched.decision.summed] == ["CVE-2025-0003"]


async def test_marks_are_renewed_while_they_count_and_forgotten_when_they_do_not() -> None:
    house = CveHouse()
    house.says(KEV, [kev(1), kev(2)])
    await house.look()
    house.says(KEV, [kev(1)])
    for _ in range(14):
        house.clock.advance(30 * 86_400.0)
        await house.look()
    marks = house.seen.marks["cve:security"]
    assert "told:CVE-2025-0001" in marks
    assert "told:CVE-2025-0002" not in marks
    house.says(KEV, [kev(1), kev(2)])
    assert told(await house.look()) == (["2"], {})


async def test_more_than_a_mail_may_hold_is_counted_and_told() -> None:
    house = CveHouse(NVD)
    house.says(NVD, [nvd(9999, 8.0)])
    await house.look()
    pages = [[nvd(number, 4.0 + number % 60 / 10) for number in range(at, at + 500)] for at in (0, 500, 1000)]
    house.says(NVD, *pages)
    watched = await house.look()
    assert len(watched.decision.new) == 1500
    assert watched.text.count("  why: ") == 100
    assert watched.text.count("CVE-2025-") - watched.text.count("detail/CVE-2025-") == 500
    assert "and 1,000 more; they are in what `doorward cve list` lists of the same state" in watched.text
    house.says(NVD)
    assert (await house.look()).mails == ()


async def test_a_package_with_many_names_has_room_in_its_mark() -> None:
    house = CveHouse(DEBIAN)
    house.says(DEBIAN, [debian(1, *(f"package-{number}" for number in range(90)), fixed="2.0")])
    await house.look()
    assert told(await house.look()) == NOTHING


async def test_an_id_that_is_no_cve_is_told_too() -> None:
    house = CveHouse(FEED)
    house.says(FEED, [])
    await house.look()
    house.says(FEED, [Account(source=FEED.key, id="DSA-5000-1", title="nginx security update")])
    assert [each.id for each in (await house.look()).decision.new] == ["DSA-5000-1"]
    assert house.subjects[-1] == "security: DSA-5000-1 (nginx security update)"


async def test_that_it_was_exploited_all_along_is_told_with_the_first_word() -> None:
    house = CveHouse(NVD, KEV)
    house.says(NVD, [nvd(9, 8.0)])
    house.says(KEV, [kev(9)])
    await house.look()
    house.says(KEV, [kev(9), kev(1, exploited_since=date(2025, 6, 1), due=date(2025, 6, 22))])
    house.says(NVD, [nvd(1, 9.8)])
    watched = await house.look()
    assert told(watched) == (["1"], {})
    assert "exploited since 2025-06-01; to be mended by 2025-06-22; score 9.8 CRITICAL" in watched.text
