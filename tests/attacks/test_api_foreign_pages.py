"""Pages of other sites have a browser ask the API: with its cookie, with its remembered Basic, by forms."""

import re
from collections.abc import Iterator

import pytest

from tests.attacks.api_house import CONFIG
from tests.doors.daemon import Daemon, running
from tests.doors.tls_peers import PASSWORD
from tests.doors.web_api.calls import Program, web_port

POSTED = "/api/v1/commands/lines/runs"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("pages"), CONFIG) as started:
        yield started


def nothing_ran(daemon: Daemon) -> bool:
    return bool(Program(daemon, "root").get("/api/v1/runs").json == {"runs": []})


@pytest.mark.parametrize("kind", FORM_TYPES)
def test_a_form_is_no_json(daemon: Daemon, kind: str) -> None:
    heard = Program(daemon).call("POST", POSTED, body=b'{"parameters": {}}', headers={"Content-Type": kind})
    assert heard.status == 415
    assert nothing_ran(daemon)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_begins_nothing(daemon: Daemon, headers: dict[str, str]) -> None:
    alice = Program(daemon)
    for path in (POSTED, "/api/v1/runs", "/api/v1/runs/1/cancel"):
        heard = alice.post(path, {"line": "lines"}, **headers)
        assert (heard.status, heard.headers["content-type"]) == (403, "application/problem+json")
    assert nothing_ran(daemon)


def test_another_port_of_this_host_is_another_site(daemon: Daemon) -> None:
    for origin in ("http://127.0.0.1:1", f"https://127.0.0.1:{web_port(daemon)}"):
        assert Program(daemon).post(POSTED, Origin=origin).status == 403
    assert nothing_ran(daemon)


def test_another_site_reads_nothing(daemon: Daemon) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Origin": "https://evil.example"}
    for path in ("/api/v1/runs", "/api/openapi.json", "/metrics", "/api/v1/whoami"):
        heard = Program(daemon, "root").get(path, **headers)
        assert heard.status == 403
        assert not any(name.startswith("access-control") for name in heard.headers)


def test_no_site_is_allowed_to_ask_first(daemon: Daemon) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    heard = Program(daemon).call("OPTIONS", POSTED, headers=headers)
    assert heard.status == 405
    assert not any(name.startswith("access-control") for name in heard.headers)


def test_a_name_that_was_made_to_mean_us_is_not_answered(daemon: Daemon) -> None:
    assert Program(daemon).get("/api/v1/whoami", Host="evil.example").status == 421


def test_a_cookie_alone_changes_nothing(daemon: Daemon) -> None:
    """A browser sends its cookie whoever made the page; what a page of ours knows besides has to come too."""
    nobody = Program(daemon, "")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    signed_in = nobody.call("POST", "/signin", body=f"name=alice&password={PASSWORD}".encode(), headers=form)
    assert signed_in.status == 303, signed_in
    cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    assert nobody.get("/api/v1/whoami", **cookie).json["user"] == "alice"
    for token in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 43}, {"X-CSRF-Token": "\xe9"}):
        for path in (POSTED, "/api/v1/runs/1/cancel"):
            heard = nobody.post(path, {}, **cookie, **token)
            assert (heard.status, heard.headers["content-type"]) == (403, "application/problem+json")
    assert nothing_ran(daemon)
    page = nobody.get("/commands/copy/form", Accept="text/html", **cookie).text
    known = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert known is not None, page
    assert nobody.post(POSTED, {}, **cookie, **{"X-CSRF-Token": known[1]}).status == 202
