"""The article's pages, for curl and for a browser's plain requests."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.doors.daemon import running
from tests.doors.tls_peers import PASSWORD
from tests.doors.web.house import CONFIG, get
from tests.doors.web_pages.site import Site

CURL = pytest.mark.needs_program("curl", package="curl")
HTML = "Accept: text/html,application/xhtml+xml"


def curl(site: Site, path: str, *words: str) -> str:
    login = ["--user", f"alice:{PASSWORD}"]
    said = ["curl", "--silent", "--show-error", *login, *words, site.url(path)]
    return subprocess.run(said, check=True, capture_output=True, text=True, timeout=20).stdout


@CURL
def test_curl_gets_the_output_of_what_only_reads(site: Site) -> None:
    assert "load average" in curl(site, "/uptime")
    assert "/dev/sda1 100G 95G" in curl(site, "/df")
    assert curl(site, "/commands/df") == curl(site, "/df")
    assert curl(site, "/shown?word=hello+there") == "hello there\n"


@CURL
def test_curl_gets_the_catalogue_a_line_each(site: Site) -> None:
    lines = curl(site, "/").splitlines()
    assert re.fullmatch(r"colours +Colours and complaints", lines[0])
    assert any(re.fullmatch(r"uptime +How long .*", line) for line in lines)
    assert not any(line.startswith("painted") for line in lines)


@CURL
def test_an_unknown_command_is_answered_with_the_phrase(site: Site) -> None:
    assert curl(site, "/uptimes", "--write-out", "%{http_code}") == "I did not understand.\n404"
    french = curl(site, "/uptimes", "--header", "Accept-Language: fr")
    assert french == "Je n'ai rien compris.\n"


def test_what_changes_something_is_not_done_by_looking(site: Site) -> None:
    reply = get(site.daemon, "/tick")
    assert (reply.status, reply.header("Allow")) == (405, "POST")
    assert reply.body == b"tick may change something: it takes POST at /commands/tick\n"


@CURL
def test_whoami_shows_any_path_the_address_and_the_visitor(site: Site) -> None:
    told = curl(site, "/whoami/any/path?with=query")
    path, words = told.splitlines()
    assert path == "/whoami/any/path?with=query"
    assert re.fullmatch(
        r"You are alice, your address is 127\.0\.0\.1, and you are visitor \d+ since the start\.", words
    )


@CURL
def test_runs_are_text_for_curl(site: Site) -> None:
    curl(site, "/uptime")
    assert re.search(r"^RUN .*\n(.*\n)*\d+ .* web +uptime$", curl(site, "/runs"), re.MULTILINE)


def test_a_head_shows_what_a_get_would_have(site: Site) -> None:
    asked = subprocess.run(
        ["curl", "--silent", "--head", "--user", f"alice:{PASSWORD}", site.url("/df")],
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    ).stdout
    assert asked.startswith("HTTP/1.1 200")
    assert "Content-Type: text/plain; charset=utf-8" in asked


def test_a_browser_gets_a_page_with_the_output(site: Site) -> None:
    reply = get(site.daemon, "/df", HTML)
    assert reply.status == 200
    assert reply.header("Content-Type") == "text/html; charset=utf-8"
    assert b"/dev/sda1 100G 95G" in reply.body


def test_what_is_missing_or_wrong_is_said(site: Site) -> None:
    assert get(site.daemon, "/shown").status == 422
    assert get(site.daemon, "/shown?word=" + 21 * "x").status == 422
    assert get(site.daemon, "/shown?other=1").status == 422
    assert get(site.daemon, "/shown", HTML).status == 200
    assert get(site.daemon, "/shown?word=-x", HTML).status == 422
    assert get(site.daemon, "/painted").status == 403
    unknown = get(site.daemon, "/no/such/page")
    assert (unknown.status, unknown.body) == (404, b"I did not understand.\n")
    assert get(site.daemon, "/runs/999999", HTML).status == 404


def test_static_files_are_kept_for_ever_and_another_mark_is_not_there(site: Site) -> None:
    page = get(site.daemon, "/", HTML).body.decode()
    (style,) = re.findall(r'href="(/static/site\.[0-9a-f]{12}\.css)"', page)
    reply = get(site.daemon, style)
    assert reply.header("Cache-Control") == "public, max-age=31536000, immutable"
    assert reply.header("Content-Type") == "text/css; charset=utf-8"
    assert get(site.daemon, re.sub(r"[0-9a-f]{12}", "0" * 12, style)).status == 404
    assert get(site.daemon, "/static/..%2fansi.py").status == 404
    assert get(site.daemon, "/favicon.ico").header("Content-Type") == "image/svg+xml"


@CURL
@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        (
            "/cve/xyz",
            404,
            'id: expected the id of a vulnerability that is known, as CVE-2024-3094, got "xyz"\n',
        ),
        ("/cve/CVE-2021-27105", 404, "CVE-2021-27105"),
        ("/cve?since=yesterday", 422, "since: expected 12h, 7d, 2w or a day as 2026-11-01"),
        ("/cve?score=11", 422, "score: expected"),
    ],
)
def test_curl_is_told_what_is_wrong_by_text_and_status(site: Site, path: str, status: int, text: str) -> None:
    login = ["--user", f"root:{PASSWORD}"]
    told = curl(site, path, *login, "--write-out", "%{http_code}")
    assert text in told
    assert told.endswith(f"\n{status}")


@CURL
def test_curl_is_told_why_a_run_failed_with_nothing_else_to_say(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    own = f'[commands.lost]\nrun = ["{program}"]\nread_only = true\n'
    with running(tmp_path, CONFIG + own) as daemon:
        program.unlink()
        told = curl(Site(daemon), "/lost", "--write-out", "%{http_code}")
    assert re.fullmatch(r"\S.*\n500", told), told
