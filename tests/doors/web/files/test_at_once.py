"""A whole file goes out within one call, and what the kernel does not take of it is handed back."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from doorward.doors.web.files.at_once import sent_at_once
from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.resource import representation
from doorward.doors.web.files.way import Way
from doorward.service.threads import Threads
from doorward.testing.clock import ManualClock

KIB = 1024


@pytest.mark.parametrize("size_bytes", [0, 1, 16 * KIB, 16 * KIB + 1, 100 * KIB, 200 * KIB])
@pytest.mark.parametrize("buffer_bytes", [4 * KIB, 1024 * KIB])
def test_what_was_sent_and_what_is_left_are_the_whole(
    tmp_path: Path, size_bytes: int, buffer_bytes: int
) -> None:
    content = os.urandom(size_bytes)
    (tmp_path / "file").write_bytes(content)
    head, body = answered(tmp_path / "file", buffer_bytes)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {size_bytes}".encode() in head.splitlines()
    assert body == content


@pytest.mark.parametrize("size_bytes", [300 * KIB, 1024 * KIB])
def test_a_large_one_is_left_to_who_can_wait(tmp_path: Path, size_bytes: int) -> None:
    (tmp_path / "file").write_bytes(os.urandom(size_bytes))
    assert answered(tmp_path / "file", KIB * KIB) == (b"", b"")


def answered(path: Path, buffer_bytes: int) -> tuple[bytes, bytes]:
    """Head and body of what is answered with `path`; empty when it is left to somebody else."""
    file = OpenFile(os.open(path, os.O_RDONLY))
    if not file.is_prompt:
        pytest.skip("the file system cannot tell when a read would wait")
    chosen = representation(file, kind="text/plain", coding=None, varies=False, fields=())
    ours, peer = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)

    async def answer() -> bytes | None:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        try:
            return sent_at_once(chosen, Way(Threads(1, name="files"), ManualClock(), 60), transport)
        finally:
            transport.abort()

    with peer:
        left = asyncio.run(answer())
        told = b""
        while data := peer.recv(64 * KIB):
            told += data
    file.drop()
    head, _, body = (told + (left or b"")).partition(b"\r\n\r\n")
    return head, body
