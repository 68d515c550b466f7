import pytest

from doorward.clients.fetch.addresses import read_address
from doorward.clients.fetch.redirects import MOST_REDIRECTS, Hop, next_hop
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, form_content

FORM = form_content((("p1", "6"),))
HEADERS = {"Accept": "text/html", "apiKey": "secret", "Cookie": "a=b", "Authorization": "Bearer x"}


def hop(url: str = "https://example.org/a/b", *, method: str = "", is_form: bool = False) -> Hop:
    request = FetchRequest(url=url, method=method, headers=HEADERS, body=FORM if is_form else None)
    return Hop(read_address(url), request)


def test_an_answer_that_leads_nowhere_is_the_last_one() -> None:
    assert next_hop(hop(), 200, "/c") is None
    assert next_hop(hop(), 301, "") is None
    assert next_hop(hop(), 304, "/c") is None


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/c?d", "https://example.org/c?d"),
        ("c", "https://example.org/a/c"),
        ("//example.org/c", "https://example.org/c"),
        ("https://example.org/c#part", "https://example.org/c"),
        ("https://mallory:x@example.org/c", "https://example.org/c"),
    ],
)
def test_a_redirect_is_followed_from_where_it_came(location: str, target: str) -> None:
    following = next_hop(hop(), 302, location)
    assert following is not None
    assert following.address.shown == target
    assert following.address.login is None
    assert following.request.headers == HEADERS
    assert following.is_first_origin


@pytest.mark.parametrize(
    "location", ["https://evil.example/", "https://example.org:444/", "https://www.example.org/"]
)
def test_nothing_that_may_be_secret_goes_to_another_server_and_comes_back_neither(location: str) -> None:
    there = next_hop(hop(), 302, location)
    assert there is not None
    assert there.request.headers == {"Accept": "text/html"}
    assert not there.is_first_origin
    back = next_hop(there, 302, "https://example.org/")
    assert back is not None
    assert not back.is_first_origin
    assert "apiKey" not in back.request.headers


def test_whether_a_page_has_changed_is_asked_of_the_server_that_has_it() -> None:
    conditions = {"If-None-Match": '"x"', "If-Modified-Since": "Thu, 26 Nov 2026 00:00:00 GMT"}
    request = FetchRequest(url="http://example.org/feed", headers={**conditions, "apiKey": "secret"})
    there = next_hop(Hop(read_address(request.url), request), 301, "https://example.org/feed")
    assert there is not None
    assert there.request.headers == conditions


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("http://example.org/", "leads from https to http://example.org/"),
        ("ftp://example.org/x", "only HTTP is followed"),
        ("file:///etc/passwd", "only HTTP is followed"),
        ("gopher://example.org/", "only HTTP is followed"),
        ("javascript:alert(1)", "only HTTP is followed"),
        ("https://[::1/", "no URL"),
        ("https://evil.example:0/", "no URL of HTTP"),
        ("https://evil example/", "no URL of HTTP"),
        ("https:// evil.example/", "no URL of HTTP"),
        ("https://evil%2eexample/", "no URL of HTTP"),
        ("//evil*example/", "no URL of HTTP"),
    ],
)
def test_where_we_do_not_go_is_an_error(location: str, problem: str) -> None:
    with pytest.raises(ConnectError, match=problem) as caught:
        next_hop(hop(), 302, location)
    assert caught.value.phase == "redirect"


def test_an_unencrypted_page_may_lead_to_an_encrypted_one_but_no_secret_with_it() -> None:
    following = next_hop(hop("http://example.org/"), 301, "https://example.org/")
    assert following is not None
    assert following.request.headers == {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("status", "method", "verb", "has_body"),
    [
        (301, "", "GET", False),
        (302, "", "GET", False),
        (303, "PUT", "GET", False),
        (307, "", "POST", True),
        (308, "PUT", "PUT", True),
        (302, "PUT", "PUT", True),
    ],
)
def test_a_form_is_sent_again_only_where_the_status_says_so(
    status: int, method: str, verb: str, *, has_body: bool
) -> None:
    following = next_hop(hop(method=method, is_form=True), status, "/c")
    assert following is not None
    assert (following.request.verb, following.request.body is not None) == (verb, has_body)


def test_a_form_is_not_taken_to_another_server() -> None:
    with pytest.raises(ConnectError, match="it would take what is sent to another server"):
        next_hop(hop(is_form=True), 307, "https://evil.example/")


def test_asking_for_a_head_stays_that() -> None:
    following = next_hop(hop(method="HEAD"), 303, "/c")
    assert following is not None
    assert following.request.verb == "HEAD"


def test_a_chain_without_end_is_left() -> None:
    chain: Hop | None = hop()
    for _ in range(MOST_REDIRECTS):
        assert chain is not None
        chain = next_hop(chain, 302, "/again")
    assert chain is not None
    with pytest.raises(ConnectError, match="more than 5 redirects"):
        next_hop(chain, 302, "/again")
