"""A message is read in the encodings of text alone, whatever it names."""

import pytest

from doorward.cli.mail_shown import shown


@pytest.mark.parametrize(
    ("label", "text"), [("latin-1", "\xe9tda"), ("punycode", "\ufffdtda"), ("rot13", "\ufffdtda")]
)
def test_a_text_is_read_in_the_encoding_that_it_names_where_that_is_one_of_text(
    label: str, text: str
) -> None:
    message = f"Content-Type: text/plain; charset={label}\n\n".encode() + b"\xe9tda"
    assert shown(message).text == text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("=?koi8-r?b?8NLJ18XU?= you", "Привет you"),
        ("=?punycode?q?tda?=", "=?punycode?q?tda?="),
        ("=?no-such?q?tda?=", "=?no-such?q?tda?="),
    ],
)
def test_a_header_is_read_in_the_same_encodings_and_else_shown_as_it_is(written: str, value: str) -> None:
    assert shown(f"Subject: {written}\n\nx".encode()).headers == (("Subject", value),)


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("filename=plain.bin", "plain.bin"),
        ("filename*=utf-8''gr%C3%BC%C3%9Fe.bin", "grüße.bin"),
        ("filename*=punycode''tda", "tda"),
    ],
)
def test_a_file_has_the_name_that_the_message_gives_it(parameter: str, name: str) -> None:
    message = f"Content-Type: application/x\nContent-Disposition: attachment; {parameter}\n\nabc"
    (attached,) = shown(message.encode()).attached
    assert (attached.name, attached.size_bytes) == (name, 3)


def test_a_text_with_a_name_is_a_file() -> None:
    message = "Content-Type: text/plain; name=notes.txt\n\nabc"
    assert [each.name for each in shown(message.encode()).attached] == ["notes.txt"]
