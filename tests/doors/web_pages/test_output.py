"""Both streams of an output as parts of a page."""

import asyncio

from doorward.core.launch import Stream
from doorward.doors.web.pages.ansi import Text
from doorward.doors.web.pages.output import (
    SHOWN_BYTES,
    SHOWN_PIECES,
    Part,
    read_parts,
    shown_chunks,
    skipped_bytes,
)
from doorward.service.transcript import Chunk

OUT, ERR = Stream.OUT, Stream.ERR


async def parts_of(chunks: list[Chunk], *, is_whole: bool) -> list[Part]:
    return (await read_parts(chunks, turn=asyncio.Lock(), is_whole=is_whole)).shown


async def test_streams_are_parts_of_their_own_each_with_its_style() -> None:
    chunks = [(OUT, b"\x1b[31mred"), (ERR, b"plain"), (OUT, b" still red")]
    assert await parts_of(chunks, is_whole=True) == [
        Part("out", (Text("red", "fg1"),)),
        Part("err", (Text("plain"),)),
        Part("out", (Text(" still red", "fg1"),)),
    ]


async def test_a_line_that_is_begun_anew_takes_its_styled_pieces_away() -> None:
    chunks = [(OUT, b"kept\n\x1b[1m10%\x1b[0m done\r20%"), (OUT, b"\r30%\n")]
    assert await parts_of(chunks, is_whole=True) == [Part("out", (Text("kept\n"), Text("30%\n")))]


async def test_what_is_half_there_waits_unless_nothing_more_comes() -> None:
    assert await parts_of([(OUT, b"a\xc3")], is_whole=False) == [Part("out", (Text("a"),))]
    assert await parts_of([(OUT, b"a\xc3")], is_whole=True) == [Part("out", (Text("a"), Text("\ufffd")))]
    assert await parts_of([], is_whole=True) == []


def test_the_start_of_a_large_output_is_left_out() -> None:
    assert skipped_bytes(SHOWN_BYTES) == 0
    assert skipped_bytes(SHOWN_BYTES + 3) == 3


async def test_of_many_pieces_the_last_are_shown_and_that_is_said() -> None:
    data = b"".join(b"\x1b[3%dm%d " % (number % 8, number) for number in range(3 * SHOWN_PIECES))
    parts = await read_parts([(OUT, data), (ERR, b"end")], turn=asyncio.Lock(), is_whole=True)
    out, err = parts.shown
    assert parts.is_cut
    assert len(out.pieces) + len(err.pieces) == SHOWN_PIECES
    assert out.pieces[-1].text == f"{3 * SHOWN_PIECES - 1} "
    assert not (await read_parts([(OUT, b"few")], turn=asyncio.Lock(), is_whole=True)).is_cut


def test_the_last_chunks_have_what_is_shown() -> None:
    chunks = [(OUT, b"x" * (SHOWN_BYTES // 2)) for _ in range(4)]
    assert len(shown_chunks(chunks)) == 2
    assert shown_chunks(chunks[:1]) == chunks[:1]
    assert shown_chunks([]) == []
