"""Servers to fetch from: a real nginx, a real proxy, and one that does what a script says."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.certificates import Authority

START_SECONDS = 25.0

SITE = """
{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 128; }}
http {{
  default_type application/octet-stream; types {{ text/plain txt; }}
  log_format seen '$request_method $request_uri $status "$http_range" "$http_authorization" "$http_apikey"';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  gzip on; gzip_min_length 1; gzip_types text/plain;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    root {root};
    location /private/ {{ auth_basic "private"; auth_basic_user_file {folder}/users; alias {root}/; }}
    location /slow/ {{ limit_rate 400k; alias {root}/; }}
    location /moved {{ return 301 /hello.txt; }}
    location /elsewhere {{ return 302 http://127.0.0.1:{other}/hello.txt?elsewhere; }}
    location /downgrade {{ return 302 http://localhost:{plain}/hello.txt; }}
    location /loop {{ return 302 /loop; }}
  }}
  server {{ listen 127.0.0.1:{other}; root {root}; }}
}}
"""

PROXY = """
Port {port}
Listen 127.0.0.1
Timeout 30
MaxClients 20
StartServers 2
LogFile "{folder}/log"
PidFile "{folder}/pid"
{login}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """
    An nginx.

    Attributes:
        root: what it serves; at /private/ for alice, whose password is `sesame`, and at /slow/ with 400 kB/s.
        plain: `http://127.0.0.1:PORT`.
        tls: `https://localhost:PORT`.
        authority: vouches for it.
        log: what was asked of it.
    """

    root: Path
    plain: str
    tls: str
    authority: Path
    log: Path

    def seen(self, path: str) -> list[str]:
        """The lines of the log about `path`, once there are any."""
        until = time.monotonic() + START_SECONDS
        while True:
            lines = [line for line in self.log.read_text().splitlines() if line.split()[1] == path]
            if lines or time.monotonic() > until:
                return lines
            time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listened on a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@contextlib.contextmanager
def running(argv: list[str], port: int) -> Iterator[None]:
    """Run a server, from when it listens on `port` of loopback."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{argv[0]} ended with {process.returncode}"
                assert time.monotonic() < until, f"{argv[0]} did not listen in time"
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory, root: Authority) -> Iterator[Site]:
    """An nginx with files, redirects, ranges, gzip, a login and TLS."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is missing: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    served = folder / "root"
    served.mkdir()
    (served / "hello.txt").write_text("hello there\n" * 50)
    (served / "blob").write_bytes(bytes(range(256)) * 8192)
    (served / "empty").touch()
    (folder / "users").write_text("alice:{PLAIN}sesame\n")
    certificate = root.issue(folder / "tls", "localhost")
    plain, tls, other = free_ports(3)
    text = SITE.format(
        # as nobody it could not enter the folder, which every pytest shuts anew
        user="user root;" if os.geteuid() == 0 else "",
        folder=folder,
        root=served,
        plain=plain,
        tls=tls,
        other=other,
        certificate=certificate.file,
        key=certificate.key,
    )
    (folder / "conf").write_text(text)
    with running([program, "-p", str(folder), "-c", str(folder / "conf")], plain):
        yield Site(
            served,
            f"http://127.0.0.1:{plain}",
            f"https://localhost:{tls}",
            root.file,
            folder / "access.log",
        )


@contextlib.contextmanager
def tinyproxy(folder: Path, *, login: str = "") -> Iterator[int]:
    """A tinyproxy; `login` is a name and a password with a space between. Gives its port."""
    program = shutil.which("tinyproxy")
    if program is None:
        pytest.skip("tinyproxy is missing: apt-get install tinyproxy")
    (port,) = free_ports(1)
    configuration = folder / "conf"
    configuration.write_text(
        PROXY.format(port=port, folder=folder, login=f"BasicAuth {login}" if login else "")
    )
    with running([program, "-d", "-c", str(configuration)], port):
        yield port


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy for anybody, `http://127.0.0.1:PORT`."""
    with tinyproxy(tmp_path_factory.mktemp("proxy")) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def proxy_with_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy for bob, whose password is `tunnel`, `127.0.0.1:PORT`."""
    with tinyproxy(tmp_path_factory.mktemp("proxy-with-login"), login="bob tunnel") as port:
        yield f"127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that came.

    Attributes:
        verb: its method.
        target: what was asked for.
        headers: by their names in lower case.
        body: as long as Content-Length says.
    """

    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Connection:
    """
    A client's connection.

    Attributes:
        asked: what it asked for.
        writer: to it.
        reader: from it.
    """

    asked: Asked
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader

    async def send(self, *pieces: bytes) -> None:
        """Send, and let go of the processor between pieces."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def hang(self) -> None:
        """Say nothing until the client leaves."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Script = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True)
class ScriptedServer:
    """
    Answers each request by the script of its path, and closes the connection after that.

    Attributes:
        scripts: by path.
        asked: every request, in order.
        url: `http://127.0.0.1:PORT`.
    """

    scripts: dict[str, Script]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def end(self) -> None:
        """End all scripts."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        self.tasks.add(this)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")[:-2]
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            verb, target, _ = first.split(" ")
            asked = Asked(verb, target, headers, body)
            self.asked.append(asked)
            await self.scripts[target.partition("?")[0]](Connection(asked, writer, reader))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # asyncio would tell of a cancelled script as of a fault
        finally:
            self.tasks.discard(this)
            writer.close()


@contextlib.asynccontextmanager
async def scripted(scripts: Mapping[str, Script | bytes]) -> AsyncIterator[ScriptedServer]:
    """A server that answers each path by its script, or by these bytes."""
    made = {path: each if callable(each) else saying(each) for path, each in scripts.items()}
    server = ScriptedServer(made)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        await server.end()
        await listening.wait_closed()


def saying(data: bytes) -> Script:
    """A script that sends `data`."""

    async def script(connection: Connection) -> None:
        await connection.send(data)

    return script


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer of HTTP, closed after that."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def echo(asked: Asked) -> bytes:
    """An answer that tells what was asked."""
    headers = "\n".join(f"{name}: {value}" for name, value in asked.headers.items())
    return answer(f"{asked.verb} {asked.target}\n{headers}\n\n".encode() + asked.body)


def parts_in(folder: Path) -> list[str]:
    """Names in `folder` that are left of a fetch that did not end well."""
    return sorted(name for name in os.listdir(folder) if re.search(r"\.part", name))
