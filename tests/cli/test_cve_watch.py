"""`doorward cve watch`: what it prints, and what it never prints twice."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from doorward.cli.cve_watch import watch as cve_watch
from tests.cli.publishing import Postbox, Publisher, publishing, taking_mail
from tests.daemon import Shell
from tests.errands.feeds.documents import rss

KEV = Path(__file__).parents[1] / "data" / "kev.json"
LOOK_SECONDS = 60.0
NEW = "CVE-2026-0001"


def short_kev() -> bytes:
    document = json.loads(KEV.read_bytes())
    document["vulnerabilities"] = document["vulnerabilities"][:30]
    document["count"] = 30
    return json.dumps(document).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    pages = {
        "/kev": ("application/json", short_kev()),
        "/feed": ("application/rss+xml", rss("<title>CVE-2025-1</title>", "<title>CVE-2025-1001</title>")),
        "/page": ("text/html", b"<!doctype html><title>Maintenance</title>"),
    }
    with publishing(pages) as server:
        yield server


@pytest.fixture
def box() -> Iterator[Postbox]:
    with taking_mail() as box:
        yield box


def publish_new(publisher: Publisher) -> None:
    document = json.loads(publisher.pages["/kev"][1])
    known = document["vulnerabilities"][0]
    document["vulnerabilities"].insert(0, known | {"cveID": NEW, "vulnerabilityName": "nginx \x1b[31m flaw"})
    document["count"] += 1
    publisher.pages["/kev"] = ("application/json", json.dumps(document).encode())


def watch(shell: Shell, *words: str) -> subprocess.CompletedProcess[str]:
    return shell.run("cve", "watch", "--state", "state", *words, seconds=LOOK_SECONDS)


def test_what_is_new_is_printed_once(publisher: Publisher, shell: Shell) -> None:
    words = ("--once", "--source", f"kev={publisher.url}/kev")
    first = watch(shell, *words)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(
        "This is watched from now on, and these answered: kev. 30 vulnerabilities match what is "
    )
    again = watch(shell, *words)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "doorward: cve watch: nothing new\n"
    publish_new(publisher)
    new = watch(shell, *words)
    assert new.stdout.startswith("1 new vulnerability since ")
    assert f"\n{NEW}: nginx [31m flaw\n" in new.stdout


def test_filters_choose_and_another_filter_is_no_news(publisher: Publisher, shell: Shell) -> None:
    source = ("--once", "--json", "--source", f"kev={publisher.url}/kev")
    first = json.loads(watch(shell, *source, "--word", "git").stdout)
    assert (first["errand"], first["is_first"], first["summed_up"]) == (None, True, 1)
    publish_new(publisher)
    other = json.loads(watch(shell, *source, "--word", "nginx", "--word", "citrix").stdout)
    assert (other["is_first"], other["changed"]) == (False, [])
    assert other["summed_up"] > 0
    (new,) = other["new"]
    assert new["id"] == NEW
    assert 'word "nginx"' in new["why"]
    (health,) = other["sources"]
    assert (health["source"], health["entries"], health["failures"]) == ("kev", 31, 0)


def test_what_none_of_the_sources_tells_is_told(publisher: Publisher, shell: Shell) -> None:
    words = ("--once", "--source", f"kev={publisher.url}/kev", "--installed", "--fixable", "--epss", "0.5")
    run = watch(shell, *words)
    assert run.returncode == 0
    assert "0 vulnerabilities match" in run.stdout
    assert [line.partition(", and")[0] for line in run.stderr.splitlines()] == [
        "doorward: --epss: only the source epss tells this",
        "doorward: --installed: only the source debian tells this",
        "doorward: --fixable: only the source debian tells this",
    ]
    listing = shell.run("cve", "list", "--state", "state", "--installed", "--json")
    assert (listing.returncode, json.loads(listing.stdout)["total"]) == (0, 0)
    assert listing.stderr == (
        "doorward: --installed: only the source debian tells this, and it never answered whole; "
        "that nothing passes does not say that nothing is vulnerable\n"
    )


def test_a_source_that_cannot_be_used_is_told_and_holds_up_no_other(
    publisher: Publisher, shell: Shell
) -> None:
    feed, page = f"{publisher.url}/feed", f"{publisher.url}/page"
    dead = "epss=http://127.0.0.1:1/epss"
    run = watch(shell, "--once", "--source", f"feed={feed}", "--source", f"kev={page}", "--source", dead)
    assert run.returncode == 125
    assert "2 vulnerabilities match" in run.stdout
    assert f"doorward: kev: {page}: " in run.stderr
    assert "doorward: epss: http://127.0.0.1:1/epss: connect: " in run.stderr


def test_an_errand_of_the_configuration_is_printed_and_mailed(
    publisher: Publisher, box: Postbox, shell: Shell
) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text(
        f'[mail]\nserver = "127.0.0.1:{box.port}"\nto = "alice@example.org"\n'
        f'[errands.cve.security]\nevery = "2h"\nsources = [{{ kind = "kev", url = "{publisher.url}/kev" }}]\n'
        f'[errands.feed.security]\nevery = "2h"\nurl = "{publisher.url}/feed"\n'
    )
    file.chmod(0o600)
    run = watch(shell, "--once", "--config", str(file), "security")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("security is watched from now on")
    assert run.stdout.endswith("Message 1 is delivered to alice@example.org.\n")
    publish_new(publisher)
    words = ("errands", "run", "--config", str(file), "--state", "state")
    assert shell.run(*words, "cve.security", seconds=LOOK_SECONDS).stdout.startswith("cve.security: 1 new\n")
    assert watch(shell, "--once", "--config", str(file), "cve.security").stdout == ""
    assert box.subjects == [
        "security: watched from now on, with 30 vulnerabilities",
        f"security: {NEW} (nginx [31m flaw)",
    ]
    both = shell.run(*words, "security")
    assert "there are several errands 'security': say feed.security or cve.security" in both.stderr
    unknown = watch(shell, "--once", "--config", str(file), "securty")
    assert "there is no errand 'cve.securty'; did you mean cve.security?" in unknown.stderr


def test_it_looks_again_until_it_is_interrupted(publisher: Publisher, shell: Shell) -> None:
    process = shell.start(
        "cve", "watch", "--state", "state", "--json", "--every", "1s", "--source", f"kev={publisher.url}/kev"
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["is_first"]
        publish_new(publisher)
        news: list[dict[str, object]] = []
        while not news:
            news = json.loads(process.stdout.readline())["new"]
        assert news[0]["id"] == NEW
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=LOOK_SECONDS)
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--source", "kevv"), "is none of kev, nvd, epss, debian, feed"),
        (("--source", "kve"), "did you mean kev?"),
        (("--word", ""), "there is nothing to look for in it"),
        (("--source", "feed"), "feed wants an address"),
        (("--source", "kev=nowhere"), "kev wants an address"),
        (("--source", "epss"), "it reckons those of others: name one more"),
        (("--every", "often"), "is no period"),
        (("--once", "--every", "2h"), "--once and --every"),
        (("--score", "11"), "11"),
        (("security", "--word", "nginx"), "the errand NAME says it all"),
    ],
)
def test_words_that_mean_nothing_are_told(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        cve_watch.main([*words], standalone_mode=False)


def test_mail_to_nobody_is_refused_before_anything_is_asked(shell: Shell) -> None:
    run = watch(shell, "--mail")
    assert (run.returncode, "names nobody; set `to` in it" in run.stderr) == (2, True)


def test_mail_goes_to_whom_the_configuration_names(publisher: Publisher, box: Postbox, shell: Shell) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text(f'[mail]\nserver = "127.0.0.1:{box.port}"\nto = "alice@example.org"\n')
    file.chmod(0o600)
    publisher.pages["/feed"] = ("application/rss+xml", rss("<title>CVE-2026-0002</title><guid>urn:1</guid>"))
    words = ("--once", "--mail", "--config", str(file), "--source", f"feed={publisher.url}/feed")
    assert "Message 1 is delivered" in watch(shell, *words).stdout
    assert box.subjects == ["vulnerabilities: watched from now on, with 1 vulnerability"]


def test_a_terminal_is_told_how_many_came_so_far(publisher: Publisher, shell: Shell) -> None:
    ours, theirs = os.openpty()
    words = ("cve", "watch", "--state", "state", "--once", "--source", f"kev={publisher.url}/kev")
    process = subprocess.Popen(
        shell.words(*words),
        cwd=shell.folder,
        env=dict(shell.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        printed, _ = process.communicate(timeout=LOOK_SECONDS)
        shown = os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
    assert printed.startswith(b"This is watched from now on")
    # it stands there while the source is read, and is gone before anything else is said
    assert shown == "\r\x1b[Kkev: 30 so far\r\x1b[K"
