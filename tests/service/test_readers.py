"""Readers of one transcript do not disturb each other, whatever they do when they are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS
from doorward.core.tables import Column, Table
from doorward.service.answer import DRAWN_BYTES, Answer
from doorward.service.transcript import MERGED_BYTES, Transcript
from tests.service.house import ALICE, BOB, House, Reader, program, user

SLOW = program("slow", read_only=True)
TABLE = Table((Column("size"),), ((1,),))


def explanations(caplog: pytest.LogCaptureFixture) -> str:
    """What the log explains of all failures."""
    return "".join(vars(record).get("exception", "") for record in caplog.records)


def drain(answer: Answer) -> list[tuple[Stream, bytes]]:
    taken = []
    while (chunk := answer.take()) is not None:
        taken.append(chunk)
    return taken


def streams_of(chunks: list[tuple[Stream, bytes]]) -> list[tuple[Stream, bytes]]:
    """Neighbours of one stream joined, as what they are cut into says nothing."""
    joined: list[tuple[Stream, bytes]] = []
    for stream, data in chunks:
        if joined and joined[-1][0] is stream:
            joined[-1] = (stream, joined[-1][1] + data)
        else:
            joined.append((stream, data))
    return joined


def test_one_that_never_reads_delays_nobody() -> None:
    house = House(SLOW)
    slow, quick = house.ask(ALICE, "slow"), house.ask(BOB, "slow")
    for number in range(100):
        house.child.write(b"%d " % number)
        assert quick.text.endswith(f"{number} ")
    house.child.end()
    assert quick.outcome == SUCCESS
    assert slow.answer.outcome is None
    assert slow.text == quick.text
    assert slow.answer.outcome == SUCCESS


def test_one_that_leaves_when_it_is_told_is_told_no_more() -> None:
    house = House(SLOW)
    told: list[str] = []

    def on_news() -> None:
        told.append("leaver")
        house.desk.leave(leaver)

    leaver = house.desk.ask(ALICE, "slow", on_news)
    other = house.ask(BOB, "slow")
    house.child.write(b"1")
    house.child.write(b"2")
    assert (told, other.told, other.text) == (["leaver"], 2, "12")


@pytest.mark.parametrize("ends", [False, True])
def test_one_that_another_makes_leave_is_not_told(*, ends: bool) -> None:
    house = House(SLOW)
    readers: list[Reader] = []
    first = house.desk.ask(ALICE, "slow", lambda: readers[0].leave())  # noqa: PLW0108 - filled later
    readers.append(house.ask(BOB, "slow"))
    if ends:
        house.child.end()
    else:
        house.child.write(b"x")
    assert readers[0].told == 0
    house.desk.leave(first)


@pytest.mark.parametrize("ends", [False, True])
def test_one_that_raises_when_it_is_told_breaks_neither_the_others_nor_the_run(
    *, ends: bool, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(SLOW, program("next"), limits=Limits(runs=1))

    def on_news() -> None:
        raise RuntimeError("a broken door")

    house.desk.ask(ALICE, "slow", on_news)
    other, waiting = house.ask(BOB, "slow"), house.ask(ALICE, "next")
    if not ends:
        house.child.write(b"x")
        house.child.write(b"y")
        assert (other.text, explanations(caplog).count("a broken door")) == ("xy", 1)
    house.child.end()
    assert other.outcome == SUCCESS
    assert len(house.children) == 2
    house.child.end()
    assert waiting.outcome == SUCCESS
    assert "a broken door" in explanations(caplog)
    house.assert_at_rest()


def test_one_that_asks_again_when_it_is_told_of_the_end_finds_everything_settled() -> None:
    house = House(program("once"), limits=Limits(runs=1, queue=0))
    asked: list[Answer] = []

    def on_news() -> None:
        if len(asked) < 5:
            asked.append(house.desk.ask(ALICE, "once", on_news))

    asked.append(house.desk.ask(ALICE, "once", on_news))
    for _ in range(5):
        house.child.end()
    assert [answer.number for answer in asked] == [1, 2, 3, 4, 5]
    assert all(answer.outcome == SUCCESS for answer in asked)
    house.assert_at_rest()


def test_one_that_attaches_again_when_it_is_told_reads_from_the_start() -> None:
    house = House(SLOW)
    again: list[Answer] = []

    def on_news() -> None:
        if not again:
            again.append(house.desk.ask(ALICE, "attach 1", lambda: None))

    house.desk.ask(ALICE, "slow", on_news)
    house.child.write(b"all of it")
    assert drain(again[0]) == [(Stream.OUT, b"all of it")]
    house.child.end()
    assert again[0].outcome == SUCCESS


def test_one_that_was_taken_off_takes_nothing_more() -> None:
    house = House(SLOW)
    one, _other = house.ask(ALICE, "slow"), house.ask(BOB, "slow")
    house.child.write(b"unread")
    one.cancel()
    house.child.write(b"more")
    assert (one.answer.take(), one.told) == (None, 2)
    house.child.end()
    assert one.outcome is not None
    assert one.outcome.exit_status == 143


@pytest.mark.parametrize("raises", [False, True])
def test_a_drawing_is_made_or_left_out_and_the_answer_is_whole(
    *, raises: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def read(output: bytes) -> Table:
        if raises:
            raise ValueError("a reader of a keeper's")
        assert output == b"out"
        return TABLE

    house = House(program("draw", reader=read))
    reader = house.ask(ALICE, "draw")
    house.child.write(b"out")
    house.child.write(b"err", Stream.ERR)
    assert reader.answer.drawing() is None
    house.child.end()
    assert reader.outcome == SUCCESS
    assert reader.answer.drawing() == (None if raises else TABLE)
    assert ("a reader of a keeper's" in explanations(caplog)) is raises


def test_what_is_large_cut_or_failed_is_not_drawn() -> None:
    house = House(program("draw", reader=lambda _: TABLE, output_bytes=DRAWN_BYTES + 1))
    for size_bytes, drawn in ((DRAWN_BYTES, TABLE), (DRAWN_BYTES + 1, None), (DRAWN_BYTES + 2, None)):
        reader = house.ask(ALICE, "draw")
        house.child.write(b"x" * size_bytes)
        house.child.end()
        assert reader.answer.drawing() == drawn


def test_output_byte_by_byte_takes_no_chunk_for_each() -> None:
    transcript = Transcript(100_000)
    answer = Answer(transcript, user("alice"), lambda: None)
    taken = []
    for _ in range(50_000):
        assert transcript.add(Stream.OUT, b"x")
        taken += drain(answer)
    assert len(taken) == 50_000
    assert len(transcript.chunks) <= 2 * 50_000 / MERGED_BYTES + 1
    assert transcript.stdout() == b"x" * 50_000


WRITTEN = st.lists(
    st.tuples(
        st.sampled_from(Stream),
        st.one_of(
            st.binary(min_size=1, max_size=5), st.integers(1, 2 * MERGED_BYTES).map(lambda n: b"x" * n)
        ),
        st.integers(0, 3),
    ),
    max_size=30,
)


@given(written=WRITTEN, late_from=st.integers(0, 30))
def test_every_reader_takes_all_of_it_in_order_whenever_it_reads(
    written: list[tuple[Stream, bytes, int]], late_from: int
) -> None:
    transcript = Transcript(1 << 20)
    now_and_then = Answer(transcript, user("alice"), lambda: None)
    at_last = Answer(transcript, user("alice"), lambda: None)
    late = Answer(transcript, user("alice"), lambda: None)
    taken: list[tuple[Stream, bytes]] = []
    for index, (stream, data, takes) in enumerate(written):
        transcript.add(stream, data)
        taken += [chunk for _ in range(takes) if (chunk := now_and_then.take()) is not None]
        if index == late_from:
            late = Answer(transcript, user("alice"), lambda: None)
    transcript.finish(SUCCESS)
    expected = streams_of([(stream, data) for stream, data, _ in written])
    for answer, before in ((now_and_then, taken), (at_last, []), (late, [])):
        complete = before + drain(answer)
        assert streams_of(complete) == expected
        assert all(data for _, data in complete)
        assert answer.outcome == SUCCESS
        assert answer.take() is None
