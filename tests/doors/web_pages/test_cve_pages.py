"""The pages about vulnerabilities, in a browser and for programs, and for whom there are none."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.cve_states import FIXABLE, HOSTILE, UNFIXED, make_state
from tests.doors.daemon import running
from tests.doors.web.house import CONFIG, asked, basic, request
from tests.doors.web_pages.browsing import NewContext
from tests.doors.web_pages.site import Site
from tests.doors.web_pages.test_accessibility import faults_of

pytestmark = [
    pytest.mark.needs_program("chromium", package="chromium"),
    pytest.mark.needs_program("dpkg-query", package="dpkg"),
    pytest.mark.may_block("the loop in this thread is playwright's, and waits for nobody else"),
]

OWN = '[commands.cve]\nrun = ["echo", "my own"]\nread_only = true\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A daemon that knows all that CISA knows; root may ask for it, alice may not."""
    with running(tmp_path_factory.mktemp("known"), CONFIG) as daemon:
        make_state(daemon.state)
        yield Site(daemon)


def page_of(site: Site, new_context: NewContext, path: str, **options: object) -> Page:
    context = new_context(**options)
    site.put_cookie(context, "root")
    page = context.new_page()
    page.goto(site.url(path))
    return page


def ids(page: Page) -> list[str]:
    return page.locator("tr[data-row]:visible .cve-id").all_text_contents()


def test_the_menu_leads_there_and_the_list_leads_to_one(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/")
    page.get_by_role("link", name="Vulnerabilities").click()
    expect(page.get_by_role("heading", name="Vulnerabilities", level=1)).to_be_visible()
    expect(page.locator("tr[data-row]")).to_have_count(100)
    expect(page.locator(".counted")).to_contain_text(
        re.compile(r"^1 to 100 of 1,4\d\d · without a score: 1,\d{3}$")
    )
    first = ids(page)[0]
    page.get_by_role("link", name=first, exact=True).click()
    page.wait_for_url(site.url(f"/cve/{first}"))
    expect(page.get_by_role("heading", name=first, level=1)).to_be_visible()
    away = page.get_by_role("link", name="At the NVD")
    assert away.get_attribute("href") == f"https://nvd.nist.gov/vuln/detail/{first}"
    assert away.get_attribute("rel") == "noreferrer"
    expect(page.get_by_role("link", name="At Debian's tracker")).to_be_visible()


@pytest.mark.parametrize("has_script", [True, False])
def test_the_form_filters_with_a_script_and_without(
    site: Site, new_context: NewContext, *, has_script: bool
) -> None:
    page = page_of(site, new_context, "/cve", java_script_enabled=has_script)
    page.get_by_label("With a word").fill("cisco")
    page.get_by_label("Score at least").fill("9")
    page.get_by_role("checkbox", name="Known to be exploited").check()
    page.get_by_label("First").select_option("the worst")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile(r"/cve\?"))
    assert {"word=cisco", "score=9", "kev=yes", "order=score"} <= set(page.url.partition("?")[2].split("&"))
    severities = page.locator("tr[data-row] .severity").all_text_contents()
    assert severities
    assert all(re.fullmatch(r"Critical (9\.\d|10\.0)", each) for each in severities)
    expect(page.get_by_label("With a word")).to_have_value("cisco")
    expect(page.get_by_role("checkbox", name="Known to be exploited")).to_be_checked()
    # who was not scored stands in a group of their own
    expect(page.locator(".cve-group")).to_contain_text("Without a score")
    page.get_by_role("link", name="Show all").click()
    page.wait_for_url(site.url("/cve"))


