"""Keys of a terminal."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.keys import Keys

from doorward.doors.ssh.keys import KeyReader


def keys(*pieces: str) -> list[str]:
    reader = KeyReader()
    return [
        str(press.key.value if isinstance(press.key, Keys) else press.key)
        for piece in pieces
        for press in reader.receive(piece)
    ]


def test_letters_and_controls_are_keys() -> None:
    assert keys("aé漢\x01\r\t\x7f") == ["a", "é", "漢", "c-a", "c-m", "c-i", "c-h"]


def test_sequences_are_known_however_they_come() -> None:
    assert keys("\x1b[A\x1bOB\x1b[1;5C") == ["up", "down", "c-right"]
    assert keys("\x1b", "[", "A", "x") == ["up", "x"]


def test_meta_is_escape_before_a_letter_and_never_before_a_digit() -> None:
    assert keys("\x1bf\x1b\x7f") == ["escape", "f", "escape", "c-h"]
    assert keys("\x1b9\x1b-x") == ["9", "-", "x"]


def test_what_is_not_known_is_dropped() -> None:
    assert keys("\x1b[999;999z\x1b[<0;1;1Mx\x1b[200~y\x1b[201~") == ["x", "y"]
    assert keys("\x1b[24;80Rx") == ["x"]


def test_an_escape_alone_is_dropped_in_time() -> None:
    reader = KeyReader()
    assert reader.receive("\x1b") == []
    reader.flush()
    assert [press.key for press in reader.receive("9")] == ["9"]


@given(st.text(max_size=40), st.integers(0, 40))
def test_any_chunking_gives_the_same_and_nothing_much_waits(text: str, at: int) -> None:
    assert keys(text[:at], text[at:]) == keys(text)
    reader = KeyReader()
    reader.receive(text)
    assert len(reader._text) <= 16


@given(st.text("\x1b[O;0123456789ABx~", max_size=60))
def test_no_sequence_waits_for_long(text: str) -> None:
    reader = KeyReader()
    reader.receive(text)
    assert len(reader._text) <= 16
