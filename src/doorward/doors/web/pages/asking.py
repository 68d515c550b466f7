"""The catalogue, a command's form, and asking for it: by a form that is sent, or by its address."""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus

from aiohttp import web

from doorward.core.columns import aligned
from doorward.core.command import Command, Verb
from doorward.core.errors import BadArgument
from doorward.core.outcome import Outcome, OutcomeKind, last_lines
from doorward.doors.web.answers import Ask, Reading
from doorward.doors.web.form_data import Pairs, values_of
from doorward.doors.web.made import MadeAnswer, OpenedHead
from doorward.doors.web.pages.drawings import draw
from doorward.doors.web.pages.fields import Said, form_of, said_of
from doorward.doors.web.pages.output import SHOWN_BYTES, read_parts, shown_chunks
from doorward.doors.web.pages.rendering import FORM_FIELD, INPUT_FIELD, page, see_other, texts_of
from doorward.doors.web.pages.submitted import submitted
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import outcome_words
from doorward.doors.web.problems import Problem, not_understood, refused
from doorward.doors.web.routes import Route
from doorward.doors.web.safety import is_from_elsewhere
from doorward.doors.web.visit import Visit
from doorward.lines.phrases import UH_KINDS, uh
from doorward.service.answer import Answer, no_news
from doorward.service.transcript import Chunk
from doorward.service.verbs import usage

_PLAIN = "text/plain; charset=utf-8"
_HEAD = OpenedHead(_PLAIN)

AT_ONCE_SECONDS = 1.5
"""An answer that takes longer is shown by the page of its run, where it can be followed and cancelled."""

HEAD_SECONDS = 10.0
"""So long a text without output yet has no head, whose status could say that it will have none."""

_ELSEWHERE = frozenset({Verb.QUIT, Verb.HELP, Verb.RUNS, Verb.ATTACH, Verb.CANCEL})
"""What a page of its own does, or what makes no sense where no connection is kept."""

_WITH_FORM = frozenset({Verb.STATUS, Verb.SCHEDULES})
_READING = frozenset({Verb.WHOAMI, Verb.ECHO, Verb.HELP, Verb.RUNS, Verb.SCHEDULES, Verb.STATUS})


async def catalogue(visit: Visit) -> web.StreamResponse:
    """All that may be asked for here: cards for browsers, a line each for the rest."""
    commands = [each for each in visit.door.desk.commands(visit.caller) if not _is_one_of(each, _ELSEWHERE)]
    if not visit.wants_html:
        rows = [(command.name, command.summary) for command in commands]
        return web.Response(text=aligned(rows, indent=""))
    texts = texts_of(visit)
    query = next(values_of(visit.query, "q"), "")[:100].strip()
    cards = [_card(command, texts) for command in commands]
    found = [card for card in cards if query.lower() in f"{card['name']} {card['summary']}".lower()]
    return page(
        visit,
        "catalogue.html",
        query=query,
        groups=[
            (texts.of_this_server, [card for card in found if not card["is_builtin"]]),
            (texts.built_in, [card for card in found if card["is_builtin"]]),
        ],
        found=len(found),
        has_any=bool(cards),
    )


async def form(visit: Visit) -> web.StreamResponse:
    """A command's form, also of one that could be asked for without."""
    return _form_page(visit, _found(visit))


async def ask(visit: Visit) -> web.StreamResponse:
    """
    Answer a command's address.

    What only reads is asked for with the values of the query, and its output is shown; a browser is given the
    form for everything else, and for what lacks a value.
    """
    return _ready(visit) or await _asked_for(visit, _found(visit))


async def _asked_for(visit: Visit, command: Command) -> web.StreamResponse:
    if not is_asked_with_get(command):
        if visit.wants_html:
            return _form_page(visit, command)
        detail = f"{command.name} may change something: it takes POST at /commands/{command.name}"
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers=[("Allow", "POST")])
    pairs = visit.query
    if pairs and visit.wants_html and _is_chosen_elsewhere(visit, pairs):
        return _form_page(visit, command)
    said = said_of(command, pairs) if pairs else {}
    if said and any(parameter.is_secret and parameter.name in said for parameter in command.parameters):
        raise Problem(HTTPStatus.BAD_REQUEST, "a secret does not belong into an address")
    if not said and visit.wants_html and any(each.is_required for each in command.parameters):
        return _form_page(visit, command)
    return await _answered(visit, command, said)


