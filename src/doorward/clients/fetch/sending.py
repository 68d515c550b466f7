"""What is sent as the body of a request; each call makes it anew, for redirects, logins and tries."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from doorward.clients._pieces import pieces
from doorward.clients.fetch.progress import Progress
from doorward.core.errors import ConnectError
from doorward.core.fetching import Body, Content, FilePart, FormWithFiles

_PIECE_BYTES = 256 * 1024
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})


def check_headers(address: str, headers: Mapping[str, str]) -> None:
    """
    Make sure that `headers` are headers, and none that says how the connection itself is used.

    Raises:
        ConnectError: one is not; its value is not shown.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            problem = f"{name[:60]!r} cannot be the name of a header"
        elif name.lower() in _OURS:
            problem = f"the header {name} is made by the client itself"
        elif not _HEADER_VALUE.fullmatch(value):
            problem = f"the header {name} has a line end or another control character in it"
        else:
            continue
        raise ConnectError(address, "send", problem, "Headers look like 'NAME: VALUE'.")


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A body for aiohttp.

    Attributes:
        headers: that go with it.
        data: bytes, or pieces of them; None for no body.
    """

    headers: Mapping[str, str]
    data: bytes | AsyncIterator[bytes] | None = None


async def upload(address: str, body: Body | None, progress: Progress) -> Upload:
    """
    Make ready to send `body`, and have `progress` told when that is done.

    Raises:
        ConnectError: a file of it cannot be read.
    """
    match body:
        case None:
            return Upload({})
        case Content():
            headers = {"Content-Type": body.kind, "Content-Length": str(len(body.data))}
            return Upload(headers, _whole(body.data, progress))
        case FormWithFiles():
            parts = await asyncio.to_thread(_parts, address, body)
            boundary = f"doorward-{secrets.token_hex(16)}"
            segments = _segments(body, parts, boundary)
            length = sum(each if isinstance(each, int) else len(each) for each in segments)
            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(length),
            }
            return Upload(headers, _streamed(address, body, segments, progress))


async def _whole(data: bytes, progress: Progress) -> AsyncIterator[bytes]:
    for piece in pieces(data, _PIECE_BYTES):
        yield piece
    progress.sent()


def _parts(address: str, body: FormWithFiles) -> list[int]:
    """How long each file is."""
    sizes = []
    for part in body.files:
        with _opened(address, part) as file:
            sizes.append(os.fstat(file.fileno()).st_size)
    return sizes


def _opened(address: str, part: FilePart) -> BinaryIO:
    try:
        if not os.path.isfile(part.path):
            what = "is no regular file" if os.path.exists(part.path) else "is not there"
            raise ConnectError(address, "send", f"{part.path}, which is to be sent, {what}")
        return open(part.path, "rb")
    except OSError as error:
        problem = f"{part.path}, which is to be sent, cannot be read: {error.strerror}"
        raise ConnectError(address, "send", problem) from error


def _segments(body: FormWithFiles, sizes: list[int], boundary: str) -> list[bytes | int]:
    """The body in order: bytes as they are, and in place of each file its length."""
    segments: list[bytes | int] = []
    for name, value in body.fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"\r\n\r\n'
        segments.append(head.encode() + value.encode() + b"\r\n")
    for part, size in zip(body.files, sizes, strict=True):
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(part.field)}"; '
            f'filename="{_escaped(part.name)}"\r\nContent-Type: {part.kind}\r\n\r\n'
        )
        segments += [head.encode("utf-8", "surrogateescape"), size, b"\r\n"]
    return [*segments, f"--{boundary}--\r\n".encode()]


def _escaped(name: str) -> str:
    # HTML, "multipart/form-data encoding algorithm": what every browser does since 2021
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


async def _streamed(
    address: str, body: FormWithFiles, segments: list[bytes | int], progress: Progress
) -> AsyncIterator[bytes]:
    files = iter(body.files)
    try:
        for segment in segments:
            if isinstance(segment, bytes):
                yield segment
                continue
            part = next(files)
            async for piece in _file_pieces(address, part, segment):
                yield piece
    except ConnectError as error:
        # aiohttp would tell of a lost connection instead
        progress.failure = error
        raise
    progress.sent()


async def _file_pieces(address: str, part: FilePart, size: int) -> AsyncIterator[bytes]:
    """Exactly `size` bytes of the file, which may be growing meanwhile."""
    file = await asyncio.to_thread(_opened, address, part)
    try:
        left = size
        while left:
            piece = await asyncio.to_thread(file.read, min(left, _PIECE_BYTES))
            if not piece:
                raise ConnectError(address, "send", f"{part.path} became shorter while it was sent")
            left -= len(piece)
            yield piece
    finally:
        file.close()
