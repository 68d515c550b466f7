"""Terminal output to pieces of text: what it means, whatever the cut, and that nothing else gets through."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.pages.ansi import REWIND, AnsiReader, Piece, Rewind, Style, Text, styled

SPICY = st.lists(
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from(
            [
                *(b"\x1b[", b"\x1b[31m", b"\x1b[0m", b"\x1b[38;5;196m", b"\x1b[1;4", b"\x1b]0;", b"\x07"),
                *(b"\x1b\\", b"\x1b", b"\r", b"\n", b"\r\n", "é\u202e\x9b31m".encode(), b"\x1b(B", b"m"),
                *(b"text", b"[" * 70, b"\x1b[" + b"1" * 70, b"\xc3", b"\xff", b"\x1bP", b"\x18"),
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


def read(*chunks: bytes) -> list[Piece]:
    reader = AnsiReader()
    pieces = [piece for chunk in chunks for piece in reader.receive(chunk)]
    return joined([*pieces, *reader.finish()])


def joined(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, with neighbours of one style as one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Text) and isinstance(last, Text) and last.classes == piece.classes:
            found[-1] = Text(last.text + piece.text, piece.classes)
        else:
            found.append(piece)
    return found


@given(SPICY, st.data())
def test_any_cut_gives_the_same_pieces(data: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(data)), max_size=8)))
    chunks = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert read(*chunks) == read(data)
    assert read(*(data[at : at + 1] for at in range(len(data)))) == read(data)


@given(SPICY)
def test_no_control_but_lf_and_tab_gets_through_and_nothing_grows(data: bytes) -> None:
    reader = AnsiReader()
    pieces = reader.receive(data)
    assert len(reader._held) <= 70
    for piece in [*pieces, *reader.finish()]:
        if isinstance(piece, Text):
            assert piece.text
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", piece.text)
            assert re.fullmatch(r"[a-z]*(?:\d+)?(?: [a-z]+\d*)*", piece.classes)


@given(st.text(st.characters(exclude_categories=["C"]), max_size=50))
def test_plain_text_comes_through_as_it_is(text: str) -> None:
    shown = re.sub("[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]", "", text)
    assert (
        "".join(piece.text for piece in read(text.encode()) if isinstance(piece, Text))
        .replace("\u2028", "")
        .replace("\u2029", "")
        == shown
    )


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        (b"\x1b[31mred\x1b[0m not", [Text("red", "fg1"), Text(" not")]),
        (b"\x1b[1;91;44mx", [Text("x", "bold fg9 bg4")]),
        (b"\x1b[38;5;9mx\x1b[39my", [Text("x", "fg9"), Text("y")]),
        (b"\x1b[38:5:9mx", [Text("x", "fg9")]),
        (b"\x1b[38;2;250;5;5mx", [Text("x", "fg9")]),
        (b"\x1b[48;5;232mx", [Text("x", "bg0")]),
        (b"\x1b[4:3mx\x1b[24my", [Text("x", "underlined"), Text("y")]),
        (b"\x1b[8mhidden", [Text("hidden")]),
        (b"\x1b[mx", [Text("x")]),
        (b"\x1b]0;title\x07x", [Text("x")]),
        (b"\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\", [Text("link")]),
        (b"\x1bPsixel\nlost no more", [Text("\nlost no more")]),
        (b"\x1b[2J\x1b[Hx\x1b(By", [Text("xy")]),
        (b"one\r\ntwo\r\n", [Text("one\ntwo\n")]),
        (b"10%\r20%\r\n", [Text("10%"), REWIND, Text("20%\n")]),
        (b"\r\rx", [Text("x")]),
        (b"a\x08b\x07\x00c", [Text("abc")]),
        (b"\xff\xc3", [Text("\ufffd\ufffd")]),
        ("abc\u202edef".encode(), [Text("abcdef")]),
    ],
)
def test_what_a_terminal_would_obey_is_a_style_or_nothing(data: bytes, pieces: list[Piece]) -> None:
    assert read(data) == pieces


def test_a_style_goes_on_until_it_is_changed() -> None:
    reader = AnsiReader()
    assert reader.receive(b"\x1b[32mone") == [Text("one", "fg2")]
    assert reader.receive(b"two\x1b[3") == [Text("two", "fg2")]
    assert reader.receive(b"mthree") == [Text("three", "italic fg2")]


def test_every_style_has_its_classes() -> None:
    style = styled(Style(), "1;2;3;4;7;9;35;102")
    assert style.classes == "bold faint italic underlined struck reversed fg5 bg10"
    assert styled(style, "22;23;24;27;29;39;49") == Style()


@pytest.mark.parametrize("parameters", ["38", "38;5", "38;2;1;2", "48;9;1", "999", ";;;", "38;5;999"])
def test_a_sequence_that_says_nothing_changes_nothing(parameters: str) -> None:
    assert styled(Style(), parameters) == Style()


def test_a_rewind_is_one_kind_of_piece() -> None:
    assert isinstance(REWIND, Rewind)
