"""A cookie that somebody planted, or that was used before, is never the one of whoever signs in."""

from tests.doors.web_pages.site import Site


def test_a_planted_cookie_is_not_taken_over(site: Site) -> None:
    planted = f"Cookie: {site.cookie_name}={43 * 'A'}"
    reply = site.post("/signin", {"name": "alice", "password": "sesame"}, planted)
    assert reply.status == 303
    assert 43 * "A" not in reply.head
    assert site.get("/", planted).status == 303


def test_signing_in_again_ends_what_the_cookie_was_worth(site: Site) -> None:
    first = site.signed_in()
    token = site.token_in(site.get("/commands/colours/form", first))
    values = {"name": "bob", "password": "sesame", "_csrf": token}
    reply = site.post("/signin", values, first)
    second = "Cookie: " + reply.header("Set-Cookie").partition(";")[0]
    assert second != first
    assert site.get("/", first).header("Location").startswith("/signin")
    assert b"bob" in site.get("/", second).body


def test_signing_out_ends_it_and_takes_the_cookie_back(site: Site) -> None:
    cookie = site.signed_in()
    token = site.token_in(site.get("/", cookie))
    reply = site.post("/signout", {"_csrf": token}, cookie)
    assert reply.status == 303
    assert "Max-Age=0" in reply.header("Set-Cookie")
    assert site.get("/", cookie).header("Location").startswith("/signin")
    assert site.get("/signout", cookie).status in {303, 404, 405}