def test_pages_follow_each_other_and_headings_sort_the_whole_list_without_a_script(
    site: Site, new_context: NewContext
) -> None:
    page = page_of(site, new_context, "/cve", java_script_enabled=False)
    page.get_by_role("link", name="ID", exact=True).click()
    page.wait_for_url(site.url("/cve?order=id"))
    assert page.locator("th[aria-sort]").all_text_contents() == ["ID"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    first = sorted(ids(page))
    page.get_by_role("link", name="Next").click()
    page.wait_for_url(site.url("/cve?order=id&page=2"))
    second = ids(page)
    assert not set(first) & set(second)
    page.get_by_role("link", name="Previous").click()
    page.wait_for_url(site.url("/cve?order=id"))
    assert sorted(ids(page)) == first
    # behind the last page is the last
    page.goto(site.url("/cve?order=id&page=99"))
    assert 0 < len(ids(page)) < 100
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.get_by_role("link", name="Previous").click()
    assert len(ids(page)) == 100


def test_what_is_on_the_page_is_sorted_by_keyboard(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?product=accellion")
    before = ids(page)
    heading = page.get_by_role("button", name="ID")
    heading.focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[data-column=id]")).to_have_attribute("aria-sort", "ascending")
    assert ids(page) == sorted(before)
    page.keyboard.press("Enter")
    expect(page.locator("th[data-column=id]")).to_have_attribute("aria-sort", "descending")
    assert ids(page) == sorted(before, reverse=True)
    expect(page.get_by_role("status")).to_have_text("Sorted by ID, descending")
    page.get_by_role("button", name="EPSS").click()
    assert page.locator("th[aria-sort]").count() == 1
    # the likeliest first, what has none last
    assert ids(page)[0] == "CVE-2021-27104"


def test_rows_are_narrowed_as_one_types(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?product=accellion")
    page.get_by_label("With a word").press_sequentially("27104")
    assert ids(page) == ["CVE-2021-27104"]
    expect(page.get_by_role("status")).to_contain_text("1 of those on this page")
    page.get_by_label("With a word").fill("")
    assert len(ids(page)) == 4


def test_what_is_installed_has_the_version_to_upgrade_to(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?installed=yes")
    assert ids(page) == [FIXABLE, UNFIXED]
    expect(page.get_by_role("row", name=FIXABLE)).to_contain_text("bash upgrade to 99:1")
    expect(page.get_by_role("row", name=UNFIXED)).to_contain_text("no fix yet")
    page.goto(site.url(f"/cve/{FIXABLE}"))
    expect(page.locator(".exposures").first).to_contain_text(
        re.compile(r"bash \S+: upgrade to 99:1 \(bookworm\)")
    )
    expect(page.locator("dl.facts")).to_contain_text("85.1 % within 30 days")


def test_months_are_drawn_and_stand_there_as_words_and_figures(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?kev=yes")
    pictures = page.get_by_role("img")
    expect(pictures).to_have_count(2)
    label = pictures.nth(1).get_attribute("aria-label") or ""
    assert re.fullmatch(r"Exploited, \d+ at most, \d{4}-\d{2} . \d{4}-\d{2}", label)
    words = page.locator(".drawing > .hint").text_content() or ""
    found = re.search(r"(\d+) were published and (\d+) became known to be exploited", words)
    assert found, words
    page.get_by_text("The figures").click()
    exploited = page.locator(".figures-of td:nth-child(3)").all_text_contents()
    assert len(exploited) == 24
    assert sum(map(int, exploited)) == int(found[2])
    bars = page.locator(".month-exploited").evaluate_all(
        "all => all.map((each) => Number(each.getAttribute('height')))"
    )
    most = max(map(int, exploited))
    assert [round(bar / 100 * most) for bar in bars] == [int(count) for count in reversed(exploited)]


def test_a_wrong_value_is_told_beside_its_field(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?since=yesterday&score=11&word=cisco")
    expect(page.get_by_label("Changed since")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-since-error")).to_contain_text(
        'Expected 7d, 12h, 2w or 2026-11-01, but got "yesterday"'
    )
    expect(page.get_by_label("With a word")).to_have_value("cisco")
    page.goto(site.url("/cve?score=11"))
    expect(page.locator("#f-score-error")).to_contain_text("a number from 0 to 10")
    assert site.get("/cve?score=11", site.signed_in("root")).status == 422


def test_it_is_french_for_those_who_read_it(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?word=cisco&order=score", locale="fr-FR")
    expect(page.get_by_role("heading", name="Vulnérabilités", level=1)).to_be_visible()
    assert page.locator("tr[data-row] .severity").first.text_content() == "Critique 9,8"
    expect(page.locator(".cve-group")).to_contain_text("Sans score")
    expect(page.locator(".counted")).to_contain_text(re.compile("sans score\N{NO-BREAK SPACE}: \\d"))
    page.goto(site.url("/cve/CVE-2021-27104"))
    expect(page.locator("dl.facts")).to_contain_text("50,0 % sous 30 jours")


def test_on_a_phone_nothing_is_cut_off(site: Site, new_context: NewContext) -> None:
    phone = {"width": 320, "height": 640}
    page = page_of(site, new_context, "/cve?word=cisco", locale="fr-FR", viewport=phone)
    for path in ("/cve?word=cisco", "/cve?installed=yes", f"/cve/{FIXABLE}", "/cve/CVE-2022-20708"):
        page.goto(site.url(path))
        assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"], path


@pytest.mark.parametrize(
    "path", ["/cve?word=cisco", "/cve?installed=yes&since=x", f"/cve/{FIXABLE}", "/cve/CVE-2022-20708"]
)
def test_axe_finds_nothing_in_light_and_in_dark(site: Site, new_context: NewContext, path: str) -> None:
    page = page_of(site, new_context, path)
    faults = faults_of(page)
    page.emulate_media(color_scheme="dark")
    faults += faults_of(page, rules=["color-contrast"])
    page.set_viewport_size({"width": 320, "height": 640})
    faults += faults_of(page, rules=["color-contrast", "scrollable-region-focusable", "target-size"])
    assert not faults, "\n".join(faults)


def test_what_strangers_wrote_is_only_text(site: Site, new_context: NewContext) -> None:
    page = page_of(site, new_context, "/cve?word=onerror")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_contain_text(
        "\\x1b[31m<img src=x onerror=alert(2)> {{7*7}} \\u202etxt"
    )
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.locator("main img").count() == 0
    assert page.get_by_role("link", name="https://example.org/advisory?a=1&b=2").count() == 1
    # no link, and no way out by one
    assert page.get_by_role("link", name="javascript:alert(3)").count() == 0
    expect(page.get_by_text("javascript:alert(3)")).to_be_visible()
    assert page.get_by_role("link", name="At the NVD").count() == 0


# For whom there is none


def test_who_may_not_ask_sees_no_link_and_no_page(site: Site) -> None:
    cookie = site.signed_in("alice")
    assert b'href="/cve"' not in site.get("/", cookie).body
    for path in ("/cve", "/cve/CVE-2021-27104"):
        assert site.get(path, cookie).status == 403
    assert site.get("/cve").status == 303
    audited = site.daemon.audited(event="refusal", who="alice", command="cve")
    assert audited["door"] == "web"


def test_each_look_is_a_run_of_the_command_that_is_written_down(site: Site) -> None:
    assert site.get("/cve?word=samba", site.signed_in("root")).status == 200
    line = site.daemon.audited(event="run", who="root", command="cve word=samba form=json")
    assert line["door"] == "web"


def test_curl_gets_what_the_command_says(site: Site) -> None:
    login = f"Authorization: {basic('root')}"
    listed = asked(site.daemon, request("/cve?installed=yes", login))
    assert (listed.status, listed.header("Content-Type")) == (200, "text/plain; charset=utf-8")
    assert [line.split()[0] for line in listed.body.decode().splitlines() if line.startswith("CVE-")] == [
        FIXABLE,
        UNFIXED,
    ]
    shown = asked(site.daemon, request("/cve/CVE-2021-27104", login))
    assert b"CVE-2021-27104: Accellion" in shown.body


def test_what_is_not_known_is_no_page(site: Site) -> None:
    cookie = site.signed_in("root")
    for path in ("/cve/CVE-1999-1", "/cve/-x", "/cve/%00"):
        assert site.get(path, cookie).status == 404
    assert site.get("/cve?page=x&nothing=1&order=", cookie).status == 200
    assert b"No vulnerability that is known passes" in site.get("/cve?word=nosuchword", cookie).body
    assert site.get("/cve?page=99999", cookie).status == 200


def test_an_empty_state_says_what_to_type(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        site = Site(daemon)
        reply = site.get("/cve", site.signed_in("root"))
        assert reply.status == 200
        assert b"<code>doorward cve watch --once</code>" in reply.body
        assert not (daemon.state / "doorward.db").exists()


def test_a_keeper_s_own_command_of_this_name_keeps_its_address(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG + OWN) as daemon:
        site = Site(daemon)
        reply = site.get("/cve", site.signed_in("root"))
        assert b"my own" in reply.body
        assert b'<nav aria-label="Main menu">' in reply.body
        assert b'<a href="/cve"' not in reply.body
