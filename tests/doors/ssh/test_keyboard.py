"""What a terminal does to typed bytes."""

import time

from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.ssh.keyboard import LINE_BYTES, Keyboard, Typed

ECHO, VINTR, VEOF = 53, 1, 5


def typed(data: bytes, *, modes: dict[int, int] | None = None) -> tuple[list[tuple[Typed, bytes]], bytes]:
    """What came of it, and what was shown."""
    came = list(Keyboard(modes or {}).receive(data))
    lines: list[tuple[Typed, bytes]] = [
        (kind, line) for kind, line, _ in came if kind is not Typed.NOTHING_YET
    ]
    return lines, b"".join(shown for _, _, shown in came)


def test_a_line_is_handed_over_with_its_end_and_shown() -> None:
    assert typed(b"abc\rd\n") == ([(Typed.LINE, b"abc\n"), (Typed.LINE, b"d\n")], b"abc\r\nd\r\n")


def test_letters_words_and_lines_are_taken_back() -> None:
    assert typed("aé\x7f\x7f\x7fb\r".encode())[0] == [(Typed.LINE, b"b\n")]
    assert typed(b"one two  \x17x\r")[0] == [(Typed.LINE, b"one x\n")]
    assert typed(b"one two\x15\x17x\r")[0] == [(Typed.LINE, b"x\n")]
    assert typed("aé\x7f".encode())[1] == "aé\b \b".encode()


def test_taking_back_costs_no_more_than_what_is_taken() -> None:
    """A line of what is no UTF-8 took a millisecond to look at, at every key of thousands in a packet."""
    began_at = time.process_time()
    for line, keys in ((b"\x80" * 4000, b"x\x7f"), (b"x " * 2000, b"x\x17")):
        typed(line + keys * 8000)
    assert time.process_time() - began_at < 1


def test_ctrl_d_hands_over_what_there_is_and_ends_where_a_line_begins() -> None:
    assert typed(b"a\x04\x04")[0] == [(Typed.LINE, b"a"), (Typed.END, b"")]


def test_ctrl_c_forgets_the_line() -> None:
    assert typed(b"abc\x03d\r")[0] == [(Typed.INTERRUPT, b""), (Typed.LINE, b"d\n")]


def test_the_terminal_says_which_keys_do_it_and_whether_letters_are_shown() -> None:
    modes = {VINTR: 255, VEOF: 24, ECHO: 0}
    assert typed(b"a\x03\x04b\r\x18", modes=modes) == ([(Typed.LINE, b"a\x03\x04b\n"), (Typed.END, b"")], b"")


def test_a_line_without_end_takes_no_more() -> None:
    (line,), shown = typed(b"x" * (2 * LINE_BYTES) + b"\r")
    assert line == (Typed.LINE, b"x" * LINE_BYTES + b"\n")
    assert len(shown) == LINE_BYTES + 2


@given(st.binary(max_size=80), st.integers(0, 80))
def test_any_chunking_gives_the_same(data: bytes, at: int) -> None:
    whole, parts = Keyboard({}), Keyboard({})
    wanted = list(whole.receive(data))
    assert [*parts.receive(data[:at]), *parts.receive(data[at:])] == wanted
