"""`doorward errands`, and a daemon that goes on them: a real web server, a real mail server."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.publishing import Postbox, Publisher, publishing, taking_mail
from tests.daemon import DOORS, Shell, StartDaemon
from tests.errands.feeds.documents import NVD

BOUND_SECONDS = 30.0

NEW = (
    b'<item rdf:about="urn:new"><title>CVE-2026-0001 (nc)</title><link>http://e.org/n</link></item></rdf:RDF>'
)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({"/nvd": ("application/rdf+xml", NVD.read_bytes())}) as server:
        yield server


@pytest.fixture
def box() -> Iterator[Postbox]:
    with taking_mail() as box:
        yield box


def configuration(publisher: Publisher, box: Postbox, *, every: str = "6h", path: str = "/nvd") -> str:
    return (
        f'[mail]\nserver = "127.0.0.1:{box.port}"\nfrom = "Watch <watch@example.org>"\n'
        f'bounces_to = "bounces@example.org"\n'
        f'[errands.feed.nvd]\nurl = "{publisher.url}{path}"\nevery = "{every}"\nto = ["alice@example.org"]\n'
    )


def publish_new(publisher: Publisher) -> None:
    kind, body = publisher.pages["/nvd"]
    publisher.pages["/nvd"] = (kind, body.replace(b"</rdf:RDF>", NEW))


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_new_in_the_national_vulnerability_database_is_mailed_once(
    publisher: Publisher, box: Postbox, shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(configuration(publisher, box))
    file.chmod(0o600)
    words = ("errands", "run", "--config", str(file), "--state", str(tmp_path / "state"))

    first = shell.run(*words, "feed.nvd")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        "feed.nvd: watched from now on, with 1,404 entries\nMessage 1 is delivered to alice@example.org.\n"
    )
    assert shell.run(*words, "nvd").stdout == "feed.nvd: nothing changed\n"
    publish_new(publisher)
    assert shell.run(*words, "nvd").stdout.startswith("feed.nvd: 1 of 1,405 entries is new and told\n")
    publisher.pages["/nvd"] = ("text/html", b"<!doctype html>")
    failed = shell.run(*words, "nvd")
    assert failed.returncode == 1
    assert "/nvd: this is an HTML page, not a feed" in failed.stderr

    assert box.subjects == ["nvd: watched from now on", "nvd: CVE-2026-0001 (nc)"]
    message = box.messages[1]
    assert (message["From"], message["To"]) == ("Watch <watch@example.org>", "alice@example.org")
    assert box.envelopes[1].mail_from == "bounces@example.org"
    assert message["List-Id"] == "<feed.nvd.example.org>"
    assert "1 new entry in National Vulnerability Database." in message.as_string()


def test_a_daemon_watches_by_the_clock_and_tells_what_is_new(
    publisher: Publisher, box: Postbox, start_daemon: StartDaemon
) -> None:
    daemon = start_daemon(DOORS + configuration(publisher, box, every="1s"))
    until(lambda: len(box.envelopes) == 1)
    publish_new(publisher)
    until(lambda: len(box.envelopes) == 2)
    assert box.subjects == ["nvd: watched from now on", "nvd: CVE-2026-0001 (nc)"]
    publisher.pages.clear()
    until(lambda: len(box.envelopes) == 3)
    assert box.subjects[2] == "nvd: cannot be read"
    (listed,) = json.loads(daemon.shell.run("schedules", "--json").stdout)
    assert (listed["schedule"], listed["timing"]) == ("feed.nvd", "every 1s")
    assert "answered 404" in listed["last"]["outcome"]["reason"]


def test_errands_are_listed(publisher: Publisher, box: Postbox, shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(configuration(publisher, box))
    file.chmod(0o600)
    listed = shell.run("errands", "list", "--config", str(file))
    assert listed.stdout == f"feed.nvd  every 6h  {publisher.url}/nvd  alice@example.org\n"
    (errand,) = json.loads(shell.run("errands", "list", "--config", str(file), "--json").stdout)
    assert (errand["errand"], errand["filter"], errand["tell_after"]) == ("feed.nvd", [], 3)
    unknown = shell.run("errands", "run", "--config", str(file), "nvdd")
    assert unknown.returncode == 1
    assert "there is no errand 'nvdd'; did you mean feed.nvd?" in unknown.stderr
