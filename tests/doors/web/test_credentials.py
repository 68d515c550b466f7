"""What a request shows to say who it is from."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.secret import Secret
from doorward.doors.web.credentials import Bearer, Pair, Unreadable, read_authorization, read_cookie

NAMES = st.text().filter(lambda text: ":" not in text and text.isprintable())


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@given(name=NAMES, password=st.text(max_size=64).filter(str.isprintable))
def test_a_pair_is_read_as_it_was_written(name: str, password: str) -> None:
    shown = read_authorization(f"Basic {encoded(f'{name}:{password}')}")
    assert shown == Pair(name, Secret(password))


@given(header=st.text(max_size=200))
def test_no_header_breaks_the_reading(header: str) -> None:
    assert isinstance(read_authorization(header), Pair | Bearer | Unreadable)


def test_what_is_neither_is_unreadable() -> None:
    for header in (
        "",
        "Basic",
        "Basic !",
        f"Basic {encoded('nocolon')}",
        "Bearer ",
        "Digest a=b",
        "Basic /w==",
    ):
        assert read_authorization(header) == Unreadable(), header


def test_a_token_is_handed_on_as_it_is() -> None:
    assert read_authorization("bearer dw_a_b") == Bearer(Secret("dw_a_b"))


def test_a_huge_header_is_not_looked_at() -> None:
    assert read_authorization(f"Basic {encoded('a:' + 'b' * 5000)}") == Unreadable()


def test_a_cookie_is_found_among_others() -> None:
    assert read_cookie("a=1; doorward-7024=x=y ; b=2", "doorward-7024") == "x=y"
    assert read_cookie("xdoorward-7024=1; doorward-70245=1", "doorward-7024") == ""
    assert read_cookie("a=1;" * 100 + "doorward-7024=late", "doorward-7024") == ""
