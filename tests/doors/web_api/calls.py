"""What a program says to the API, and what it hears: a client of the standard library."""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.doors.daemon import BOUND_SECONDS, Daemon
from tests.doors.tls_peers import HASH, PASSWORD

WEB = '[doors.web]\nlisten = ["127.0.0.1:0"]\n'

USERS = f"""
[users.root]
password = "{HASH}"
roles = ["admin"]
[users.alice]
password = "{HASH}"
roles = ["operator"]
[users.bob]
password = "{HASH}"
"""

TORRENT_BYTES = 16 * 1024 * 1024
"""More than two sockets hold."""

COMMANDS = (
    f"""
[commands.torrent]
run = ["sh", "-c", "yes | head -c {TORRENT_BYTES}; exec sleep 1000"]
read_only = true
timeout_seconds = 1000
output_bytes = {2 * TORRENT_BYTES}
"""
    """
[commands.lines]
run = ["printf", 'one\\ntwo\\n']
summary = "Two lines"
[commands.both]
run = ["sh", "-c", "printf out; printf err >&2; exit 3"]
[commands.copy]
run = ["cat"]
input = true
[commands.hold]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
timeout_seconds = 1000
[commands.shared]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
read_only = true
timeout_seconds = 1000
[commands.briefly]
run = ["sleep", "1000"]
timeout_seconds = 1000
linger_seconds = 0.3
[commands.bytes]
run = ["printf", '\\377\\000\\303']
[commands.long]
run = ["sh", "-c", "yes | head -c 1048576"]
[commands.greet]
run = ["echo", "{name}", "{times}", "{loud}", "{key}", "{part}"]
roles = ["operator"]
[commands.greet.parameters]
name = { type = "text", summary = "Who" }
times = { type = "integer", min = 1, max = 10, default = 3 }
loud = { type = "flag", on = "-l" }
key = { type = "secret", required = false }
part = { type = "number", min = -1, max = 1, default = 0.5 }
"""
)

CONFIG = WEB + USERS + COMMANDS


@dataclass(frozen=True, slots=True)
class Heard:
    """
    An answer.

    Attributes:
        status: of HTTP.
        headers: by their names in lower case; the last one of a name.
        body: all of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def web_port(daemon: Daemon) -> int:
    return int(daemon.doors["web"][0].rpartition(":")[2])


def basic(name: str, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Program:
    """Somebody's program, a connection a request."""

    daemon: Daemon
    name: str = "alice"

    def get(self, path: str, **headers: str) -> Heard:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, value: object = None, **headers: str) -> Heard:
        """Post `value` as JSON; None for no body at all."""
        if value is None:
            return self.call("POST", path, headers=headers)
        said = json.dumps(value).encode()
        return self.call("POST", path, body=said, headers={"Content-Type": "application/json", **headers})

    def call(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Heard:
        with self.asking(method, path, body=body, headers=headers or {}) as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            return Heard(response.status, told, response.read())

    @contextmanager
    def asking(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer that is still being read."""
        connection = http.client.HTTPConnection("127.0.0.1", web_port(self.daemon), timeout=BOUND_SECONDS)
        try:
            shown = {"Authorization": basic(self.name)} if self.name else {}
            connection.request(method, path, body=body, headers={**shown, **headers})
            yield connection.getresponse()
        finally:
            connection.close()

    def begin(self, command: str, value: object = None) -> int:
        """Begin a run; its number."""
        heard = self.post(f"/api/v1/commands/{command}/runs", value)
        assert heard.status == 202, heard
        number = heard.json["run"]
        assert heard.headers["location"] == f"/api/v1/runs/{number}"
        assert isinstance(number, int)
        return number

    def ended(self, command: str, value: object = None) -> dict[str, Any]:
        """Run a command to its end; the run."""
        heard = self.post(f"/api/v1/commands/{command}/runs?wait=15", value)
        assert heard.status == 200, heard
        found = heard.json
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    name: str
    id: str
    data: dict[str, Any]

    @property
    def bytes(self) -> bytes:
        """The output that it tells of."""
        return self.data["text"].encode() if "text" in self.data else base64.b64decode(self.data["base64"])


def events_in(text: bytes) -> list[Event]:
    """The events of a stream; comments and fields alone are passed over."""
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and line[0] != ":")
        if "event" in fields:
            found.append(Event(fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def read_event(response: http.client.HTTPResponse) -> Event:
    """The next event of a stream that goes on."""
    block = b""
    while not (found := events_in(block)):
        block = b"".join(iter(response.readline, b"\n"))
        assert block, "the stream has ended"
    return found[0]
