"""A daemon for the tests of the pages, and what they do there over and over."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page

from tests.doors.daemon import Daemon
from tests.doors.tls_peers import PASSWORD
from tests.doors.web.house import CONFIG as WEB_CONFIG
from tests.doors.web.house import USERS, Reply, asked, request, web_address

CONFIG = (
    WEB_CONFIG
    + USERS.replace("alice", "bob").partition("[users.root]")[0]
    + r"""
[commands.colours]
summary = "Colours and complaints"
run = ["sh", "-c", "printf '\\033[32mgreen\\033[0m plain\\n'; sleep 0.1; echo complaint >&2; exit 3"]
[commands.tick]
summary = "Count for as long as anybody looks"
run = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done"]
roles = ["guest"]
[commands.progress]
summary = "Draw progress"
run = ["sh", "-c", "for i in 1 2 3; do printf '\\rstep %s' $i; sleep 0.1; done; echo; echo ready"]
[commands.sort-lines]
summary = "Put lines in their order"
run = ["sort"]
input = true
[commands.flood]
summary = "More than a page shows"
run = ["seq", "1", "120000"]
[commands.df]
run = ["printf", "Filesystem Size Used Avail Use%% Mounted on\\n/dev/sda1 100G 95G 5G 95%% /srv\\n"]
read_only = true
[commands.slow-look]
summary = "Takes longer than one waits for"
run = ["sh", "-c", "echo begun; exec sleep 30"]
read_only = true
[commands.one-at-a-time]
run = ["sh", "-c", "echo begun; exec sleep 30"]
at_once = 1
[commands.shown]
summary = "What only reads, with a value"
run = ["echo", "{word}"]
read_only = true
[commands.shown.parameters]
word = { type = "text", max = 20 }
[commands.painted]
summary = "For painters"
run = ["echo", "painted"]
roles = ["painter"]
[commands.deploy]
summary = "Every kind of value"
run = ["echo", "{stage}", "{version}", "{tries}", "{slowly}", "{token}", "{host}"]
[commands.deploy.parameters]
stage = { type = "choice", choices = ["testing", "production"], summary = "Which stage" }
version = { type = "pattern", pattern = "[0-9]+", summary = "Which version" }
tries = { type = "integer", min = 1, max = 3, default = 2, summary = "How often" }
slowly = { type = "flag", on = "--slowly", summary = "One at a time" }
token = { type = "secret", min = 4, summary = "Token" }
host = { type = "hostname", default = "example.org" }
"""
)


@dataclass(frozen=True, slots=True)
class Site:
    """
    A daemon's web door.

    Attributes:
        daemon: behind it.
    """

    daemon: Daemon

    @property
    def address(self) -> str:
        return "http://{}:{}".format(*web_address(self.daemon))

    @property
    def cookie_name(self) -> str:
        return f"doorward-{web_address(self.daemon)[1]}"

    def url(self, path: str) -> str:
        return f"{self.address}{path}"

    def sign_in(self, context: BrowserContext, *, name: str = "alice", then: str = "/") -> Page:
        """A page of somebody who has signed in, where they wanted to go."""
        page = context.new_page()
        page.goto(self.url(then))
        page.locator("[name=name]").fill(name)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button").click()
        page.wait_for_url(self.url(then))
        return page

    def put_cookie(self, context: BrowserContext, name: str = "alice") -> None:
        """Have a browser signed in without the form."""
        key, _, value = self.signed_in(name).removeprefix("Cookie: ").partition("=")
        context.add_cookies([{"name": key, "value": value, "url": self.address}])

    def post(self, path: str, values: dict[str, str], *fields: str) -> Reply:
        """What comes for a form that no browser sent."""
        kind = "Content-Type: application/x-www-form-urlencoded"
        body = urlencode(values).encode()
        return asked(self.daemon, request(path, kind, *fields, method="POST", body=body))

    def signed_in(self, name: str = "alice", **values: str) -> str:
        """The Cookie header of a new session."""
        reply = self.post("/signin", {"name": name, "password": PASSWORD, **values})
        assert reply.status == 303, reply
        return "Cookie: " + reply.header("Set-Cookie").partition(";")[0]

    def get(self, path: str, *fields: str) -> Reply:
        return asked(self.daemon, request(path, "Accept: text/html", *fields))

    def token_in(self, reply: Reply) -> str:
        """The CSRF token of the first form of a page."""
        found = re.search(rb'name="_csrf" value="([^"]+)"', reply.body)
        assert found, reply.body
        return found[1].decode()
