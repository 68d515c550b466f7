"""Vulnerabilities from a real web server, told by mail through Postfix, and read in the mailbox it wrote."""

import json
import os
import time
from collections.abc import Callable, Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.daemon import DOORS, Shell, StartDaemon
from tests.fetch_servers import Site
from tests.mail.messages import ALICE
from tests.mail.postfix import Postfix, running_postfix

pytestmark = [
    pytest.mark.needs_program("postfix", package="postfix"),
    pytest.mark.needs_program("nginx", package="nginx-light"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start Postfix"),
]

DATA = Path(__file__).parents[1] / "data"
LOOK_SECONDS = 60.0
BOUND_SECONDS = 40.0

RESCORED = "CVE-2021-45901"
REJECTED = "CVE-2022-24111"
EXPLOITED = "CVE-2021-31814"
NEW = "CVE-2026-0001"


@pytest.fixture(scope="module")
def postfix(root: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    certificate = root.issue(tmp_path_factory.mktemp("postfix"), "localhost")
    with running_postfix(certificate) as running:
        yield running


class Published:
    """The documents of the sources, which a test edits where nginx serves them."""

    def __init__(self, site: Site, name: str) -> None:
        self._folder = site.root / name
        self._folder.mkdir()
        self._edited_at = 2_000_000_000
        self.url = f"{site.plain}/{name}"
        for file in ("kev.json", "nvd-2.0-page.json", "nvd-rss-1.0.xml"):
            (self._folder / file).write_bytes((DATA / file).read_bytes())

    def edit(self, file: str, change: Callable[[Any], None]) -> None:
        """Change a document, as whoever publishes it would: by another file in its place."""
        document = json.loads((self._folder / file).read_text())
        change(document)
        fresh = self._folder / f".{file}"
        fresh.write_text(json.dumps(document))
        # nginx takes its tag from the time and the size
        self._edited_at += 1
        os.utime(fresh, (self._edited_at, self._edited_at))
        fresh.rename(self._folder / file)

    def configuration(
        self, postfix: Postfix, *, every: str = "6h", doors: str = "", with_feed: bool = True
    ) -> str:
        feed = f'{{ kind = "feed", url = "{self.url}/nvd-rss-1.0.xml" }}' if with_feed else ""
        return f"""
{doors}
[mail]
server = "127.0.0.1:{postfix.port}"
from = "Ops <ops@ops.example.org>"
to = "{ALICE}"
[errands.cve.security]
every = "{every}"
sources = [
    {{ kind = "kev", url = "{self.url}/kev.json" }},
    {{ kind = "nvd", url = "{self.url}/nvd-2.0-page.json" }},
    {feed}
]
"""


def rescore_and_reject(document: Any) -> None:
    for each in document["vulnerabilities"]:
        cve = each["cve"]
        if cve["id"] == RESCORED:
            cve["metrics"]["cvssMetricV31"][0]["cvssData"]["baseScore"] = 9.8
        if cve["id"] == REJECTED:
            cve["vulnStatus"] = "Rejected"


def exploit(document: Any) -> None:
    known = document["vulnerabilities"][0]
    for name in (EXPLOITED, NEW):
        document["vulnerabilities"].insert(0, known | {"cveID": name, "dateAdded": "2026-11-27"})
    document["count"] += 2


def parts(postfix: Postfix) -> list[str]:
    return ("\n" + postfix.mailboxes.text("alice")).split("\nFrom ")[1:]


def letters(postfix: Postfix) -> list[EmailMessage]:
    """The messages of the mailbox, as a mail reader has them."""
    found = []
    for part in parts(postfix):
        message = message_from_string(part.partition("\n")[2], policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return found


def await_letters(postfix: Postfix, count: int) -> list[EmailMessage]:
    deadline = time.monotonic() + BOUND_SECONDS
    while len(found := parts(postfix)) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} letters came"
        time.sleep(0.1)
    return letters(postfix)


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_what_is_new_and_what_changed_is_read_in_a_mailbox(
    postfix: Postfix, nginx: Site, shell: Shell
) -> None:
    before = len(parts(postfix))
    published = Published(nginx, "read")
    file = shell.folder / "doorward.toml"
    file.write_text(published.configuration(postfix))
    file.chmod(0o600)
    words = ("errands", "run", "--config", str(file), "--state", "state", "security")

    first = shell.run(*words, seconds=LOOK_SECONDS)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        f"cve.security: watched from now on, with 1,446 vulnerabilities\nMessage 1 is delivered to {ALICE}.\n"
    )
    again = shell.run(*words, seconds=LOOK_SECONDS)
    assert (again.returncode, again.stdout) == (0, "cve.security: nothing new\n")

    published.edit("nvd-2.0-page.json", rescore_and_reject)
    published.edit("kev.json", exploit)
    changed = shell.run(*words, seconds=LOOK_SECONDS)
    assert changed.stdout.startswith("cve.security: 1 new, 3 changed\nMessage 2 is delivered")

    summary, news = await_letters(postfix, before + 2)[before:]
    assert summary["Subject"] == "security: watched from now on, with 1,446 vulnerabilities"
    assert text_of(summary).count("\n  why: ") == 10
    assert "1,404 exploited" in text_of(summary)
    assert news["Subject"] == "security: 1 new, 3 changed, 2 exploited"
    assert news["List-Id"] == "<cve.security.ops.example.org>"
    text = text_of(news)
    fresh, _, old = text.partition("Changed (3)")
    assert f"Exploited (1)\n-------------\n\n{NEW}: " in fresh
    assert f"{EXPLOITED}: " in old
    assert "  changed: now exploited, since 2026-11-27\n" in old
    assert f"{RESCORED}: " in old
    assert "  changed: score 5.3 -> 9.8\n" in old
    assert f"{REJECTED}: " in old
    assert "  changed: rejected: the id was withdrawn\n" in old
    assert "kev: answered " in text
    assert ", with 1,406 entries" in text
    html = text_of(news, "html")
    assert f'<a href="https://nvd.nist.gov/vuln/detail/{NEW}">{NEW}</a>' in html


def test_a_daemon_tells_by_the_clock_and_goes_on_when_a_source_is_gone(
    postfix: Postfix, nginx: Site, start_daemon: StartDaemon
) -> None:
    before = len(parts(postfix))
    published = Published(nginx, "clock")
    text = published.configuration(postfix, every="2s", doors=DOORS, with_feed=False)
    daemon = start_daemon(text + "tell_after = 1\n")
    await_letters(postfix, before + 1)
    published.edit("kev.json", exploit)
    await_letters(postfix, before + 2)
    (nginx.root / "clock" / "kev.json").unlink()
    await_letters(postfix, before + 3)
    published.edit("nvd-2.0-page.json", rescore_and_reject)
    found = await_letters(postfix, before + 4)[before:]
    assert found[0]["Subject"] == "security: watched from now on, with 1,446 vulnerabilities"
    assert found[1]["Subject"] == "security: 1 new, 1 changed, 2 exploited"
    assert [str(each["Subject"]) for each in found[2:]] == [
        "security: no answer from kev",
        "security: 2 changed",
    ]
    assert "kev: answered " in text_of(found[3])
    assert "; failed " in text_of(found[3])
    (listed,) = json.loads(daemon.shell.run("schedules", "--json").stdout)
    assert (listed["schedule"], listed["timing"], listed["mail"]) == ("cve.security", "every 2s", None)
    assert daemon.shell.run("ask", "echo", "hello").stdout == "hello\n"
