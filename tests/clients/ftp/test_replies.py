import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.ftp.replies import LINE_BYTES, REPLIES, REPLY_BYTES, Reply, ReplyReader
from doorward.core.errors import LineTooLong, ProtocolError

codes = st.builds(
    lambda first, second, third: first * 100 + second * 10 + third,
    st.integers(1, 5),
    st.integers(0, 5),
    st.integers(0, 9),
)
texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)


def formatted(reply: Reply) -> bytes:
    """It as a server writes it."""
    if len(reply.lines) == 1:
        return f"{reply.code} {reply.text}\r\n".encode()
    first, *middle, last = reply.lines
    inner = "".join(f"{line}\r\n" for line in middle)
    return f"{reply.code}-{first}\r\n{inner}{reply.code} {last}\r\n".encode()


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    code = draw(codes)
    inner = texts.filter(lambda line: not line.startswith(str(code)))
    lines = [draw(texts), *draw(st.lists(inner, max_size=4)), draw(texts)]
    return Reply(code, tuple(lines if draw(st.booleans()) else lines[:1]))


def read(data: bytes, *, seed: int | None = None) -> list[Reply]:
    """All replies in `data`, which comes in pieces that the seed cuts."""
    reader, found, chances = ReplyReader(), [], random.Random(seed)
    while data:
        size = len(data) if seed is None else chances.randint(1, 8)
        reader.receive_data(data[:size])
        data = data[size:]
        while (reply := reader.take_reply()) is not None:
            found.append(reply)
    return found


@given(st.lists(replies(), max_size=REPLIES), st.integers(0, 1000))
def test_what_is_written_is_read_in_any_chunking(written: list[Reply], seed: int) -> None:
    data = b"".join(map(formatted, written))
    assert read(data) == read(data, seed=seed) == written


@given(st.binary(max_size=300), st.integers(0, 1000))
def test_only_the_documented_error_escapes_and_any_chunking_ends_alike(data: bytes, seed: int) -> None:
    def ending(seed: int | None) -> object:
        try:
            return read(data, seed=seed)
        except ProtocolError as error:
            return str(error)

    assert ending(seed) == ending(seed + 1)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"220 here\r\n", ("here",)),
        (b"220 \n", ("",)),
        (b"220-a\r\n220-b\r\n220 c\r\n", ("a", "b", "c")),
        (b"220-a\r\n221 b\r\n 220 c\r\n\r\n220 d\r\n", ("a", "221 b", " 220 c", "", "d")),
        (b"220 caf\xe9\r\n", ("caf\udce9",)),
    ],
)
def test_lines_are_read_as_servers_write_them(data: bytes, lines: tuple[str, ...]) -> None:
    (reply,) = read(data)
    assert (reply.code, reply.lines) == (220, lines)


@pytest.mark.parametrize(
    "line", [b"", b"22 a", b"220", b"2200 a", b"620 a", b"170 a", b"000 a", b" 220 a", b"\xb2\xb2\xb0 a"]
)
def test_what_begins_no_reply_is_an_error(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="no reply of FTP"):
        read(line + b"\r\n")


def test_a_line_may_be_so_long_and_no_longer() -> None:
    longest = b"220 " + b"x" * (LINE_BYTES - 5) + b"\n"
    assert len(read(longest)) == 1
    for data in (b"220 x" + longest[4:], longest[:-1] + b"x"):
        for seed in (None, 1):
            with pytest.raises(LineTooLong):
                read(data, seed=seed)


def test_a_reply_may_be_so_long_and_no_longer() -> None:
    reader = ReplyReader()
    reader.receive_data(b"220-\r\n")
    for _ in range(REPLY_BYTES - 1):
        reader.receive_data(b"\n")
    with pytest.raises(LineTooLong, match=str(REPLY_BYTES)):
        reader.receive_data(b"\n")


def test_no_more_replies_wait_than_may() -> None:
    reader = ReplyReader()
    reader.receive_data(b"220 a\r\n" * REPLIES)
    with pytest.raises(ProtocolError, match="what nobody asked"):
        reader.receive_data(b"220 a\r\n")


def test_it_is_empty_when_nothing_waits_and_nothing_has_begun() -> None:
    reader = ReplyReader()
    assert reader.is_empty
    for data in (b"2", b"20-a\r\n", b"220 b\r\n"):
        reader.receive_data(data)
        assert not reader.is_empty
    assert reader.next_reply == reader.take_reply() == Reply(220, ("a", "b"))
    assert reader.is_empty
    assert reader.next_reply is None


def test_the_first_line_that_says_something_is_shown_and_not_more_of_it_than_can_be_read() -> None:
    assert Reply(220, ("", " a ", "b")).shown == "a"
    assert Reply(220, ("", "")).shown == ""
    assert len(Reply(220, ("x" * 4000,)).shown) == 200
