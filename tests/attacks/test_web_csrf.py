"""Another site's page cannot have a signed-in browser do anything here."""

import re

import pytest

from tests.doors.tls_peers import PASSWORD
from tests.doors.web.house import asked, basic, request
from tests.doors.web_pages.site import Site

FOREIGN = [
    "Origin: https://evil.example",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
]


def runs_of(site: Site, *fields: str) -> bytes:
    return site.get("/runs", *fields).body


@pytest.mark.parametrize("token", [None, "", "x", "é", 43 * "A"])
def test_a_form_without_the_sessions_own_token_is_refused(site: Site, token: str | None) -> None:
    cookie = site.signed_in()
    values = {} if token is None else {"_csrf": token}
    before = runs_of(site, cookie)
    for path in ("/commands/colours", "/runs/1/cancel", "/signout"):
        assert site.post(path, values, cookie).status == 403
    assert runs_of(site, cookie) == before


def test_the_token_of_another_session_is_no_better(site: Site) -> None:
    cookie, other = site.signed_in(), site.signed_in("bob")
    token = site.token_in(site.get("/commands/colours/form", other))
    assert site.post("/commands/colours", {"_csrf": token}, cookie).status == 403
    own = site.token_in(site.get("/commands/colours/form", cookie))
    assert site.post("/commands/colours", {"_csrf": own}, cookie).status == 303


@pytest.mark.parametrize("field", FOREIGN)
def test_what_a_browser_says_comes_from_elsewhere_is_refused_even_with_the_token(
    site: Site, field: str
) -> None:
    cookie = site.signed_in()
    token = site.token_in(site.get("/commands/colours/form", cookie))
    assert site.post("/commands/colours", {"_csrf": token}, cookie, field).status == 403
    # a password that a browser remembers has no token beside it: this is what protects it
    login = f"Authorization: {basic()}"
    assert site.post("/commands/colours", {}, login, field).status == 403
    assert site.post("/commands/colours", {}, login).status == 303
    # nor can a victim be signed in as somebody else
    assert site.post("/signin", {"name": "bob", "password": PASSWORD}, field).status == 403


def test_a_form_of_another_kind_is_not_read(site: Site) -> None:
    login = f"Authorization: {basic()}"
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
        sent = request("/commands/colours", f"Content-Type: {kind}", login, method="POST", body=b"{}")
        assert asked(site.daemon, sent).status == 415


def test_the_cookie_is_one_that_browsers_send_to_nobody_elses_request(site: Site) -> None:
    reply = site.post("/signin", {"name": "alice", "password": PASSWORD})
    name, *attributes = reply.header("Set-Cookie").split("; ")
    assert name.startswith(f"{site.cookie_name}=")
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=Strict"}


@pytest.mark.parametrize("came", ["cross-site", "same-site"])
def test_a_link_of_another_site_has_nothing_done_with_values_that_it_chose(site: Site, came: str) -> None:
    cookie, foreign = site.signed_in(), (f"Sec-Fetch-Site: {came}", "Sec-Fetch-Mode: navigate")
    path, login = "/shown?word=chosen", f"Authorization: {basic()}"
    assert b"chosen" in site.get(path, cookie, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate").body
    before = runs_of(site, cookie).count(b"/runs/")
    for shown in (login, cookie):
        assert b'name="word"' in site.get(path, shown, *foreign).body
    # without its cookie, which is strict, the browser is led on by a page of ours, or by the form to sign in
    asked_for = site.get("/signin?next=/shown%3Fword%3Dchosen", *foreign)
    goal = re.search(rb'name="next" value="([^"]+)"', asked_for.body)
    assert goal
    then = goal[1].decode().replace("&amp;", "&")
    assert b'name="word"' in site.get(then, cookie, "Sec-Fetch-Site: same-origin").body
    if came == "cross-site":
        led = asked_for.header("Refresh").partition("url=")[2]
        onwards = site.get(led, cookie, "Sec-Fetch-Site: same-origin").header("Location")
        assert onwards == then
    assert runs_of(site, cookie).count(b"/runs/") == before
