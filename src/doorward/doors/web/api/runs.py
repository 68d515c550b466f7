"""Runs are looked at: all of them, one, its output from any byte on, and its output as it comes."""

from http import HTTPStatus

from aiohttp import web

from doorward.core.outcome import LEFT
from doorward.doors.web.answers import Reading, answer_members, attached, no_such_run
from doorward.doors.web.api.event_stream import Events
from doorward.doors.web.api.json_answers import json_answer
from doorward.doors.web.problems import Problem
from doorward.doors.web.queries import event_offset_of, offset_of, reader_of, wait_of
from doorward.doors.web.routes import Route
from doorward.doors.web.server_sent import BEAT, BEGIN
from doorward.doors.web.visit import Visit
from doorward.service.answer import Answer
from doorward.service.run import Run

NEXT_OFFSET = "Doorward-Next-Offset"
STATE = "Doorward-State"
EXIT_STATUS = "Doorward-Exit-Status"

TEXT = "text/plain; charset=utf-8"
EVENT_STREAM = "text/event-stream"

_ONE_PIECE_BYTES = 64 * 1024
"""A longer output is sent as the peer takes it, and is not copied as a whole."""


async def list_runs(visit: Visit) -> web.StreamResponse:
    """All that the caller may see."""
    return json_answer({"runs": visit.door.desk.runs(visit.caller)})


async def show_run(visit: Visit) -> web.StreamResponse:
    """One run; with `wait`, once it has ended."""
    wait_seconds = wait_of(visit) or 0
    with attached(visit) as reading:
        await reading.ended(wait_seconds=wait_seconds)
        return json_answer(answer_members(visit, reading.answer))


async def output(visit: Visit) -> web.StreamResponse:
    """What a run wrote from an offset on; with `wait`, once there is something."""
    offset_bytes, wait_seconds = offset_of(visit), wait_of(visit) or 0
    with attached(visit) as reading:
        answer, run = reading.answer, reading.run
        answer.skip(offset_bytes)
        if offset_bytes <= run.transcript.size_bytes:
            await reading.more(wait_seconds=wait_seconds)
        if answer.outcome is LEFT:
            # the caller was taken off it meanwhile
            raise no_such_run()
        left_bytes = run.transcript.size_bytes - answer.taken_bytes
        headers = _output_headers(run)
        if left_bytes <= _ONE_PIECE_BYTES:
            return web.Response(body=b"".join(data for _, data in answer.take_all()), headers=headers)
        response = web.StreamResponse(headers=headers)
        response.content_length = left_bytes
        await visit.stream(response)
        if not visit.is_head:
            await _send_output(visit, answer, response, left_bytes=left_bytes)
        return response


async def events(visit: Visit) -> web.StreamResponse:
    """What a run wrote and writes, as it comes, and how it ended."""
    offset_bytes, name = event_offset_of(visit), reader_of(visit)
    if offset_bytes is None:
        # a browser connects again to whatever closed, until it hears this
        return web.Response(status=HTTPStatus.NO_CONTENT)
    with attached(visit) as reading, visit.door.house.followers.named(visit.caller, reading.answer, name):
        reading.answer.skip(offset_bytes)
        headers = {"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"}
        response = await visit.stream(web.StreamResponse(headers=headers))
        if not visit.is_head:
            await _send_events(visit, reading, response)
        return response


async def _send_output(
    visit: Visit, answer: Answer, response: web.StreamResponse, *, left_bytes: int
) -> None:
    while left_bytes and (chunk := answer.take()) is not None:
        # more of the last piece may have come since its length was told
        data = chunk[1][:left_bytes]
        await response.write(data)
        left_bytes -= len(data)
        _ = visit.who
    if left_bytes:
        # the caller was taken off it: what comes next must not be taken for the rest
        raise ConnectionResetError


async def _send_events(visit: Visit, reading: Reading, response: web.StreamResponse) -> None:
    answer = reading.answer
    stream = Events(offset_bytes=answer.taken_bytes)
    await response.write(BEGIN)
    try:
        async for piece in reading.pieces():
            if data := BEAT if piece is None else stream.output(*piece):
                await response.write(data)
    except Problem:
        # who was removed is told nothing more; the stream has begun, and this is its end
        return
    await response.write(stream.end(answer_members(visit, answer)))


def run_address(number: int) -> str:
    """Where a run is found."""
    return f"/api/v1/runs/{number}"


def _output_headers(run: Run) -> dict[str, str]:
    headers = {
        "Content-Type": TEXT,
        NEXT_OFFSET: str(run.transcript.size_bytes),
        STATE: run.state.value,
    }
    if run.outcome is not None:
        headers[EXIT_STATUS] = str(run.outcome.exit_status)
    return headers


ROUTES = (
    Route("GET", "/api/v1/runs", list_runs),
    Route("GET", "/api/v1/runs/{number}", show_run),
    Route("GET", "/api/v1/runs/{number}/output", output),
    Route("GET", "/api/v1/runs/{number}/events", events),
)
