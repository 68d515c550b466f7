"""Signing in where it does not go well: what a person is told, and with which status."""

import http.client
from pathlib import Path
from urllib.parse import urlencode

from tests.doors.daemon import BOUND_SECONDS, running
from tests.doors.tls_peers import PASSWORD
from tests.doors.web.house import web_address
from tests.doors.web_pages.site import CONFIG, Site

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


def test_a_wrong_pair_asks_no_browser_for_another_one_in_a_window_of_its_own(site: Site) -> None:
    reply = site.post("/signin", {"name": "alice", "password": "wrong"}, "Accept: text/html")
    assert reply.status == 403
    assert not reply.header("WWW-Authenticate")
    assert b"wrong" not in reply.body.replace(b"wrong name", b"")


def test_a_form_that_is_too_large_is_not_read(site: Site) -> None:
    reply = site.post("/signin", {"name": "alice", "password": "x" * 20_000})
    assert reply.status == 413


def test_fields_that_are_no_text_are_refused(site: Site) -> None:
    assert site.post("/signin", {f"name{n}": "" for n in range(600)}).status == 400


def test_whoever_comes_by_a_link_from_elsewhere_is_sent_on_with_their_cookie(site: Site) -> None:
    cookie = site.signed_in()
    # the browser holds a strict cookie back at first, and sends it once a page of ours asks
    first = site.get("/runs", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
    assert (first.status, first.header("Location")) == (303, "/signin?next=/runs")
    second = site.get("/signin?next=/runs", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
    assert second.header("Refresh") == "0; url=/signin?next=/runs"
    third = site.get("/signin?next=/runs", "Sec-Fetch-Site: same-origin", cookie)
    assert (third.status, third.header("Location")) == (303, "/runs")


def test_who_signs_in_gets_where_they_wanted_to_go_to_the_letter(site: Site) -> None:
    wanted = "/commands/shown?word=a%20%26%2541&q=%C3%A9"
    form = site.get(wanted).header("Location")
    reply = site.get(form)
    assert f'value="{wanted}"'.replace("&", "&amp;").encode() in reply.body
    assert site.get(form, site.signed_in()).header("Location") == wanted


def test_a_change_by_whoever_is_signed_in_no_more_leads_to_the_form(site: Site) -> None:
    reply = site.post("/commands/colours", {}, "Accept: text/html")
    assert (reply.status, reply.header("Location")) == (303, "/signin?next=/")


def test_the_password_stands_in_no_page(site: Site) -> None:
    reply = site.post("/signin", {"name": PASSWORD + "x", "password": PASSWORD}, "Accept: text/html")
    assert reply.body.count(PASSWORD.encode()) == 1


def test_whoever_fails_again_and_again_is_told_to_wait(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        peer = http.client.HTTPConnection(*web_address(daemon), timeout=BOUND_SECONDS)

        def sent() -> tuple[http.client.HTTPResponse, bytes]:
            peer.request("POST", "/signin", urlencode({"name": "alice", "password": "wrong"}), FORM)
            response = peer.getresponse()
            return response, response.read()

        response, page = sent()
        for _ in range(50):
            if response.status != 403:
                break
            response, page = sent()
        peer.close()
    assert response.status == 429
    assert response.headers["Retry-After"]
    assert b"Too many logins failed from where you are" in page
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
