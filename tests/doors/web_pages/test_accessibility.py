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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(site: Site, new_context: NewContext, scheme: str) -> None:
    context = new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(site.url("/signin"))
    faults = _faults(page, "sign in")
    page = site.sign_in(context)
    for name, go in PAGES.items():
        go(site, page)
        faults += _faults(page, name)
    page.set_viewport_size({"width": 320, "height": 640})
    for name in ("df", "runs"):
        PAGES[name](site, page)
        faults += _faults(page, f"{name} on a phone")
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


def _faults(page: Page, name: str) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{name}: {fault['id']}: {node['html'][:200]}: {node['failureSummary'][:300]}"
        for fault in found
        for node in fault["nodes"]
    ]
