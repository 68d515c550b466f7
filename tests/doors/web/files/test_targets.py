"""Paths of requests, as names to look up."""

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.files.targets import Target, parse_target, with_slash

NAMES = st.lists(
    st.binary(min_size=1, max_size=30).filter(
        lambda name: not name.startswith(b".") and b"/" not in name and b"\0" not in name
    ),
    max_size=6,
)


@given(names=NAMES, is_folder=st.booleans())
def test_escaped_names_come_back_as_they_were(names: list[bytes], *, is_folder: bool) -> None:
    path = "".join("/" + quote_from_bytes(name, safe="") for name in names) + ("/" if is_folder else "")
    assert parse_target(path, shows_hidden=False) == Target(tuple(names), is_folder=is_folder)


@given(path=st.text(st.characters(codec="utf-8"), max_size=60), shows_hidden=st.booleans())
def test_no_name_that_comes_out_leads_anywhere_but_down(path: str, *, shows_hidden: bool) -> None:
    target = parse_target("/" + path, shows_hidden=shows_hidden)
    if target is None:
        return
    for name in target.names:
        assert name not in {b"", b".", b".."}
        assert b"/" not in name
        assert b"\0" not in name
        assert shows_hidden or not name.startswith(b".")


@pytest.mark.parametrize(
    "path",
    [
        "/..",
        "/../a",
        "/a/..",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a%2fb",
        "/a%00b",
        "/%",
        "/%zz",
        "/a/%2",
        "/.git/config",
        "a",
        "/" + "x" * 256,
        "/x" * 300,
        "/%2e",
        "/..%2f..%2fetc",
    ],
)
def test_a_path_that_no_file_can_have_names_nothing(path: str) -> None:
    assert parse_target(path, shows_hidden=False) is None


def test_an_escape_is_undone_once() -> None:
    assert parse_target("/%252e%252e", shows_hidden=False) == Target((b"%2e%2e",), is_folder=False)


def test_slashes_that_follow_each_other_are_one() -> None:
    assert parse_target("//a///b//", shows_hidden=False) == Target((b"a", b"b"), is_folder=True)


def test_hidden_names_can_be_asked_for_where_they_are_shown() -> None:
    assert parse_target("/.git/HEAD", shows_hidden=True) == Target((b".git", b"HEAD"), is_folder=False)


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/pub", "", "./pub/"),
        ("/pub/a b%20c", "sort=size", "./a%20b%20c/?sort=size"),
        ("//evil.example", "", "./evil.example/"),
        ("/a/javascript:alert(1)", "", "./javascript%3Aalert%281%29/"),
    ],
)
def test_the_way_to_a_folder_stays_on_this_host(path: str, query: str, place: str) -> None:
    assert with_slash(path, query) == place
