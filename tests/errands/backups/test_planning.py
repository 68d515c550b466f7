"""What is to be done with backups, decided out of two lists."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.backups import Backup, backup_of
from doorward.errands.backups.planning import Deed, Step, Wish, plan
from doorward.errands.backups.rotation import disagreement, removals


def backups(files: Iterable[str], *, size_bytes: int = 10) -> list[Backup]:
    found = [backup_of(file, size_bytes) for file in files]
    return [each for each in found if each is not None]


def numbered(name: str, *numbers: int) -> list[Backup]:
    return backups(f"{name}.{number}" for number in numbers)


def deeds(steps: Iterable[Step]) -> dict[str, str]:
    return {step.backup.file: step.deed.value for step in steps}


def reasons(steps: Iterable[Step]) -> dict[str, str]:
    return {step.backup.file: step.reason for step in steps}


def test_what_is_not_there_is_sent_and_the_newest_stay() -> None:
    here = numbered("web", 14, 15) + numbered("archives", 17)
    there = numbered("web", 10, 11, 12, 13, 14) + numbered("archives", 12, 13, 14, 15, 16)
    assert deeds(plan(here, there, Wish(keep=5))) == {
        "archives.17": "send",
        "archives.16": "keep",
        "archives.15": "keep",
        "archives.14": "keep",
        "archives.13": "keep",
        "archives.12": "remove",
        "web.15": "send",
        "web.14": "keep",
        "web.13": "keep",
        "web.12": "keep",
        "web.11": "keep",
        "web.10": "remove",
    }


def test_numbers_are_compared_as_numbers() -> None:
    steps = plan(numbered("web", 100), numbered("web", 9, 17, 99), Wish(keep=2))
    assert deeds(steps) == {"web.100": "send", "web.99": "keep", "web.17": "remove", "web.9": "remove"}
    assert [step.backup.number for step in steps] == [100, 99, 17, 9]


def test_the_newest_that_there_are_stay_whatever_numbers_are_missing_between_them() -> None:
    steps = plan(numbered("web", 50), numbered("web", 1, 2, 30), Wish(keep=3))
    assert deeds(steps) == {"web.50": "send", "web.30": "keep", "web.2": "keep", "web.1": "remove"}


def test_what_is_here_and_older_than_the_newest_is_not_sent() -> None:
    steps = plan(numbered("web", 1, 2, 3, 4), [], Wish(keep=2))
    assert deeds(steps) == {"web.4": "send", "web.3": "send", "web.2": "skip", "web.1": "skip"}


def test_nothing_but_numbered_files_of_the_names_is_touched() -> None:
    here = numbered("web", 9)
    there = [*numbered("web", 8), *numbered("webs", 1), *numbered("web.old", 1), *numbered("eb", 1)]
    assert deeds(plan(here, there, Wish(keep=1))) == {"web.9": "send", "web.8": "remove"}
    for name in ("web.8.part", "web.8x", "web", "web.", ".8", "web.-1", "web.1e3", "web.٣", "web.8\n"):
        assert backup_of(name, 1) is None


def test_another_size_is_told_and_nothing_of_that_name_is_removed() -> None:
    there = [*numbered("web", 1, 2, 3), *backups(["web.4"], size_bytes=11), *numbered("archives", 1)]
    steps = plan(numbered("web", 4, 5) + numbered("archives", 2), there, Wish(keep=1))
    assert deeds(steps) == {
        "archives.2": "send",
        "archives.1": "remove",
        "web.5": "send",
        "web.4": "refuse",
        "web.3": "skip",
        "web.2": "skip",
        "web.1": "skip",
    }
    assert reasons(steps)["web.4"] == "there it has 11 bytes, and here 10; it was left as it is"
    assert (
        reasons(steps)["web.1"] == "it is older than the newest, but stays: web.4 has to be looked at first"
    )


def test_numbers_that_begin_anew_stop_everything_of_their_name() -> None:
    there = numbered("web", 13, 14, 15, 16, 17)
    steps = plan(numbered("web", 1), there, Wish(keep=3))
    assert [step.deed for step in steps] == [Deed.REFUSE] + [Deed.KEEP] * 5
    assert "did the numbers begin anew?" in steps[0].reason

    steps = plan(numbered("web", 1), there, Wish(keep=3, restarted=frozenset({"web"})))
    assert deeds(steps) == {"web.1": "send"} | {each.file: "keep" for each in there}


def test_a_number_that_is_given_is_the_newest_that_counts() -> None:
    here = numbered("web", 13, 14, 15, 16)
    steps = plan(here, numbered("web", 12, 13), Wish(keep=2, names={"web": 15}))
    assert deeds(steps) == {"web.15": "send", "web.14": "send", "web.13": "remove", "web.12": "remove"}
    (step,) = plan(here, [], Wish(keep=2, names={"web": 17}))
    assert (step.deed, step.backup.file, step.reason) == (
        Deed.REFUSE,
        "web.17",
        "there is no such file here",
    )
    steps = plan(here, numbered("web", 16), Wish(keep=2, names={"web": 15}))
    assert steps[0].deed is Deed.REFUSE
    # one that was sent and is gone here is as good
    assert deeds(plan([], numbered("web", 15), Wish(keep=2, names={"web": 15}))) == {"web.15": "keep"}


def test_a_name_with_nothing_here_is_told_and_keeps_all() -> None:
    steps = plan([], numbered("web", 1, 2, 3), Wish(keep=1, names={"web": None}))
    assert deeds(steps) == {"web": "refuse", "web.3": "keep", "web.2": "keep", "web.1": "keep"}


def test_an_empty_backup_pushes_out_no_other() -> None:
    here = backups(["web.4"], size_bytes=0)
    steps = plan(here, numbered("web", 1, 2, 3), Wish(keep=2))
    assert deeds(steps) == {"web.4": "send", "web.3": "keep", "web.2": "skip", "web.1": "skip"}
    assert reasons(steps)["web.1"].endswith("but stays: web.4 is empty")


def test_two_files_of_one_number_are_told() -> None:
    for here, there in (
        (["web.7", "web.07"], ["web.6"]),
        (["web.8"], ["web.7", "web.007"]),
        (["web.7"], ["web.07", "web.1"]),
    ):
        steps = plan(backups(here), backups(there), Wish(keep=1))
        assert Deed.REFUSE in {step.deed for step in steps}
        assert Deed.REMOVE not in {step.deed for step in steps}


def test_a_run_removes_so_many_and_the_oldest_first() -> None:
    steps = plan(numbered("web", 20), numbered("web", *range(1, 20)), Wish(keep=5, most_removals=3))
    removed = [step.backup.number for step in steps if step.deed is Deed.REMOVE]
    assert removed == [3, 2, 1]
    assert reasons(steps)["web.4"].endswith("but stays: a run removes at most 3")


@pytest.mark.parametrize("keep", [0, -1])
def test_at_least_one_stays(keep: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Wish(keep=keep)


numbers = st.sets(st.integers(0, 30), max_size=12)


@given(here=numbers, there=numbers, keep=st.integers(1, 5), most=st.integers(0, 4))
def test_the_newest_are_never_removed_and_no_more_than_may_be(
    here: set[int], there: set[int], keep: int, most: int
) -> None:
    wish = Wish(keep=keep, most_removals=most)
    steps = plan(numbered("web", *here), numbered("web", *there), wish)
    of = {deed: {step.backup.number for step in steps if step.deed is deed} for deed in Deed}
    assert len(of[Deed.REMOVE]) <= most
    assert of[Deed.REMOVE] <= there
    assert of[Deed.SEND] <= here - there
    left = (there | of[Deed.SEND]) - of[Deed.REMOVE]
    newest = sorted(there | of[Deed.SEND], reverse=True)[:keep]
    assert set(newest) <= left
    if not of[Deed.REFUSE]:
        # and then there is nothing more to send
        again = plan(numbered("web", *here), numbered("web", *left), wish)
        assert Deed.SEND not in {step.deed for step in again}
    if of[Deed.REMOVE]:
        assert max(here) >= max(there)


@given(here=numbers, before=numbers, lost=numbers, added=numbers, keep=st.integers(1, 5))
def test_a_second_list_that_differs_takes_nothing_away(
    here: set[int], before: set[int], lost: set[int], added: set[int], keep: int
) -> None:
    after = (before - lost) | added
    said = disagreement(numbered("web", *before), numbered("web", *after), [])
    assert bool(said) == (after != before)
    # and one that agrees takes only what is older than what is there
    decided = removals(plan(numbered("web", *here), numbered("web", *before), Wish(keep=keep)), failed={})
    gone = {step.backup.number for step in decided if step.deed is Deed.REMOVE}
    assert len(before - gone) >= min(keep, len(before))
    assert not gone or min(before - gone) > max(gone)


def test_nothing_is_removed_of_a_name_of_which_something_did_not_get_there() -> None:
    here, there = numbered("web", 9), numbered("web", 5, 6, 7, 8)
    decided = removals(plan(here, there, Wish(keep=2)), failed={})
    assert deeds(decided) == {"web.5": "skip", "web.6": "skip", "web.7": "skip"}
    assert decided[0].reason == "it is older than the newest 2, but stays: web.9 is not there yet"
    there = numbered("web", 5, 9, 8)
    decided = removals(plan(here, there, Wish(keep=2)), failed={"web": "web.8"})
    assert deeds(decided) == {"web.5": "skip"}
    assert deeds(removals(plan(here, there, Wish(keep=2)), failed={})) == {"web.5": "remove"}
