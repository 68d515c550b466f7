import pytest

from doorward.core.fetching import Fetched, FetchRequest, Head, fetched, form_content, without_login


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain; charset=latin-1", b"\xe9", "\xe9"),
        ('text/plain; charset="UTF-8"', b"\xc3\xa9", "\xe9"),
        ("text/plain", b"\xff", "\ufffd"),
        ("text/plain; charset=no-such", b"a", "a"),
        ("text/plain; charset=hex", b"a", "a"),
        ("text/plain; charset=idna", b"\xff", "\ufffd"),
        ("text/plain; charset=punycode", b"tda", "tda"),
        ("text/plain; charset=utf-7", b"+AOk-", "+AOk-"),
    ],
)
def test_text_is_read_by_the_charset_that_the_server_names(kind: str, body: bytes, text: str) -> None:
    page = Fetched(url="http://a/", status=200, headers={"content-type": kind}, body=body)
    assert page.text == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://alice:secret@host/page", "http://host/page"),
        ("HTTP://alice:se/cret@host/page", "HTTP://host/page"),
        ("http://host/page?to=a@b", "http://host/page?to=a@b"),
        ("http://host/page", "http://host/page"),
        ("http://alice:se?cret@host/page", "http://host/page"),
        ("http://alice:12?cret@host/page", "http://host/page"),
        ("http://alice:se/c?ret@host/page", "http://host/page"),
        ("http://alice:se#c?ret@host/page", "http://host/page"),
        ("//alice:se?cret@host", "//host"),
        ("http://host?to=a@b", "http://host?to=a@b"),
        ("http://host:80/page?to=a@b", "http://host:80/page?to=a@b"),
        ("http://[::1]:80/page?to=a@b", "http://[::1]:80/page?to=a@b"),
        ("file:///page?to=a@b", "file:///page?to=a@b"),
    ],
)
def test_a_login_is_taken_out_of_what_is_shown(url: str, shown: str) -> None:
    assert without_login(url) == shown


def test_repeated_headers_are_joined_in_order() -> None:
    head = Head(url="http://a/", headers=(("Via", "one"), ("X", "y"), ("VIA", "two")))
    assert fetched(head, b"").headers == {"via": "one, two", "x": "y"}
    assert head.header("via") == "one, two"


def test_what_is_sent_says_the_method_unless_it_is_named() -> None:
    body = form_content((("p1", "6"), ("p2", "alpha & \u03c9")))
    assert body.data == b"p1=6&p2=alpha+%26+%CF%89"
    assert FetchRequest(url="http://a/").verb == "GET"
    assert FetchRequest(url="http://a/", body=body).verb == "POST"
    assert FetchRequest(url="http://a/", body=body, method="PUT").verb == "PUT"
