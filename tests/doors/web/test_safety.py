"""Which requests are for us, and from a page of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.safety import host_name, is_foreign_fetch, is_known_host, is_ours

HOSTS = frozenset({"ops.example.org"})
OURS = "http://127.0.0.1:7024"


@pytest.mark.parametrize(
    "header",
    ["127.0.0.1", "127.0.0.1:7024", "[::1]:7024", "localhost:1", "a.localhost", "OPS.example.org:443",
     "ops.example.org.", "192.0.2.1"],
)  # fmt: skip
def test_an_address_localhost_and_a_listed_name_are_ours(header: str) -> None:
    assert is_known_host(header, hosts=HOSTS)


@pytest.mark.parametrize(
    "header",
    ["", "evil.example", "ops.example.org.evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
     "127.0.0.1@evil.example", "evil.example:7024", "127.0.0.1 evil", "[::1", "ops.example.org:99999999"],
)  # fmt: skip
def test_another_name_is_not(header: str) -> None:
    assert not is_known_host(header, hosts=HOSTS)


@given(header=st.text(max_size=300))
def test_no_header_breaks_the_reading(header: str) -> None:
    name = host_name(header)
    assert name == name.lower()
    assert is_known_host(header, hosts=HOSTS) in {True, False}


@pytest.mark.parametrize(
    ("headers", "is_so"),
    [
        ({}, True),
        ({"Origin": OURS}, True),
        ({"Origin": "http://127.0.0.1:7025"}, False),
        ({"Origin": "https://127.0.0.1:7024"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": OURS, "Sec-Fetch-Site": "cross-site"}, True),
    ],
)
def test_a_change_comes_from_a_page_of_ours_or_from_no_browser(
    headers: dict[str, str], *, is_so: bool
) -> None:
    assert is_ours(headers, own_origin=OURS) is is_so


def test_another_site_may_lead_here_but_fetch_nothing() -> None:
    assert not is_foreign_fetch({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert is_foreign_fetch({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert not is_foreign_fetch({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"})
    assert not is_foreign_fetch({})
