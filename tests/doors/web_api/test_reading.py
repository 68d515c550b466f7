"""The OpenAPI document as a page, and as lines for curl."""

import html
import re
import shlex
import subprocess

import pytest

from tests.doors.web_api.calls import Program, basic

HTML = {"Accept": "text/html,application/xhtml+xml"}


def test_curl_is_shown_a_line_an_operation(alice: Program) -> None:
    heard = alice.get("/api")
    assert heard.headers["content-type"] == "text/plain; charset=utf-8"
    paths = alice.get("/api/openapi.json").json["paths"]
    assert len(heard.text.splitlines()) == sum(len(item.keys() - {"parameters"}) for item in paths.values())
    assert re.search(r"^POST  /api/v1/commands/lines/runs +Two lines$", heard.text, re.MULTILINE)


def test_a_browser_is_shown_a_page_of_what_its_user_may(alice: Program, bob: Program) -> None:
    page = alice.get("/api", **HTML).text
    assert "/api/v1/commands/greet/runs" in page
    assert "an integer from 1 to 10" in page
    assert "/api/v1/commands/greet/runs" not in bob.get("/api", **HTML).text
    french = alice.get("/api", **HTML, **{"Accept-Language": "fr"}).text
    assert '<html lang="fr">' in french
    assert "Le document OpenAPI" in french


@pytest.mark.needs_program("curl", package="curl")
def test_an_example_of_the_page_works(alice: Program) -> None:
    page = alice.get("/api", **HTML).text
    examples = [html.unescape(each) for each in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]
    example = next(each for each in examples if "/commands/greet/runs" in each)
    words = shlex.split(example)
    assert words[-2:] == ["--json", '{"parameters": {"name": "..."}}']
    shown = f"Authorization: {basic('alice')}"
    said = [shown if word == "@auth" else word for word in words]
    heard = subprocess.run([*said, "--silent"], capture_output=True, text=True, check=True, timeout=30)
    assert '"command":"greet"' in heard.stdout
