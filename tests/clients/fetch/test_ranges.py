import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.fetch.ranges import (
    Extent,
    extent_of,
    range_headers,
    retry_after_seconds,
    validator_of,
)
from doorward.core.fetching import FetchRequest

DATE = "Fri, 27 Nov 2026 08:00:00 GMT"
REST = FetchRequest(url="http://a/", from_bytes=10, validator='"v1"')
WHOLE = FetchRequest(url="http://a/")


def test_the_rest_is_asked_for_of_the_same_thing_only() -> None:
    assert range_headers(REST) == {"Range": "bytes=10-", "If-Range": '"v1"'}
    assert range_headers(WHOLE) == {}
    assert range_headers(FetchRequest(url="http://a/", from_bytes=10)) == {}


@pytest.mark.parametrize(
    ("status", "headers", "extent"),
    [
        (206, {"Content-Range": "bytes 10-99/100", "ETag": '"v1"'}, Extent(10, 100)),
        (206, {"Content-Range": "bytes 10-99/*"}, Extent(10, None)),
        (206, {"Content-Range": "bytes 10-99/100", "ETag": '"v2"'}, None),
        (206, {"Content-Range": "bytes 0-99/100"}, None),
        (206, {"Content-Range": "bytes 10-49/100"}, None),
        (206, {"Content-Range": "bytes 10-99/100", "Content-Encoding": "gzip"}, None),
        (206, {}, None),
        (206, {"Content-Type": "multipart/byteranges"}, None),
        (416, {"Content-Range": "bytes */10"}, None),
        (200, {"Content-Length": "100"}, Extent(0, 100)),
        (200, {"Content-Length": "100", "Content-Encoding": "br"}, Extent(0, None)),
        (200, {}, Extent(0, None)),
    ],
)
def test_a_part_is_taken_only_where_it_fits(
    status: int, headers: dict[str, str], extent: Extent | None
) -> None:
    assert extent_of(status, headers, REST) == extent


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"v1"'}, '"v1"'),
        ({"ETag": 'W/"v1"'}, ""),
        ({"ETag": '"v1"', "Content-Encoding": "gzip"}, ""),
        (
            {"Last-Modified": "Fri, 27 Nov 2026 07:58:00 GMT", "Date": DATE},
            "Fri, 27 Nov 2026 07:58:00 GMT",
        ),
        ({"Last-Modified": "Fri, 27 Nov 2026 07:59:30 GMT", "Date": DATE}, ""),
        ({"Last-Modified": "Fri, 27 Nov 2026 07:58:00 GMT"}, ""),
        ({"ETag": '"a\nb"'}, ""),
        ({}, ""),
    ],
)
def test_only_a_strong_validator_lets_a_fetch_go_on(headers: dict[str, str], validator: str) -> None:
    assert validator_of(headers) == validator


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 27 Nov 2026 08:00:30 GMT", 30.0),
        ("Fri, 27 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_server_says_when_to_come_back_by_its_own_clock(said: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": said, "Date": DATE}) == seconds


@given(text=st.text(max_size=40))
def test_whatever_a_server_says_is_read_without_an_error(text: str) -> None:
    names = ("Content-Range", "ETag", "Last-Modified", "Date", "Retry-After", "Content-Length")
    headers = dict.fromkeys(names, text)
    for status in (200, 206, 416):
        extent_of(status, headers, REST)
    validator_of(headers)
    retry_after_seconds(headers)
