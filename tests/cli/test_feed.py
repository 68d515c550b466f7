"""`doorward feed`, with a real web server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorward.cli.root import run
from tests.cli.publishing import Publisher, publishing
from tests.errands.feeds.documents import NVD, RSS_2_0, rss

REFUSED = "http://127.0.0.1:1/feed"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(
        {
            "/nvd": ("application/rdf+xml", NVD.read_bytes()),
            "/small": ("application/rss+xml", RSS_2_0.encode()),
            "/page": ("text/html", b"<!doctype html><p>Sorry"),
            "/broken": ("application/rss+xml", rss("<title>a & b</title>")),
        }
    ) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


Feed = Callable[..., Ran]


@pytest.fixture
def feed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Feed:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "STATE_DIRECTORY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def ran(*words: str) -> Ran:
        status = run(["feed", *words])
        return Ran(status, *capsys.readouterr())

    return ran


def test_the_titles_of_the_national_vulnerability_database_are_printed(
    publisher: Publisher, feed: Feed
) -> None:
    ran = feed(f"{publisher.url}/nvd")
    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[0] == f"National Vulnerability Database (RSS 1.0, 1,404 entries) {publisher.url}/nvd"
    assert lines[1].split() == [
        "2025-08-25",
        "CVE-2025-48384",
        "(git)",
        "https://web.nvd.nist.gov/view/vuln/detail?vulnId=CVE-2025-48384",
    ]
    assert sum("CVE-" in line for line in lines) == 1404


def test_a_dead_source_is_named_and_holds_up_no_other(publisher: Publisher, feed: Feed) -> None:
    urls = [REFUSED, f"{publisher.url}/page", f"{publisher.url}/small", f"{publisher.url}/gone"]
    ran = feed("--limit", "1", *urls)
    assert ran.status == 125
    assert ran.out.startswith(f"Café news (RSS 2.0, 1 of 2 entries) {publisher.url}/small\n2025-11-23  First")
    assert "Second" not in ran.out
    complaints = sorted(ran.err.splitlines())
    assert len(complaints) == 3
    assert complaints[0].startswith(f"doorward: {REFUSED}: connect: connection refused")
    assert complaints[1].startswith(f"doorward: {publisher.url}/gone: the server answered 404 (Not Found)")
    assert complaints[2].startswith(f"doorward: {publisher.url}/page: this is an HTML page, not a feed")
    assert feed(f"{publisher.url}/page", f"{publisher.url}/small").status == 1


def test_json_has_every_feed_in_the_order_asked_for(publisher: Publisher, feed: Feed) -> None:
    ran = feed("--json", f"{publisher.url}/page", f"{publisher.url}/small")
    page, small = json.loads(ran.out)
    assert ran.status == 1
    assert "HTML page" in page["error"]
    assert (small["error"], small["title"], small["updated"]) == (
        None,
        "Café news",
        "2025-11-24T10:00:00+00:00",
    )
    assert small["entries"][0] == {
        "key": "urn:1",
        "title": "First",
        "link": "http://feeds.example.org/1",
        "published": "2025-11-23T00:00:00+00:00",
        "authors": ["Ada"],
        "categories": ["one"],
        "summary": "It begins.",
    }


def test_an_ill_formed_feed_is_listed_and_it_is_said_that_it_was(publisher: Publisher, feed: Feed) -> None:
    ran = feed("--text", f"{publisher.url}/broken")
    assert ran.status == 0
    assert "\na & b\n" in ran.out
    assert "not well-formed XML" in ran.err
    assert "read leniently" in ran.err


def test_only_what_is_new_is_listed_and_the_server_is_asked_whether_there_is_any(
    publisher: Publisher, feed: Feed
) -> None:
    words = ["--new", "--json", f"{publisher.url}/small"]

    def new_titles() -> list[str]:
        (told,) = json.loads(feed(*words).out)
        return [entry["title"] for entry in told["entries"]]

    assert new_titles() == ["First", "Second"]
    assert new_titles() == []
    assert publisher.statuses == [200, 304]
    item = "<item><title>Third</title><guid>urn:3</guid></item></channel>"
    publisher.pages["/small"] = ("text/xml", RSS_2_0.replace("</channel>", item).encode())
    assert new_titles() == ["Third"]
    publisher.pages["/small"] = ("text/html", b"<html>")
    assert feed(*words).status == 1
    publisher.pages["/small"] = ("text/xml", RSS_2_0.encode())
    assert new_titles() == []


def test_what_a_stranger_wrote_cannot_deceive_a_terminal(publisher: Publisher, feed: Feed) -> None:
    title = "<title>\u202egnp.exe\u009b31m&amp;#x1b;[2J&amp;#x202e;</title>"
    body = rss(f"{title}<link>http://e.org/\u202e</link><description>\u009b2J{title}</description>")
    publisher.pages["/evil"] = ("text/xml", body.replace(b"<title>news", "<title>\u202enews".encode()))
    for form in ([], ["--text"], ["--json"]):
        ran = feed(*form, f"{publisher.url}/evil")
        assert "gnp.exe" in ran.out
        assert ran.out.replace("\n", "").isprintable()


def test_a_login_in_the_address_is_not_shown(publisher: Publisher, feed: Feed) -> None:
    url = publisher.url.replace("//", "//alice:hunter2@")
    ran = feed(f"{url}/small", f"{url}/page", f"{url}/gone", f"{url}/broken")
    assert "Café news" in ran.out
    assert "hunter2" not in ran.out + ran.err


def test_two_ways_to_print_are_refused(feed: Feed) -> None:
    ran = feed("--json", "--text", REFUSED)
    assert ran.status == 2
    assert "take one of them" in ran.err


ENDED_SECONDS = 30.0


def started(*words: str, home: Path, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "doorward", "feed", *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )


@pytest.mark.parametrize("form", [[], ["--new"]])
def test_a_reader_who_leaves_ends_it_quietly(publisher: Publisher, form: list[str], tmp_path: Path) -> None:
    urls = [f"{publisher.url}/nvd", f"{publisher.url}/small"]
    with started(*form, *urls, home=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(timeout=ENDED_SECONDS) == 141


@pytest.mark.parametrize("form", [[], ["--new"], ["--json"]])
def test_a_full_disk_behind_stdout_is_said_in_one_line(
    publisher: Publisher, form: list[str], tmp_path: Path
) -> None:
    with (
        open("/dev/full", "wb") as full,
        started(*form, f"{publisher.url}/nvd", home=tmp_path, stdout=full.fileno()) as process,
    ):
        _, said = process.communicate(timeout=ENDED_SECONDS)
    assert said == b"doorward: the system refused: [Errno 28] No space left on device\n"
    assert process.returncode == 125


def test_more_marks_than_there_may_be_are_told_in_one_line_that_names_the_feed(
    publisher: Publisher, feed: Feed, tmp_path: Path
) -> None:
    configuration = tmp_path / "doorward.toml"
    configuration.write_text("[limits]\nseen_marks = 1000\n")
    configuration.chmod(0o600)
    ran = feed("--config", str(configuration), "--new", f"{publisher.url}/nvd")
    assert ran.status == 1
    assert ran.err == (
        f"doorward: {publisher.url}/nvd: what was seen cannot be noted: there would be more marks than "
        "seen_marks of [limits], which is 1000\n"
    )
