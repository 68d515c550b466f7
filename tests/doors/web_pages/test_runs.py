"""Runs between two looks of a browser, and what streams of them."""

import json
import re

import pytest

from tests.doors.peers import dial
from tests.doors.web.house import asked, reply_of, request, web_address
from tests.doors.web_pages.site import Site


def start(site: Site, cookie: str, name: str) -> str:
    token = site.token_in(site.get(f"/commands/{name}/form", cookie))
    return site.post(f"/commands/{name}", {"_csrf": token}, cookie).header("Location")


def cancel(site: Site, cookie: str, location: str) -> None:
    token = site.token_in(site.get(location, cookie))
    assert site.post(f"{location}/cancel", {"_csrf": token}, cookie).status == 303


def streamed(body: bytes) -> tuple[str, list[int]]:
    """The text of all events, and the offsets behind them."""
    data = re.findall(rb"^data: (\[.*\])\r?$", body, re.MULTILINE)
    offsets = [int(number) for number in re.findall(rb"^id: (\d+)\r?$", body, re.MULTILINE)]
    return "".join(text for each in data for _, text, _ in json.loads(each)), offsets


def test_a_run_that_waits_for_its_place_is_kept_for_a_browser_on_its_way(site: Site) -> None:
    cookie = site.signed_in()
    first = start(site, cookie, "one-at-a-time")
    second = start(site, cookie, "one-at-a-time")
    for _ in range(2):
        assert b"Waiting for a place" in site.get(second, cookie).body
    with dial(web_address(site.daemon)) as peer:
        peer.sendall(request(f"{second}/stream", cookie))
        assert peer.recv(4096).startswith(b"HTTP/1.1 200")
    assert b"Waiting for a place" in site.get(second, cookie).body
    cancel(site, cookie, first)
    with dial(web_address(site.daemon)) as peer:
        peer.sendall(request(f"{second}/stream", cookie))
        heard = b""
        while b"begun" not in heard:
            heard += peer.recv(4096)
    cancel(site, cookie, second)


@pytest.mark.parametrize("asked_by", ["offset", "header"])
def test_a_stream_goes_on_where_it_was_left(site: Site, asked_by: str) -> None:
    cookie = site.signed_in()
    location = start(site, cookie, "colours")
    with dial(web_address(site.daemon)) as peer:
        peer.sendall(request(f"{location}/stream", cookie))
        whole = reply_of(peer).body
    text, offsets = streamed(whole)
    assert sorted(text.splitlines()) == ["complaint", "green plain"]
    assert whole.count(b"event: end\nid: end\ndata: {}\n\n") == 1
    in_mid_word = len(b"\x1b[32mgr")
    for offset in (in_mid_word, offsets[0], offsets[-1]):
        if asked_by == "header":
            data = request(f"{location}/stream?offset=0", cookie, f"Last-Event-ID: {offset}")
        else:
            data = request(f"{location}/stream?offset={offset}", cookie)
        rest, _ = streamed(asked(site.daemon, data).body)
        assert text.endswith(rest)
        assert len(rest) < len(text)


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 40, "%C2%B2"])
def test_an_offset_that_is_no_number_is_refused(site: Site, offset: str) -> None:
    cookie = site.signed_in()
    location = start(site, cookie, "colours")
    assert site.get(f"{location}/stream?offset={offset}", cookie).status == 422


def test_a_head_of_a_stream_or_a_download_has_no_body_and_an_end(site: Site) -> None:
    cookie = site.signed_in()
    location = start(site, cookie, "colours")
    for path in ("stream", "download"):
        reply = asked(site.daemon, request(f"{location}/{path}", cookie, method="HEAD"))
        assert (reply.status, reply.body) == (200, b"")


def test_what_one_may_not_see_is_not_there(site: Site) -> None:
    location = start(site, site.signed_in(), "colours")
    other = site.signed_in("bob")
    for path in ("", "/stream", "/download"):
        assert site.get(location + path, other).status == 404
    token = site.token_in(site.get("/commands/colours/form", other))
    assert site.post(f"{location}/cancel", {"_csrf": token}, other).status == 404


def test_whoever_cancels_a_run_that_others_asked_for_too_is_taken_off_it(site: Site) -> None:
    alice, bob = site.signed_in(), site.signed_in("bob")
    location = start(site, alice, "slow-look")
    assert start(site, bob, "slow-look") == location
    token = site.token_in(site.get(location, alice))
    reply = site.post(f"{location}/cancel", {"_csrf": token}, alice)
    assert reply.status == 200
    assert b"goes on for others" in reply.body
    assert b"Running" in site.get(location, bob).body
    cancel(site, bob, location)
