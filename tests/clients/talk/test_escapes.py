"""Text as it is typed, and the bytes that it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.escapes import unescaped


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("EHLO me", b"EHLO me"),
        (r"a\r\n\t\0\e\\b", b"a\r\n\t\0\x1b\\b"),
        (r"\xff\x00\u20ac€", b"\xff\x00" + "€€".encode()),
        ("\udcff", b"\xff"),
    ],
)
def test_each_escape_is_a_byte_or_a_letter(text: str, data: bytes) -> None:
    assert unescaped(text) == data


@pytest.mark.parametrize("text", ["\\", "a\\", r"\q", r"\x", r"\x1", r"\xgg", r"\u12", "\\é"])
def test_what_is_no_escape_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ValueError, match="is no escape"):
        unescaped(text)


@given(data=st.binary(max_size=40))
def test_every_byte_can_be_written(data: bytes) -> None:
    assert unescaped("".join(f"\\x{byte:02x}" for byte in data)) == data


@given(text=st.text(st.characters(exclude_characters="\\", exclude_categories=["Cs"]), max_size=40))
def test_what_has_no_backslash_is_itself(text: str) -> None:
    assert unescaped(text) == text.encode()
