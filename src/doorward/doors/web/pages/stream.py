"""A run's output for our script, as it comes: server-sent events of pieces of text that have their style."""

import asyncio
import json
from http import HTTPStatus

from aiohttp import web

from doorward.doors.web.answers import Reading, attached
from doorward.doors.web.pages.ansi import Piece, Text
from doorward.doors.web.pages.output import SHOWN_BYTES, OutputReader, in_turns
from doorward.doors.web.queries import LAST_EVENT, event_offset_of
from doorward.doors.web.routes import Route
from doorward.doors.web.server_sent import BEAT, BEGIN, server_sent
from doorward.doors.web.visit import Visit


async def stream(visit: Visit) -> web.StreamResponse:
    """
    Send the output from an offset on, `event: end` at the end, and a comment where nothing happens.

    An event's data are `[[stream, text, classes], ...]`; a text of null begins the line anew. Its id is the
    offset behind it, with which a browser that lost its connection comes again.
    """
    offset = event_offset_of(visit)
    if offset is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    with attached(visit) as reading:
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        await visit.stream(response)
        if not visit.is_head:
            await _send(response, reading, offset=offset, turn=visit.door.house.turn)
        return response


async def _send(response: web.StreamResponse, reading: Reading, *, offset: int, turn: asyncio.Lock) -> None:
    await response.write(BEGIN)
    answer, reader = reading.answer, OutputReader()
    # what was shown already is read again for the style in which the rest goes on
    answer.skip(max(0, offset - SHOWN_BYTES))
    async for chunk in reading.pieces():
        if chunk is None:
            await response.write(BEAT)
            continue
        stream_read, data = chunk
        at = answer.taken_bytes - len(data)
        shown_bytes = max(0, offset - at)
        for piece in in_turns(data[:shown_bytes]):
            async with turn:
                reader.receive((stream_read, piece))
                await asyncio.sleep(0)
        at += len(data[:shown_bytes])
        for piece in in_turns(data[shown_bytes:]):
            async with turn:
                name, pieces = reader.receive((stream_read, piece))
                at += len(piece)
                said = event([(name, pieces)], offset=at) if pieces else b""
                await asyncio.sleep(0)
            if said:
                await response.write(said)
    if ends := reader.finish():
        await response.write(event(ends, offset=answer.taken_bytes))
    await response.write(server_sent(b"{}", name="end", event_id=LAST_EVENT))
    await response.write_eof()


def event(said: list[tuple[str, list[Piece]]], *, offset: int) -> bytes:
    """One event with the pieces of streams, by their names."""
    data = [
        [name, piece.text, piece.classes] if isinstance(piece, Text) else [name, None, ""]
        for name, pieces in said
        for piece in pieces
    ]
    return server_sent(json.dumps(data, ensure_ascii=False).encode(), event_id=str(offset))


ROUTES = (Route("GET", "/runs/{number}/stream", stream),)