async def ask_with(visit: Visit, name: str, said: Said) -> web.StreamResponse:
    """Answer with the output of a command that only reads, asked for with these values."""
    visit.names = {"name": name}
    return await _answered(visit, _found(visit), said)


async def _answered(visit: Visit, command: Command, said: Said) -> web.StreamResponse:
    with Reading(visit, _asked(visit, command, said)) as reading:
        answer = reading.answer
        if _is_refused(answer):
            return _refusal(visit, command, answer, said)
        if visit.wants_html:
            return await _shown(visit, command, reading)
        return await _told(visit, reading)


def _ready(visit: Visit) -> MadeAnswer | None:
    """The text of a run that is given again to the name alone; None for whatever takes more."""
    if visit.wants_html or "?" in visit.request.raw_path:
        return None
    fresh_run, caller, name = visit.door.desk.fresh_run, visit.caller, visit.names["name"]

    def output() -> bytes | None:
        run = fresh_run(caller, name)
        return None if run is None else _text_of(run.transcript.chunks, run.transcript.outcome)

    body = output()
    if body is None:
        return None
    return MadeAnswer(_HEAD.for_request(is_secure=visit.is_secure), body, again=output)


def _text_of(chunks: Sequence[Chunk], outcome: Outcome | None) -> bytes:
    """All of an output as a text, and how it ended."""
    output = chunks[0][1] if len(chunks) == 1 else b"".join(data for _, data in chunks)
    return output + _ending(outcome, output)


def _asked(visit: Visit, command: Command, said: Said) -> Ask:
    # the name alone is the usual case, which the desk has ready
    if not said:
        return partial(visit.door.desk.ask, visit.caller, command.name)
    return partial(visit.door.desk.ask_named, visit.caller, command.name, said)


async def start(visit: Visit) -> web.StreamResponse:
    """Ask by the form that was sent: the browser goes on to the run's page."""
    command = _found(visit)
    pairs = await submitted(visit)
    said = said_of(command, [pair for pair in pairs if pair[0] != INPUT_FIELD])
    answer = visit.door.desk.ask_named(visit.caller, command.name, said, no_news)
    if _is_refused(answer):
        return _refusal(visit, command, answer, said, pairs)
    if answer.takes_input:
        # a browser sends the lines of a text area with CR LF, whatever the user typed
        given = next(values_of(pairs, INPUT_FIELD), "").replace("\r\n", "\n")
        visit.door.desk.write_input(answer, given.encode())
        visit.door.desk.end_input(answer)
    if not answer.number:
        return await _result_page(visit, command, answer, answer.take_all())
    # the browser is on its way to the page of the run
    visit.door.desk.leave(answer, comes_back=True)
    return see_other(f"/runs/{answer.number}")


def is_asked_with_get(command: Command) -> bool:
    """Whether a mere look at an address may have it done."""
    return command.read_only or _is_one_of(command, _READING)


def is_shown_at_once(command: Command) -> bool:
    """Whether its address says all: what the desk can write in another form, it writes for people here."""
    is_bare = not command.parameters or _is_one_of(command, _WITH_FORM)
    return is_bare and is_asked_with_get(command)


def _is_one_of(command: Command, verbs: frozenset[Verb]) -> bool:
    # an action of another kind may have no hash
    return isinstance(command.action, Verb) and command.action in verbs


def _found(visit: Visit) -> Command:
    command = visit.door.desk.find_command(visit.caller, visit.names["name"])
    if isinstance(command, Command):
        return command
    if command.kind is OutcomeKind.UNKNOWN:
        raise not_understood(visit.language)
    raise refused(command)


def _is_chosen_elsewhere(visit: Visit, pairs: Pairs) -> bool:
    """Whether another site's page brought the browser here, and with it these values."""
    return is_from_elsewhere(visit.request.headers) or any(name == FORM_FIELD for name, _ in pairs)


def _card(command: Command, texts: Texts) -> dict[str, object]:
    is_plain = is_shown_at_once(command)
    return {
        "name": command.name,
        "summary": summary_of(command, texts),
        "is_builtin": command.is_builtin,
        "path": f"/commands/{command.name}{'' if is_plain else '/form'}",
        "is_plain": is_plain,
        "takes_input": command.takes_input,
        "parameters": [] if is_plain else [parameter.name for parameter in command.parameters],
    }


def summary_of(command: Command, texts: Texts) -> str:
    """What a command does, in the reader's language as far as it is ours to say."""
    return texts.summaries.get(command.name, command.summary) if command.is_builtin else command.summary


