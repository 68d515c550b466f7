"""Whoever signs in goes on to a page of ours, whatever the link said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.pages.signing import own_path
from tests.doors.web_pages.site import Site

FOREIGN = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%0d%0aSet-Cookie:x=y\r\n",
    "/a\\..\\evil",
    "javascript:alert(1)",
    "evil.example",
    "",
    " /runs",
    "/é",
    "/signin",
    "/signout",
    "/" + 3000 * "a",
]


@pytest.mark.parametrize("path", FOREIGN)
def test_anything_but_a_path_of_ours_becomes_the_first_page(site: Site, path: str) -> None:
    reply = site.post("/signin", {"name": "alice", "password": "sesame", "next": path})
    assert (reply.status, reply.header("Location")) == (303, "/")


@pytest.mark.parametrize("path", ["/", "/runs/12", "/df?a=%2F&b=c", "/whoami/a/b"])
def test_a_path_of_ours_is_kept(site: Site, path: str) -> None:
    reply = site.post("/signin", {"name": "alice", "password": "sesame", "next": path})
    assert reply.header("Location") == path


@given(st.text())
def test_whatever_is_kept_is_a_path_on_this_host(path: str) -> None:
    kept = own_path(path)
    assert kept.startswith("/")
    assert not kept.startswith(("//", "/\\"))
    assert kept.isascii()
    assert kept.isprintable()
