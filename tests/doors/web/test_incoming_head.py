"""The end of a head is found however it comes, and a head is known again."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.incoming_head import REPEATED_HEAD_BYTES, HeadState, IncomingHead

MOST_BYTES = 200
END = b"\r\n\r\n"

texts = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"GET / HTTP/1.1"]), max_size=20).map(b"".join)


@given(before=texts, behind=texts, cuts=st.lists(st.integers(1, 400)))
def test_a_head_ends_with_the_piece_that_holds_its_end(before: bytes, behind: bytes, cuts: list[int]) -> None:
    data = before + b"GET" + END + behind
    empty_bytes = len(data) - len(data.lstrip(b"\r\n"))
    end = data.find(END, empty_bytes) + len(END)
    head, at = IncomingHead(10_000), 0
    for cut in [*sorted(each for each in cuts if each < len(data)), len(data)]:
        state = head.receive(data[at:cut])
        assert state is (HeadState.ENDED if cut >= end else HeadState.OPEN)
        if state is HeadState.ENDED:
            break
        at = cut
    assert head.size_bytes == 0
    is_alone = not at and cut == end == len(data)
    assert head.is_repeated(data) == is_alone


@given(size_bytes=st.integers(1, 2 * MOST_BYTES), piece_bytes=st.integers(1, MOST_BYTES))
def test_a_head_may_be_so_long_and_no_longer(size_bytes: int, piece_bytes: int) -> None:
    data, head = b"a" * size_bytes + END, IncomingHead(MOST_BYTES)
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    states = []
    for piece in pieces:
        states.append(head.receive(piece))
        if states[-1] is HeadState.TOO_LONG:
            break
    if size_bytes > MOST_BYTES:
        assert states[-1] is HeadState.TOO_LONG
    elif size_bytes + len(END) <= MOST_BYTES:
        assert states[-1] is HeadState.ENDED


@given(empty=st.text("\r\n", max_size=2 * MOST_BYTES).map(str.encode), piece_bytes=st.integers(1, MOST_BYTES))
def test_empty_lines_before_a_head_are_counted_and_end_none(empty: bytes, piece_bytes: int) -> None:
    head = IncomingHead(MOST_BYTES)
    pieces = [empty[at : at + piece_bytes] for at in range(0, len(empty), piece_bytes)]
    for piece in pieces:
        state = head.receive(piece)
        assert not head.is_repeated(piece)
        if state is HeadState.TOO_LONG:
            break
        assert state is HeadState.OPEN
    else:
        assert len(empty) <= MOST_BYTES
        is_too_long = len(empty) + len(b"GET /") > MOST_BYTES
        assert head.receive(b"GET /" + END) is (HeadState.TOO_LONG if is_too_long else HeadState.ENDED)


def test_nothing_is_not_a_head_that_came_before() -> None:
    head = IncomingHead(MOST_BYTES)
    assert not head.is_repeated(b"")
    assert head.receive(b"GET /" + END + b"GET /") is HeadState.ENDED
    assert not head.is_repeated(b"")


def test_a_head_in_pieces_and_a_long_one_are_not_known_again() -> None:
    head = IncomingHead(10 * REPEATED_HEAD_BYTES)
    for pieces in ([b"GET", b" /" + END], [b"a" * REPEATED_HEAD_BYTES + END], [b"GET /" + END + b"GET"]):
        assert [head.receive(piece) for piece in pieces][-1] is HeadState.ENDED
        assert not head.is_repeated(b"".join(pieces))
    assert head.receive(b"GET /" + END) is HeadState.ENDED
    assert head.is_repeated(b"GET /" + END)
    assert not head.is_repeated(b"PUT /" + END)
    assert not IncomingHead(1).is_repeated(END)
