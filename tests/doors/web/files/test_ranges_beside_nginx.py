"""Ranges and conditions of one tree, asked of us and of nginx: the same statuses and the same bytes."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.web.files.serving import Answer, parsed, serving

pytestmark = [
    pytest.mark.needs_program("nginx", package="nginx-light"),
    pytest.mark.needs_program("curl", package="curl"),
]

RANGES = [
    "bytes=0-0", "bytes=0-9", "bytes=10-", "bytes=-1", "bytes=-5000", "bytes=4095-", "bytes=4096-",
    "bytes=-0", "bytes=0-4095", "bytes=0-9999", "bytes=0-0,-1", "bytes=1-2,5-6,4090-", "bytes=5000-,1-1",
    "bytes=0-3000,1000-4000", "bytes=", "bytes=x", "items=0-1", "bytes=1-2,",
]  # fmt: skip

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; default_type application/octet-stream; gzip_static on;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    (folder / "data").write_bytes(bytes(range(256)) * 16)
    (folder / "empty").touch()
    folder.chmod(0o755)
    for above in folder.parents[:3]:
        above.chmod(above.stat().st_mode | 0o055)  # nginx serves as nobody
    return folder


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[int]:
    """The port of an nginx for `root`."""
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "conf").write_text(CONFIGURATION.format(folder=folder, port=port, root=root))
    program = shutil.which("nginx")
    assert program is not None
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "conf")])
    try:
        retried = ["curl", "-s", "--retry", "50", "--retry-connrefused", "--retry-delay", "0"]
        subprocess.run(
            [*retried, "--retry-max-time", "20", f"http://127.0.0.1:{port}/empty"], check=True, timeout=30
        )
        yield port
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


def parts(answer: Answer) -> object:
    """A body that does not depend on the boundary, nor on how a part's head is spelled."""
    match = re.fullmatch(r"multipart/byteranges; boundary=(.*)", answer.fields.get("Content-Type", ""))
    if match is None:
        return answer.body
    found = []
    for part in answer.body.split(b"--" + match[1].encode())[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        found.append((re.findall(rb"bytes [0-9/-]+", head), body.removesuffix(b"\r\n")))
    return found


def told(answer: Answer) -> object:
    is_whole = answer.status in {200, 206}
    return answer.status, answer.fields.get("Content-Range"), parts(answer) if is_whole else None


async def of_nginx(port: int, path: str, *options: str) -> Answer:
    argv = ["curl", "-s", "-i", *options, f"http://127.0.0.1:{port}{path}"]
    return parsed((await asyncio.to_thread(subprocess.run, argv, check=True, capture_output=True)).stdout)


@pytest.mark.parametrize("ranges", RANGES)
async def test_a_range_gets_what_nginx_gives(root: Path, nginx: int, ranges: str) -> None:
    async with serving(root) as server:
        ours = await server.curl("/data", "-H", f"Range: {ranges}")
    assert told(ours) == told(await of_nginx(nginx, "/data", "-H", f"Range: {ranges}"))


@pytest.mark.parametrize("ours_for", ["If-None-Match", "If-Match", "If-Range"])
@pytest.mark.parametrize("is_right", [True, False])
async def test_a_condition_gets_what_nginx_gives(
    root: Path, nginx: int, ours_for: str, *, is_right: bool
) -> None:
    answers = []
    async with serving(root) as server:
        for ask in (server.curl, lambda path, *options: of_nginx(nginx, path, *options)):
            tag = (await ask("/data")).fields["ETag"] if is_right else '"other"'
            options = ["-H", f"{ours_for}: {tag}"] + (["-r", "1-2"] if ours_for == "If-Range" else [])
            answers.append(told(await ask("/data", *options)))
    assert answers[0] == answers[1]
