"""No page has a fault that axe finds, in light and in dark, wide and on a phone."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.doors.web_pages.browsing import NewContext
from tests.doors.web_pages.site import Site

pytestmark = [
    pytest.mark.needs_program("chromium", package="chromium"),
    pytest.mark.may_block("the loop in this thread is playwright's, and waits for nobody else"),
]


def _visit(path: str) -> Callable[[Site, Page], None]:
    def go(site: Site, page: Page) -> None:
        page.goto(site.url(path))

    return go


def _run(name: str, *, until: str) -> Callable[[Site, Page], None]:
    def go(site: Site, page: Page) -> None:
        page.goto(site.url(f"/commands/{name}/form"))
        page.locator("main button.first").click()
        expect(page.locator(".state strong")).to_have_text(until)
        expect(page.locator(".part").first).to_be_visible()

    return go


def _wrong_form(site: Site, page: Page) -> None:
    page.goto(site.url("/commands/deploy/form"))
    page.locator("form.sheet").evaluate("form => { form.noValidate = true }")
    page.locator("main button.first").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _every_operation(site: Site, page: Page) -> None:
    page.goto(site.url("/api"))
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")


PAGES = {
    "sign in": _visit("/signin"),
    "catalogue": _visit("/"),
    "nothing found": _visit("/?q=nothing+like+that"),
    "form": _visit("/commands/deploy/form"),
    "wrong form": _wrong_form,
    "form with input": _visit("/commands/sort-lines/form"),
    "df": _visit("/df"),
    "uptime": _visit("/uptime"),
    "coloured run": _run("colours", until="Exit status 3"),
    "live run": _run("tick", until="Running"),
    "runs": _visit("/runs"),
    "api": _every_operation,
    "error": _visit("/nothing"),
    "whoami": _visit("/whoami/any/path"),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_light_and_in_dark(site: Site, new_context: NewContext, name: str) -> None:
    context = new_context()
    if name != "sign in":
        site.put_cookie(context)
    page = context.new_page()
    PAGES[name](site, page)
    faults = faults_of(page)
    page.emulate_media(color_scheme="dark")
    faults += faults_of(page, rules=["color-contrast"])
    page.set_viewport_size({"width": 320, "height": 640})
    faults += faults_of(page, rules=["color-contrast", "scrollable-region-focusable", "target-size"])
    assert not faults, "\n".join(faults)


def test_moving_parts_stand_still_for_whoever_asks(site: Site, new_context: NewContext) -> None:
    page = site.sign_in(new_context(reduced_motion="reduce"))
    _run("tick", until="Running")(site, page)
    assert page.locator(".state .dot").evaluate("dot => getComputedStyle(dot).animationName") == "none"


def test_what_comes_is_not_read_out_line_by_line_but_the_end_is(site: Site, new_context: NewContext) -> None:
    page = site.sign_in(new_context())
    _run("tick", until="Running")(site, page)
    expect(page.locator(".part")).to_contain_text("tick 2")
    assert page.locator("[aria-live]").count() == 0
    live = page.locator("[role=status]").all_text_contents()
    assert not any(re.search("tick", text) for text in live)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[role=status].state")).to_have_text("Cancelled")


def faults_of(page: Page, *, rules: list[str] | None = None) -> list[str]:
    options = {"runOnly": rules} if rules else {}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]}: {node['failureSummary'][:300]}"
        for fault in found
        for node in fault["nodes"]
    ]
