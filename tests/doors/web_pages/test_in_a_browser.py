"""What a person does in a browser, done by Debian's Chromium at the real daemon."""

import re
import subprocess

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.doors.tls_peers import PASSWORD
from tests.doors.web_pages.browsing import NewContext
from tests.doors.web_pages.site import Site

pytestmark = [
    pytest.mark.needs_program("chromium", package="chromium"),
    pytest.mark.may_block("the loop in this thread is playwright's, and waits for nobody else"),
]


def run_by_form(page: Page, site: Site, name: str) -> None:
    page.goto(site.url(f"/commands/{name}/form"))
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/\d+$"))


def output_of(page: Page) -> str:
    return "".join(page.locator(".part").all_text_contents())


def test_one_who_signs_in_gets_to_where_they_wanted_to_go(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context, then="/df")
    expect(page.get_by_role("heading", name="df")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url("/signin"))
    page.goto(site.url("/df"))
    expect(page).to_have_url(re.compile(r"/signin\?next=/df$"))


def test_a_wrong_password_is_told_kindly_and_the_name_is_kept(site: Site, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(site.url("/signin"))
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("User name")).to_have_value("alice")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/"))


def test_the_catalogue_has_what_one_may_run_and_is_searched_as_one_types(
    site: Site, context: BrowserContext
) -> None:
    page = site.sign_in(context)
    headings = page.get_by_role("heading", level=2).all_text_contents()
    assert headings == ["Of this server", "Built in"]
    assert page.get_by_role("link", name="painted").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("LINES IN")
    expect(page.locator(".card:visible")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 command")
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/commands/sort-lines/form"))


def test_df_is_drawn_as_bars_beside_its_text(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.get_by_role("link", name="df", exact=True).click()
    row = page.get_by_role("row", name="/dev/sda1")
    expect(row).to_contain_text("100 GiB")
    expect(row).to_contain_text("95 %, nearly full")
    box = row.locator(".bar").bounding_box()
    part = row.locator(".bar-part").bounding_box()
    assert box is not None
    assert part is not None
    assert part["width"] / box["width"] == pytest.approx(0.95, abs=0.01)
    assert "/dev/sda1 100G 95G 5G 95% /srv" in output_of(page)


def test_the_load_is_drawn_for_as_long_as_the_page_is_open(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.clock.install()
    page.goto(site.url("/uptime"))
    line = page.locator("[data-chart] polyline").first
    expect(line).to_have_attribute("points", re.compile(r"^0\.0,\S+ 600\.0,\S+$"))
    for points in (2, 3):
        with page.expect_response(site.url("/uptime")):
            page.clock.run_for(10_000)
        expect(line).to_have_attribute("points", re.compile(rf"^(\S+,\S+ ?){{{points}}}$"))
    expect(page.locator("[data-figure='15 min']")).to_have_text(re.compile(r"^\d+\.\d\d$"))


def test_a_run_is_seen_as_it_goes_on_and_can_be_cancelled(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    run_by_form(page, site, "tick")
    expect(page.locator(".state strong")).to_have_text("Running")
    expect(page.locator(".part")).to_contain_text("tick 4")
    page.get_by_role("button", name="Pause").click()
    shown = output_of(page)
    elapsed = page.locator("[data-elapsed]").inner_text()
    expect(page.locator("[data-elapsed]")).not_to_have_text(elapsed)
    assert output_of(page) == shown
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".part")).to_contain_text("tick 8")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state strong")).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    numbers = [int(number) for number in re.findall(r"tick (\d+)\n", output_of(page))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_stderr_stands_apart_and_colours_are_classes(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    run_by_form(page, site, "colours")
    expect(page.locator(".state strong")).to_have_text("Exit status 3")
    expect(page.get_by_role("group", name="errors")).to_have_text("complaint\n")
    expect(page.locator(".part.out .fg2")).to_have_text("green")
    before = output_of(page)
    page.reload()
    assert output_of(page) == before
    expect(page.locator(".part.out .fg2")).to_have_text("green")


def test_a_line_that_is_written_over_is_shown_once(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    run_by_form(page, site, "progress")
    expect(page.locator(".state strong")).to_have_text("Done")
    expect(page.locator(".part")).to_have_text("step 3\nready\n", use_inner_text=True)
    page.reload()
    expect(page.locator(".part")).to_have_text("step 3\nready\n", use_inner_text=True)


def test_input_is_what_was_typed(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.goto(site.url("/commands/sort-lines/form"))
    page.get_by_label("Input").fill("pear\napple\n")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".state strong")).to_have_text("Done")
    assert output_of(page) == "apple\npear\n"


def test_a_large_output_is_bounded_in_the_page_and_whole_in_the_download(
    site: Site, context: BrowserContext
) -> None:
    page = site.sign_in(context)
    run_by_form(page, site, "flood")
    expect(page.locator(".state strong")).to_have_text("Done")
    expect(page.get_by_text("Only the last part is shown")).to_be_visible()
    shown = output_of(page)
    assert shown.endswith("119999\n120000\n")
    assert len(shown) < 300_000
    page.reload()
    assert output_of(page).endswith("119999\n120000\n")
    assert len(output_of(page)) < 300_000
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    downloaded = downloading.value
    assert re.fullmatch(r"flood-\d+\.txt", downloaded.suggested_filename)
    assert downloaded.path().read_text().splitlines() == [str(number) for number in range(1, 120_001)]


def test_the_servers_own_judgement_stands_at_the_field(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.goto(site.url("/commands/deploy/form"))
    page.get_by_label("Token").fill("squirrel")
    page.get_by_label("How often").fill("9")
    # what the browser itself would not send
    page.locator("form.sheet").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_label("Which stage")).to_be_focused()
    expect(page.get_by_label("Which stage")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("How often")).to_have_accessible_description(
        'Expected a whole number from 1 to 3, but got "9".'
    )
    expect(page.get_by_label("How often")).to_have_value("9")
    expect(page.get_by_label("Token")).to_have_value("")
    assert "squirrel" not in page.content()
    page.get_by_label("Which stage").select_option("testing")
    page.get_by_label("Which version").fill("12")
    page.get_by_label("How often").fill("3")
    page.get_by_label("One at a time").check()
    page.get_by_label("Token").fill("squirrel")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".state strong")).to_have_text("Done")
    expect(page.locator(".part")).to_contain_text("testing 12 3 --slowly /dev/fd/3 example.org")
    assert "squirrel" not in page.content()


