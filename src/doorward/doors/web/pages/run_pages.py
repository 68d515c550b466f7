"""The list of runs, one run's page, and what can be done there: cancel it, download it."""

from collections.abc import Mapping

from aiohttp import web

from doorward.core.outcome import outcome_from
from doorward.doors.web.answers import attached, no_such_run, number_of
from doorward.doors.web.pages.asking import summary_of
from doorward.doors.web.pages.drawings import draw
from doorward.doors.web.pages.output import SHOWN_BYTES, SHOWN_PIECES, read_parts, skipped_bytes
from doorward.doors.web.pages.rendering import page, see_other, texts_of
from doorward.doors.web.pages.submitted import submitted
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import duration, moment, outcome_words
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit
from doorward.service.answer import no_news
from doorward.service.run import Run, RunState
from doorward.service.verbs import run_members

SHOWN_RUNS = 200


async def runs(visit: Visit) -> web.StreamResponse:
    """The runs that the caller may see, the live ones first; the desk's own text for curl."""
    found = visit.door.desk.runs(visit.caller)
    if not visit.wants_html:
        return web.Response(text=_runs_text(visit))
    texts = texts_of(visit)
    rows = [row_of(texts, members) for members in found[:SHOWN_RUNS]]
    return page(
        visit,
        "runs.html",
        groups=[
            (texts.under_way, [row for row in rows if row["is_live"]]),
            (texts.ended, [row for row in rows if not row["is_live"]]),
        ],
        has_any=bool(rows),
        is_live=any(row["is_live"] for row in rows),
    )


async def run(visit: Visit) -> web.StreamResponse:
    """One run: how it stands and what it wrote so far; a script goes on from there."""
    with attached(visit) as reading:
        one, answer = reading.run, reading.answer
        texts = texts_of(visit)
        row = row_of(texts, run_members(one, now=visit.door.clock.monotonic()))
        size_bytes = one.transcript.size_bytes
        skipped = skipped_bytes(size_bytes)
        answer.skip(skipped)
        turn = visit.door.house.turn
        parts = await read_parts(answer.take_all(), turn=turn, is_whole=not row["is_live"])
        return page(
            visit,
            "run.html",
            run=row,
            summary=summary_of(one.invocation.command, texts),
            state=state_of(one),
            parts=parts.shown,
            offset=size_bytes,
            is_bounded=skipped > 0 or parts.is_cut,
            bound=SHOWN_BYTES,
            most_pieces=SHOWN_PIECES,
            drawing=draw(texts, answer.drawing()),
            can_run_again=not one.invocation.command.parameters,
        )


async def cancel(visit: Visit) -> web.StreamResponse:
    """Stop a run, or take its reader off it when it is others' too."""
    number = number_of(visit)
    await submitted(visit)
    answer = visit.door.desk.cancel_number(visit.caller, number)
    if answer.outcome is not None and not answer.outcome.is_success:
        raise no_such_run()
    if visit.door.desk.run(visit.caller, number) is None:
        return page(visit, "left.html", words=texts_of(visit).goes_on_for_others.format(number=number))
    return see_other(f"/runs/{number}")


async def download(visit: Visit) -> web.StreamResponse:
    """All that a run wrote, both streams together as it came, until its end."""
    with attached(visit) as reading:
        response = web.StreamResponse()
        response.content_type, response.charset = "text/plain", "utf-8"
        name = f"{reading.run.invocation.command.name}-{reading.run.number}.txt"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        await visit.stream(response)
        if not visit.is_head:
            async for chunk in reading.pieces():
                if chunk is not None:
                    await response.write(chunk[1])
        await response.write_eof()
        return response


def state_of(one: Run) -> str:
    """How a run stands, as a word for the style sheet and the script."""
    if one.outcome is None:
        return one.state.value
    return "done" if one.outcome.is_success else "failed"


def row_of(texts: Texts, members: Mapping[str, object]) -> dict[str, object]:
    """What the pages show of a run, from its members of JSON."""
    outcome = members["outcome"]
    ended = outcome_from(outcome) if isinstance(outcome, Mapping) else None
    states = {
        RunState.WAITING.value: texts.state_waiting,
        RunState.LIVE.value: texts.state_live,
        RunState.STOPPING.value: texts.state_stopping,
    }
    seconds = members["seconds"]
    assert isinstance(seconds, float | int)  # noqa: S101 - for the types
    state = str(members["state"])
    asked_at = str(members["asked_at"])
    return {
        **members,
        "is_live": ended is None,
        "can_be_cancelled": state in {RunState.WAITING.value, RunState.LIVE.value},
        "state": state if ended is None else ("done" if ended.is_success else "failed"),
        "state_words": states[state] if ended is None else outcome_words(texts, ended),
        "took": duration(texts, seconds),
        "asked_at_words": moment(asked_at),
    }


def _runs_text(visit: Visit) -> str:
    answer = visit.door.desk.ask(visit.caller, "runs", no_news)
    return b"".join(data for _, data in answer.take_all()).decode()


ROUTES = (
    Route("GET", "/runs", runs),
    Route("GET", "/runs/{number}", run),
    Route("POST", "/runs/{number}/cancel", cancel),
    Route("GET", "/runs/{number}/download", download),
)
