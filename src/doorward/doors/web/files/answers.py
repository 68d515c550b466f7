"""Answers that are (parts of) files: head and body go out in one piece, or the body past our memory."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from doorward.doors.web.files.direct import (
    COPIED_BYTES,
    has_nothing_to_write,
    is_bare,
    send_now,
    write_now,
)
from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.ranges import Part
from doorward.doors.web.files.reading import READ_BYTES, in_thread, read_all
from doorward.doors.web.files.transfer import Progress, Transfer, carry
from doorward.doors.web.files.way import Way
from doorward.doors.web.headed import Again, HeadedAnswer
from doorward.doors.web.heads import with_field

_STRICT = "Strict-Transport-Security"


class FileAnswer(HeadedAnswer):
    """
    An answer whose head is made, and whose body is parts of a file with what stands between them.

    The file is held for it, and let go with its end; an answer that is never sent has to be closed.

    Args:
        status: of the answer.
        opened_head: as `open_head` makes it. Of what is put into `headers` only Strict-Transport-Security is
            added: the rest would be a policy for pages of the door.
        file: where parts come from; held for this answer. None when there are none.
        pieces: the body; none for HEAD.
        way: how files are sent.
        again: answers the same request once more; it is asked each time.
    """

    def __init__(
        self,
        status: HTTPStatus,
        opened_head: bytes,
        *,
        way: Way,
        file: OpenFile | None = None,
        pieces: Sequence[bytes | Part] = (),
        again: Again | None = None,
    ) -> None:
        super().__init__(status=status, reason=status.phrase)
        self._opened_head = opened_head
        self._file = file
        self._pieces = pieces
        self._way = way
        self._again = again

    def again(self, *, is_head: bool) -> Again | None:
        return None if is_head or _STRICT in self.headers else self._again

    def close(self) -> None:
        """Let go of the file; idempotent."""
        if self._file is not None:
            self._file.release()
            self._file = None

    async def write_eof(self, data: bytes = b"") -> None:
        if self._eof_sent or self._req is None or self._payload_writer is None:
            self.close()
            return
        request, writer = self._req, self._payload_writer
        opened_head = self._opened_head
        if (strict := self.headers.get(_STRICT)) is not None:
            opened_head = with_field(opened_head, _STRICT, strict)
        head = self._ended(opened_head, request)
        before_bytes = writer.output_size
        try:
            await self._send(request, writer, head)
        except OSError as error:
            # what was promised cannot be kept, so the peer has to see that it was cut
            _cut(request)
            if isinstance(error, ConnectionError):
                raise
            raise ConnectionResetError("the file could not be read") from error
        finally:
            self.close()
            self._finish(max(writer.output_size - before_bytes - len(head), 0))

    async def _send(self, request: web.BaseRequest, writer: AbstractStreamWriter, head: bytes) -> None:
        match self._pieces:
            case () | []:
                await writer.write(head)
            case [Part() as part] if self._file is not None and part.size_bytes <= READ_BYTES:
                await self._send_small(request, writer, head, self._file, part)
            case pieces:
                await self._send_pieces(request, writer, head, pieces)
        await writer.drain()

    async def _send_small(
        self,
        request: web.BaseRequest,
        writer: AbstractStreamWriter,
        head: bytes,
        file: OpenFile,
        part: Part,
    ) -> None:
        """Head and body together, and without any wait when the kernel has the file in memory."""
        transport = request.transport
        if transport is None or not (is_bare(transport) and has_nothing_to_write(transport)):
            await writer.write(head + await self._content(file, part))
            return
        if part.size_bytes > COPIED_BYTES:
            if not self._way.has_in_memory(file):
                await writer.write(head + await self._content(file, part))
                return
            sent_bytes = send_now(transport, head, file.descriptor, part)
        elif (body := self._way.read_now(file, part)) is not None:
            sent_bytes = write_now(transport, head, body)
        else:
            sent_bytes = 0
        writer.output_size += sent_bytes
        await self._write_rest(writer, head, file, part, sent_bytes)

    async def _write_rest(
        self, writer: AbstractStreamWriter, head: bytes, file: OpenFile, part: Part, sent_bytes: int
    ) -> None:
        """Hand over what the kernel did not take of head and part."""
        of_part = max(sent_bytes - len(head), 0)
        rest = head[sent_bytes:]
        if of_part < part.size_bytes:
            rest += await self._content(file, Part(part.first + of_part, part.last))
        if rest:
            await writer.write(rest)

    async def _content(self, file: OpenFile, part: Part) -> bytes:
        """The bytes of `part`, at once or from a thread; raises as `_read`."""
        body = self._way.read_now(file, part)
        return await self._read(file, part) if body is None else bytes(body)

    async def _read(self, file: OpenFile, part: Part) -> bytes:
        """
        The bytes of `part`, in a thread.

        Raises:
            ConnectionResetError: the file has become shorter than it was said to be.
        """
        file.hold()
        data = await in_thread(
            self._way.threads,
            lambda: read_all(file.descriptor, part.size_bytes, part.first),
            afterwards=file.release,
        )
        if len(data) < part.size_bytes:
            raise ConnectionResetError("the file became shorter")
        return data

    async def _send_pieces(
        self,
        request: web.BaseRequest,
        writer: AbstractStreamWriter,
        head: bytes,
        pieces: Sequence[bytes | Part],
    ) -> None:
        before = head
        for piece in pieces:
            if isinstance(piece, bytes):
                before += piece
            else:
                await self._send_part(request, writer, before, piece)
                before = b""
        if before:
            await writer.write(before)

    async def _send_part(
        self, request: web.BaseRequest, writer: AbstractStreamWriter, before: bytes, part: Part
    ) -> None:
        file, transport = self._file, request.transport
        if file is None or transport is None:
            raise ConnectionResetError("the connection was closed")
        left: Part | None = part
        if part.size_bytes > READ_BYTES and await _takes_more_than_bytes(transport):
            left = await self._carry(file, transport, writer, before, part)
        elif before:
            await writer.write(before)
        while left is not None:
            piece = Part(left.first, min(left.first + READ_BYTES - 1, left.last))
            await self._write(writer, await self._read(file, piece))
            left = Part(piece.last + 1, left.last) if piece.last < left.last else None

    async def _carry(
        self,
        file: OpenFile,
        transport: asyncio.Transport,
        writer: AbstractStreamWriter,
        before: bytes,
        part: Part,
    ) -> Part | None:
        """Have the kernel send it; gives what it cannot."""
        transfer = Transfer(transport, file.descriptor, part, before=before)
        file.hold()
        try:
            progress = await carry(
                transfer,
                transport,
                threads=self._way.threads,
                clock=self._way.clock,
                stalled_seconds=self._way.stalled_seconds,
                let_go=file.release,
            )
        finally:
            writer.output_size += transfer.sent_bytes
        if progress is Progress.FILE_ENDED:
            raise ConnectionResetError("the file became shorter")
        return transfer.left

    async def _write(self, writer: AbstractStreamWriter, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._way.stalled_seconds):
                await writer.write(data)
                await writer.drain()
        except TimeoutError as error:
            raise ConnectionResetError("the peer took nothing for too long") from error


async def _takes_more_than_bytes(transport: asyncio.Transport) -> bool:
    """
    Whether the kernel may write to the socket itself: nothing is encrypted here, and nothing waits to go out.

    uvloop writes at the end of a turn, so that what an answer before this one wrote gets that one.
    """
    if not is_bare(transport):
        return False
    if transport.get_write_buffer_size():
        await asyncio.sleep(0)
    return has_nothing_to_write(transport)


def _cut(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
