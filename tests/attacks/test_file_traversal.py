"""Ways out of a folder that is served: dots, escapes, links, and links that change meanwhile."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.doors.web.files.serving import Answer, Server, held_open, serving
from tests.doors.web.files.tree import OPEN, SECRET, make_tree

ATTACKS = [
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2E%2Fsecret.txt",
    "/..%2fsecret.txt",
    "/sub/..%5c..%5csecret.txt",
    "/..\\secret.txt",
    "/%252e%252e/secret.txt",
    "/%252e%252e%252fsecret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%uff0e%uff0e/secret.txt",
    "/....//secret.txt",
    "/.%00./secret.txt",
    "/a.txt%00.html",
    "/a.txt%00",
    "//etc/passwd",
    "/./../secret.txt",
    "/out.txt",
    "/out/secret.txt",
    "/out/root/a.txt",
    "/out-absolute/etc/passwd",
    "/out-beside/secret.txt",
    "/out-and-in.txt",
    "/out-by-link.txt",
    "/proc",
    "/loop",
    "/in/../../secret.txt",
    "/.hidden",
    "/.git/config",
    "/%2ehidden",
    "/to-hidden.txt",
    "/pipe",
    "/socket",
    "/a.txt/",
    "/a.txt/.",
    "/sub/.",
    "http://localhost/../secret.txt",
    "/;/../secret.txt",
    "/~root/secret.txt",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


@pytest_asyncio.fixture
async def server(root: Path) -> AsyncIterator[Server]:
    async with serving(root) as server:
        yield server


@pytest.mark.parametrize("path", ATTACKS)
async def test_nothing_outside_is_found(server: Server, path: str) -> None:
    answer = await server.get(path)
    assert answer.status == 404
    assert SECRET not in answer.body


@pytest.mark.needs_program("curl", package="curl")
async def test_curl_does_not_get_out_either(server: Server) -> None:
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt"):
        assert (await server.curl(path)).status == 404
    assert (await server.curl("/in/up.txt")).body == OPEN


async def test_a_listing_has_what_can_be_asked_for_and_nothing_else(server: Server) -> None:
    lines = (await server.get("/")).body.decode().splitlines()
    assert sorted(line.split("  ")[-1] for line in lines) == sorted(
        ["in/", "sub/", "%2e%2e", "a.txt", "back\\slash.txt", "in-absolute.txt", "in.txt", "sp ace.txt"]
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
async def test_a_device_is_not_opened(server: Server, root: Path) -> None:
    try:
        os.mknod(root / "device", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices can be made here")
    assert (await server.get("/device")).status == 404
    assert "device" not in (await server.get("/")).body.decode()


async def test_a_pipe_holds_nobody_up(server: Server) -> None:
    async with asyncio.timeout(10):
        assert {(await server.get("/pipe")).status for _ in range(30)} == {404}
        assert (await server.get("/a.txt")).body == OPEN


@contextlib.asynccontextmanager
async def changing(change: Callable[[], None]) -> AsyncIterator[None]:
    """Have `change` called over and over in a thread."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            change()

    thread = threading.Thread(target=go_on)
    await asyncio.to_thread(thread.start)
    try:
        yield
    finally:
        is_over.set()
        await asyncio.to_thread(thread.join)


def swapper(folder: Path, name: str, *targets: str) -> Callable[[], None]:
    """What makes `name` a link to each of `targets` in turn, or for `=` a file that may be read."""

    def swap() -> None:
        for target in targets:
            new = folder / ".new"
            if target == "=":
                new.write_bytes(OPEN)
            else:
                new.symlink_to(target)
            os.replace(new, folder / name)

    return swap


@pytest.mark.parametrize(
    ("name", "targets", "path"),
    [
        ("now", ("a.txt", "../secret.txt"), "/now"),
        ("now", ("=", "../secret.txt"), "/now"),
        ("now", ("sub", "..", "/"), "/now/secret.txt"),
        ("now", ("=", "/etc/passwd", "pipe"), "/now"),
    ],
)
async def test_a_link_that_changes_while_it_is_followed_never_leads_out(
    root: Path, name: str, targets: tuple[str, ...], path: str
) -> None:
    before = await held_open(root)
    async with serving(root) as server, changing(swapper(root, name, *targets)):
        answers = [answer for _ in range(15) for answer in await _several(server, path)]
    assert {answer.status for answer in answers} <= {200, 404}
    assert all(answer.body == OPEN for answer in answers if answer.status == 200)
    assert await held_open(root) == before


async def test_a_folder_that_is_moved_out_while_it_is_entered_leads_nowhere_else(root: Path) -> None:
    moving, outside = root / "sub" / "deep", root.parent / "moved"

    def move() -> None:
        os.rename(moving, outside)
        os.rename(outside, moving)

    await asyncio.to_thread((moving / "up.txt").symlink_to, "../../secret.txt")
    await asyncio.to_thread((moving / "up-two.txt").symlink_to, "../../../secret.txt")
    async with serving(root) as server, changing(move):
        for path in ("/sub/deep/up.txt", "/sub/deep/up-two.txt"):
            answers = [answer for _ in range(15) for answer in await _several(server, path)]
            assert {answer.status for answer in answers} == {404}


async def _several(server: Server, path: str) -> list[Answer]:
    return await asyncio.gather(*(server.get(path) for _ in range(8)))