def test_inputs_say_what_the_types_say(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.goto(site.url("/commands/deploy/form"))
    tries = page.get_by_label("How often")
    for name, value in {"type": "number", "min": "1", "max": "3", "step": "1"}.items():
        expect(tries).to_have_attribute(name, value)
    expect(tries).to_have_value("2")
    expect(page.get_by_label("Which version")).to_have_attribute("pattern", "[0-9]+")
    expect(page.get_by_label("Token")).to_have_attribute("type", "password")
    expect(page.get_by_label("host")).to_have_value("example.org")
    page.get_by_role("button", name="Run", exact=True).click()
    assert page.url.endswith("/commands/deploy/form")


def test_a_run_that_nc_began_is_seen_by_an_administrator_and_by_nobody_else(
    site: Site, new_context: NewContext
) -> None:
    with subprocess.Popen(
        ["nc", "127.0.0.1", str(site.daemon.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as nc:
        assert nc.stdin is not None
        assert nc.stdout is not None
        nc.stdin.write(b"tick\n")
        nc.stdin.flush()
        assert nc.stdout.readline() == b"What can I do for you?\n"
        assert nc.stdout.readline() == b"tick 1\n"
        page = site.sign_in(new_context(), name="root", then="/runs")
        row = page.get_by_role("row").filter(has_text="guest").first
        expect(row).to_contain_text("tcp")
        expect(row).to_contain_text("Running")
        row.get_by_role("link").click()
        expect(page.locator(".part")).to_contain_text("tick 1\ntick 2\n")
        number = page.url.rpartition("/")[2]
        other = site.sign_in(new_context(), then="/runs")
        assert other.get_by_role("row").filter(has_text="guest").count() == 0
        response = other.goto(site.url(f"/runs/{number}"))
        assert response is not None
        assert response.status == 404
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".state strong")).to_have_text("Cancelled")
        assert b"cancelled\n" in iter(nc.stdout.readline, b"")


def test_the_list_of_runs_renews_itself(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    run_by_form(page, site, "tick")
    number = page.url.rpartition("/")[2]
    runs = context.new_page()
    runs.goto(site.url("/runs"))
    row = runs.get_by_role("row").filter(has=runs.locator(f"a[href='/runs/{number}']"))
    expect(row).to_contain_text("Running")
    page.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("Cancelled")


def test_a_look_that_takes_long_goes_on_at_its_run(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.goto(site.url("/slow-look"))
    assert re.search(r"/runs/\d+$", page.url)
    expect(page.locator(".part")).to_have_text("begun\n")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state strong")).to_have_text("Cancelled")


def test_a_browser_that_likes_french_is_spoken_to_in_french(site: Site, new_context: NewContext) -> None:
    page = site.sign_in(new_context(locale="fr-FR"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Que puis-je faire pour vous ?")
    assert page.locator("html").get_attribute("lang") == "fr"
    page.goto(site.url("/df"))
    expect(page.get_by_role("columnheader", name="disponible")).to_be_visible()
    page.goto(site.url("/nothing"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Je n'ai rien compris.")


def test_everything_works_without_script(site: Site, new_context: NewContext) -> None:
    page = site.sign_in(new_context(java_script_enabled=False))
    page.get_by_role("searchbox").fill("count for")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("link", name="tick").click()
    page.get_by_role("button", name="Run", exact=True).click()
    # the page loads itself anew, and reading it keeps the run alive
    expect(page.locator(".part")).to_contain_text("tick 1\n")
    expect(page.locator(".part")).to_contain_text("tick 12\n")
    expect(page.locator("[data-notice]")).to_contain_text("renews itself", use_inner_text=True)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state strong")).to_have_text("Cancelled")
    page.goto(site.url("/df"))
    expect(page.locator(".bar")).to_be_visible()


def test_the_api_is_read_as_a_page_with_what_one_may_run(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.get_by_role("link", name="API").click()
    page.get_by_text("Every kind of value").click()
    expect(page.locator("details[open]")).to_contain_text("curl")
    expect(page.locator("details[open]")).to_contain_text("202")
    assert page.get_by_text("For painters").count() == 0


@pytest.mark.parametrize("path", ["/", "/runs", "/api", "/df", "/uptime", "/commands/deploy/form"])
def test_a_phone_scrolls_no_page_sideways(site: Site, new_context: NewContext, path: str) -> None:
    page = site.sign_in(new_context(viewport={"width": 320, "height": 640}), then=path)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_keyboard_alone_runs_a_command(site: Site, context: BrowserContext) -> None:
    page = site.sign_in(context)
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(site.url(focused))
