"""Both streams of an output as parts of a page."""

from doorward.core.launch import Stream
from doorward.doors.web.pages.ansi import Text
from doorward.doors.web.pages.output import SHOWN_BYTES, Part, parts_of, skipped_bytes

OUT, ERR = Stream.OUT, Stream.ERR


def test_streams_are_parts_of_their_own_each_with_its_style() -> None:
    chunks = [(OUT, b"\x1b[31mred"), (ERR, b"plain"), (OUT, b" still red")]
    assert parts_of(chunks, is_whole=True) == [
        Part("out", (Text("red", "fg1"),)),
        Part("err", (Text("plain"),)),
        Part("out", (Text(" still red", "fg1"),)),
    ]


def test_a_line_that_is_begun_anew_takes_its_styled_pieces_away() -> None:
    chunks = [(OUT, b"kept\n\x1b[1m10%\x1b[0m done\r20%"), (OUT, b"\r30%\n")]
    assert parts_of(chunks, is_whole=True) == [Part("out", (Text("kept\n"), Text("30%\n")))]


def test_what_is_half_there_waits_unless_nothing_more_comes() -> None:
    assert parts_of([(OUT, b"a\xc3")], is_whole=False) == [Part("out", (Text("a"),))]
    assert parts_of([(OUT, b"a\xc3")], is_whole=True) == [Part("out", (Text("a"), Text("\ufffd")))]
    assert parts_of([], is_whole=True) == []


def test_the_start_of_a_large_output_is_left_out() -> None:
    assert skipped_bytes(SHOWN_BYTES) == 0
    assert skipped_bytes(SHOWN_BYTES + 3) == 3
