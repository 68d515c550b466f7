"""What a person is shown of what came."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.talking import PeerEnded, readable, safe_line, shown_text, words_of_patterns


@given(data=st.binary(max_size=80))
def test_whatever_came_is_shown_in_lines_that_command_nothing(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert safe_line(text).isprintable()
    for line in shown_text(text).splitlines():
        assert line.startswith("| ")
        assert line.isprintable()
    readable(text).encode()


def test_each_kind_of_letter_is_escaped_in_its_way() -> None:
    assert safe_line("a\x1b\n\t\x00é\u202e\x85\udc85\U000e0001") == (
        "a\\x1b\\n\\t\\x00é\\u202e\\u0085\\x85\\U000e0001"
    )
    assert readable("é\udcff") == "é\\xff"


def test_of_much_that_came_the_end_is_shown_and_the_rest_counted() -> None:
    text = "".join(f"line {number:3}\n" for number in range(100))
    shown = shown_text(text, left_out=5).splitlines()
    assert shown[0] == "(725 characters before)"
    assert shown[1:] == [f"| line {number:3}" for number in range(80, 100)]
    assert shown_text("x" * 10_000).splitlines() == ["(6000 characters before)", "| " + "x" * 4000]
    assert shown_text("whole\n") == "| whole"
    assert shown_text("") == ""


def test_an_error_has_what_came() -> None:
    error = PeerEnded("x:25", "read", "the peer ended", received="a\x1b\n", dropped_characters=3)
    assert str(error) == "x:25: read: the peer ended"
    assert error.shown == "(3 characters before)\n| a\\x1b"
    assert words_of_patterns(["^a", "b"]) == "'^a' or 'b'"
