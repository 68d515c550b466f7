"""A scanner that knows the weaknesses of web applications looks the pages over."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.daemon import Daemon, running
from tests.doors.web.house import CONFIG, basic, web_address
from tests.doors.web_pages.site import Site

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(660),
    pytest.mark.needs_program("wapiti", package="wapiti"),
]

SCAN_SECONDS = 600
MODULES = (
    "backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,"
    "shellshock,sql,xss"
)
"""All that need neither the scanner's own site nor a list that it would fetch."""

COMMANDS = """
[commands.shown]
run = ["echo", "{word}"]
read_only = true
[commands.shown.parameters]
word = { type = "text", max = 200 }
[commands.written]
run = ["echo", "{word}", "{host}", "{stage}"]
[commands.written.parameters]
word = { type = "text", max = 200 }
host = { type = "hostname", default = "example.org" }
stage = { type = "choice", choices = ["testing", "production"], default = "testing" }
[commands.piped]
run = ["cat"]
input = true
"""
FORMS = ("written", "shown", "piped", "echo")
SUPERSEDED = frozenset(
    {
        # frame-ancestors of the policy says it, and browsers heed that alone where both are
        "X-Frame-Options is not set",
        # no browser has such a filter any more
        "X-XSS-Protection is not set",
        # of a site without TLS, which ours is on loopback alone
        "Strict-Transport-Security is not set",
    }
)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("scanned"), CONFIG + COMMANDS) as started:
        yield started
        assert "Traceback" not in started.log


def findings(url: str, *options: str, folder: Path, modules: str = MODULES) -> set[str]:
    """What a scan says of everything that it finds below `url`."""
    report = folder / "report.json"
    command = [
        "wapiti",
        "--url",
        url,
        "--scope",
        "folder",
        "--depth",
        "3",
        "--flush-session",
        "--no-bugreport",
    ]
    command += ["--module", modules, "--format", "json", "--output", str(report), *options, "--verbose", "1"]
    environment = {**os.environ, "HOME": str(folder)}
    scan = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SCAN_SECONDS, check=False
    )
    assert scan.returncode == 0, scan.stdout[-2000:] + scan.stderr[-2000:]
    # it came as far as what the forms begin
    assert "POST http" in scan.stdout, scan.stdout[-2000:]
    assert "/commands/written (" in scan.stdout, scan.stdout[-2000:]
    found = json.loads(report.read_text())
    return {
        f"{kind}: {each['method']} {each['path']}: {each['info']}"
        for part in ("vulnerabilities", "anomalies")
        for kind, all_of_them in found[part].items()
        for each in all_of_them
        if each["info"] not in SUPERSEDED
    }


def address_of(daemon: Daemon) -> str:
    host, port = web_address(daemon)
    return f"http://{host}:{port}"


def test_a_scanner_with_a_password_finds_nothing(daemon: Daemon, tmp_path: Path) -> None:
    login = ("--header", f"Authorization: {basic()}", "--header", "Accept: text/html")
    # a form for whoever sends a password with each request has no token: Origin is looked at there
    modules = MODULES.replace("csrf,", "")
    assert not findings(f"{address_of(daemon)}/", *login, folder=tmp_path, modules=modules)


def test_a_scanner_that_is_signed_in_finds_nothing(daemon: Daemon, tmp_path: Path) -> None:
    # below this folder there is no form that would sign it out
    base = f"{address_of(daemon)}/commands/"
    starts = [word for name in FORMS for word in ("--start", f"{base}{name}/form")]
    login = ("--header", Site(daemon).signed_in(), "--header", "Accept: text/html")
    assert not findings(base, *login, *starts, folder=tmp_path)
