"""What is kept of the matches of a conversation, however many and long they are."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.talk_matches import BEFORE_CHARACTERS, CHARACTERS, MATCHES, Found, KeptMatches


def found(
    step: int = 1, *, text: str = "OK", groups: list[str | None] | None = None, before: str = ""
) -> Found:
    return Found(
        step=step,
        pattern="OK",
        index=0,
        text=text,
        groups=groups or [],
        before=before,
        left_out_characters=0,
    )


def kept(*matches: Found) -> KeptMatches:
    keeps = KeptMatches()
    for each in matches:
        keeps.add(each)
    return keeps


def test_of_many_matches_the_last_are_told() -> None:
    keeps = kept(*(found(step) for step in range(MATCHES + 2)))
    assert keeps.left_out == 2
    assert [each["step"] for each in keeps.as_json()] == list(range(2, MATCHES + 2))


def test_what_came_before_the_oldest_matches_goes_first() -> None:
    fitting = CHARACTERS // BEFORE_CHARACTERS
    keeps = kept(*(found(step, before="b" * (BEFORE_CHARACTERS + 1)) for step in range(fitting + 1)))
    told = keeps.as_json()
    assert keeps.left_out == 0
    # the matches themselves take the place of one more
    assert [len(each["before"]) for each in told] == [0, 0] + [BEFORE_CHARACTERS] * (fitting - 1)
    left_out = [each["left_out_characters"] for each in told]
    assert left_out == [BEFORE_CHARACTERS + 1] * 2 + [1] * (fitting - 1)
    assert all(each["text"] == "OK" for each in told)


def test_a_match_that_is_too_long_for_others_stays_alone() -> None:
    keeps = kept(found(1), found(2, text="x" * CHARACTERS, groups=["x", None]), found(3))
    assert [each["step"] for each in keeps.as_json()] == [3]
    assert keeps.left_out == 2
    keeps.add(found(4, text="x" * CHARACTERS, groups=["x", None], before="b"))
    told = keeps.as_json()
    assert [(each["step"], each["before"], each["left_out_characters"]) for each in told] == [(4, "", 1)]
    assert told[0]["groups"] == ["x", None]
    assert keeps.left_out == 3


LENGTHS = st.one_of(st.integers(0, 100), st.integers(0, CHARACTERS // 2))


@given(lengths=st.lists(st.tuples(LENGTHS, LENGTHS, LENGTHS), max_size=40))
def test_the_bound_holds_and_all_is_counted(lengths: list[tuple[int, int, int]]) -> None:
    keeps = KeptMatches()
    for step, (text, group, before) in enumerate(lengths):
        keeps.add(found(step, text="t" * text, groups=["g" * group, None], before="b" * before))
        told = keeps.as_json()
        characters = [len(each["text"] + each["groups"][0] + each["before"]) for each in told]
        assert sum(characters) <= CHARACTERS or len(characters) == 1
        assert [each["step"] for each in told] == list(range(keeps.left_out, step + 1))
        for each in told:
            assert len(each["before"]) + each["left_out_characters"] == lengths[each["step"]][2]