def _form_page(
    visit: Visit,
    command: Command,
    *,
    said: Said | None = None,
    problems: Iterable[BadArgument] = (),
    given: str = "",
) -> web.Response:
    texts = texts_of(visit)
    built = form_of(command, texts, said=said, problems=problems)
    return page(
        visit,
        "command.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if built.is_wrong else HTTPStatus.OK,
        name=command.name,
        summary=summary_of(command, texts),
        usage=usage(command),
        form=built,
        takes_input=command.takes_input,
        given=given,
        detach=command.detach,
    )


def _is_refused(answer: Answer) -> bool:
    """Whether the desk began nothing."""
    outcome = answer.outcome
    return answer.run is None and outcome is not None and outcome.kind is not OutcomeKind.EXITED


def _refusal(
    visit: Visit, command: Command, answer: Answer, said: Said, pairs: Pairs = ()
) -> web.StreamResponse:
    outcome = answer.outcome or Outcome(OutcomeKind.FAILED)
    if outcome.kind is not OutcomeKind.INVALID or not answer.problems:
        raise refused(outcome)
    if not visit.wants_html:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(str(problem) for problem in answer.problems))
    given = next(values_of(pairs, INPUT_FIELD), "")
    return _form_page(visit, command, said=said, problems=answer.problems, given=given)


async def _shown(visit: Visit, command: Command, reading: Reading) -> web.StreamResponse:
    answer = reading.answer
    clock = visit.door.clock
    until = clock.monotonic() + AT_ONCE_SECONDS
    chunks = answer.take_all()
    while answer.outcome is None and await reading.more(wait_seconds=until - clock.monotonic()):
        chunks += answer.take_all()
    if answer.outcome is None:
        return see_other(f"/runs/{answer.number}")
    return await _result_page(visit, command, answer, chunks)


async def _result_page(visit: Visit, command: Command, answer: Answer, chunks: list[Chunk]) -> web.Response:
    texts = texts_of(visit)
    parts = await read_parts(shown_chunks(chunks), turn=visit.door.house.turn, is_whole=True)
    outcome = answer.outcome or Outcome(OutcomeKind.FAILED)
    return page(
        visit,
        "result.html",
        name=command.name,
        summary=summary_of(command, texts),
        number=answer.number,
        is_plain=is_shown_at_once(command),
        parts=parts.shown,
        words=outcome_words(texts, outcome),
        is_success=outcome.is_success,
        drawing=draw(texts, answer.drawing()),
        is_bounded=parts.is_cut or sum(len(data) for _, data in chunks) > SHOWN_BYTES,
    )


async def _told(visit: Visit, reading: Reading) -> web.StreamResponse:
    """
    The output as a text: whole where it is there already, else as it comes.

    Raises:
        Problem: nothing but a reason came, and it came before there had to be a head.
    """
    answer = reading.answer
    # a head says how it ends, so the first piece is waited for, or the end without one
    await reading.more(wait_seconds=HEAD_SECONDS)
    chunks = answer.take_all()
    if answer.outcome is not None:
        if not chunks and answer.outcome.kind in UH_KINDS:
            raise refused(answer.outcome)
        return MadeAnswer(_HEAD.for_request(is_secure=visit.is_secure), _text_of(chunks, answer.outcome))
    output = b"".join(data for _, data in chunks)
    response = web.StreamResponse(headers={"Content-Type": _PLAIN})
    await visit.stream(response)
    if visit.is_head:
        return response
    if output:
        await response.write(output)
    async for chunk in reading.pieces():
        if chunk is not None:
            output = chunk[1]
            await response.write(output)
    await response.write_eof(_ending(answer.outcome, output))
    return response


def _ending(outcome: Outcome | None, output: bytes) -> bytes:
    """What the line protocol adds behind `output`, or behind its last piece."""
    if outcome is None:
        return b""
    said = "".join(f"{line}\n" for line in last_lines(outcome)).encode()
    if outcome.kind in UH_KINDS:
        said += uh(outcome.reason)
    line_end = b"\n" if said and output and not output.endswith(b"\n") else b""
    return line_end + said


ROUTES = (
    Route("GET", "/", catalogue),
    Route("GET", "/commands", catalogue),
    Route("GET", "/commands/{name}", ask),
    Route("POST", "/commands/{name}", start),
    Route("GET", "/commands/{name}/form", form),
)

LAST_ROUTES = (Route("GET", "/{name}", ask),)
"""Looked at when no other path fits."""
