"""Nothing that a command, a parameter, a user or a run says becomes markup or script of a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.doors.daemon import running
from tests.doors.web.house import CONFIG, asked, request
from tests.doors.web_pages.browsing import NewContext
from tests.doors.web_pages.site import Site

pytestmark = [
    pytest.mark.needs_program("chromium", package="chromium"),
    pytest.mark.may_block("the loop in this thread is playwright's, and waits for nobody else"),
]

MARKUP = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script></pre>&lt;b&gt;"
)

COMMANDS = r"""
[commands.say]
summary = "<script>document.title='owned'</script>"
run = ["echo", "{word}"]
read_only = true
[commands.say.parameters]
word = { type = "text", max = 256, summary = "\"><script>document.title='owned'</script>" }
[commands.both]
run = ["sh", "-c", "echo \"$0\"; echo \"$0\" >&2; printf '\\033[31m%s\\033[0m' \"$0\"; exit 3", "{word}"]
[commands.both.parameters]
word = { type = "text", max = 256 }
[commands.table]
run = ["printf", "Filesystem Size Used Avail Use%% Mounted on\\n<script>x</script> 1G 1G 1G 9%% /<b>\\n"]
[commands.df]
run = ["printf", "Filesystem Size Used Avail Use%% Mounted on\\n<script>x</script> 1G 1G 1G 9%% /<b>\\n"]
read_only = true
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A daemon whose commands say what a page must not obey."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    with running(folder, CONFIG + COMMANDS) as daemon:
        yield Site(daemon)


def assert_untouched(page: Page) -> None:
    assert page.title() != "owned"
    assert page.locator("main script, main img, main b").count() == 0


def test_output_goes_into_a_page_as_text_live_and_afterwards(hostile: Site, new_context: NewContext) -> None:
    page = hostile.sign_in(new_context(), then="/commands/both/form")
    page.get_by_label("word").fill(MARKUP)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".state strong")).to_have_text("Exit status 3")
    for _ in ("as it came", "as the server wrote it"):
        assert_untouched(page)
        text = "".join(page.locator(".part").all_text_contents())
        assert text.count(MARKUP) == 3
        expect(page.locator(".fg1")).to_have_text(MARKUP)
        expect(page.get_by_role("heading", level=1)).to_contain_text("onerror")
        page.reload()


def test_a_value_goes_back_into_its_form_as_text(hostile: Site, new_context: NewContext) -> None:
    page = hostile.sign_in(new_context(), then="/commands/say/form")
    assert_untouched(page)
    page.locator("form.sheet").evaluate("form => { form.noValidate = true }")
    wrong = '-"' + MARKUP
    page.locator("[name=word]").fill(wrong)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[name=word]")).to_have_value(wrong)
    expect(page.locator(".error")).to_contain_text("onerror")
    assert_untouched(page)


@pytest.mark.parametrize("path", ["/", "/runs", "/df", "/?q=%22%3E%3Cscript%3Ex%3C/script%3E"])
def test_summaries_runs_drawings_and_searches_are_text(
    hostile: Site, new_context: NewContext, path: str
) -> None:
    page = hostile.sign_in(new_context(), then=path)
    assert_untouched(page)


def test_names_and_paths_are_text(hostile: Site, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(hostile.url("/signin"))
    page.get_by_label("User name").fill('"><script>x</script>')
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("User name")).to_have_value('"><script>x</script>')
    assert_untouched(page)
    page = hostile.sign_in(new_context())
    for path in ("/whoami/<script>x</script>", "/<script>x</script>", "/commands/<b>/form", "/a/<b>/c"):
        page.goto(hostile.url(path))
        assert_untouched(page)


def test_a_download_and_a_plain_answer_are_never_taken_for_a_page(hostile: Site) -> None:
    cookie = hostile.signed_in()
    plain = asked(hostile.daemon, request("/say?word=%3Cscript%3E", cookie))
    assert b"<script>\n" in plain.body
    run = asked(hostile.daemon, request("/runs/1/download", cookie, "Accept: text/html"))
    assert run.header("Content-Disposition").startswith("attachment")
    for reply in (plain, run):
        assert reply.header("Content-Type") == "text/plain; charset=utf-8"
        assert reply.header("X-Content-Type-Options") == "nosniff"


def test_the_policy_lets_no_inline_script_or_style_run(hostile: Site, new_context: NewContext) -> None:
    reply = hostile.get("/signin")
    policy = reply.header("Content-Security-Policy")
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    for page in (reply, hostile.get("/", hostile.signed_in())):
        assert b" style=" not in page.body
        assert b"<style" not in page.body
        assert b"javascript:" not in page.body
        assert page.body.count(b"<script") == 1
