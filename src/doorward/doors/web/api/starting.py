"""Runs are begun: by a command's name and values, or by a line as at every other door; and cancelled."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from doorward.core.command import Command
from doorward.core.errors import BadLine
from doorward.core.outcome import LEFT, Outcome, OutcomeKind, outcome_members
from doorward.core.words import split_words
from doorward.doors.web.answers import (
    Ask,
    Collected,
    Reading,
    answer_members,
    no_such_run,
    number_of,
)
from doorward.doors.web.api.bodies import CancelBody, Input, LineBody, RunBody, input_of, read_body
from doorward.doors.web.api.json_answers import json_answer, output_member
from doorward.doors.web.api.runs import run_address
from doorward.doors.web.api.values import invalid_values, words_of
from doorward.doors.web.problems import Problem, refused
from doorward.doors.web.queries import invalid, wait_of
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit
from doorward.service.answer import Answer

_NO_INPUT = "this command reads no input"


async def run_command(visit: Visit) -> web.StreamResponse:
    """Begin a run of the command in the path."""
    wait_seconds, name = wait_of(visit), visit.names["name"]
    command = _granted(visit, name)
    body = await read_body(visit, RunBody)
    stdin = _input_for(command, input_of(body))
    said = words_of(command, body.parameters, visit.door.limits)
    caller, desk = visit.caller, visit.door.desk
    return await _begun(
        visit, lambda on_news: desk.ask_named(caller, name, said, on_news), stdin, wait_seconds=wait_seconds
    )


async def run_line(visit: Visit) -> web.StreamResponse:
    """Answer a line."""
    wait_seconds = wait_of(visit)
    body = await read_body(visit, LineBody)
    line, stdin = _one_line(visit, body.line), input_of(body)
    if stdin.was_given:
        _input_for(_granted(visit, _first_word(line)), stdin)
    caller, desk = visit.caller, visit.door.desk
    return await _begun(
        visit, lambda on_news: desk.ask(caller, line, on_news), stdin, wait_seconds=wait_seconds
    )


async def cancel(visit: Visit) -> web.StreamResponse:
    """Stop a run, or take the caller off it: as a whole, or one of those who read it in their name."""
    number = number_of(visit)
    reader = (await read_body(visit, CancelBody)).reader
    caller, desk = visit.caller, visit.door.desk
    run = desk.run(caller, number)
    if run is None:
        raise no_such_run()
    if run["outcome"] is not None:
        raise Problem(HTTPStatus.CONFLICT, f"run {number} has ended already")
    if not isinstance(reader, msgspec.UnsetType):
        return _cancel_for(visit, number, reader)
    with Reading(visit, lambda _on_news: desk.cancel_number(caller, number)) as reading:
        said = await reading.collected(wait_seconds=0)
    return json_answer({"message": said.data.decode().strip()}, status=HTTPStatus.ACCEPTED)


def _cancel_for(visit: Visit, number: int, reader: str) -> web.StreamResponse:
    caller = visit.caller
    answer = visit.door.house.followers.find(caller, number, reader)
    if answer is None:
        raise Problem(HTTPStatus.CONFLICT, f"nobody called so follows run {number} now")
    visit.door.desk.cancel(caller, answer)
    goes_on = answer.outcome is LEFT
    message = f"Run {number} goes on for others." if goes_on else f"Run {number} is being stopped."
    return json_answer({"message": message}, status=HTTPStatus.ACCEPTED)


async def _begun(visit: Visit, ask: Ask, stdin: Input, *, wait_seconds: float | None) -> web.StreamResponse:
    with Reading(visit, ask) as reading:
        answer = reading.answer
        _refuse_unless_answered(answer)
        if answer.takes_input:
            visit.door.desk.write_input(answer, stdin.data)
            visit.door.desk.end_input(answer)
        if answer.run is None:
            return _said_by_desk(await reading.collected(wait_seconds=0))
        if wait_seconds is None:
            return _run_answer(visit, answer, None)
        collected = await reading.collected(wait_seconds=wait_seconds)
        return _run_answer(visit, answer, None if collected.outcome is None else collected)


def _run_answer(visit: Visit, answer: Answer, collected: Collected | None) -> web.Response:
    """The run and where to find it: accepted, or, once it has ended and was waited for, with its output."""
    members = answer_members(visit, answer) or {}
    headers = {"Location": run_address(answer.number)}
    if collected is None:
        return json_answer(members, status=HTTPStatus.ACCEPTED, headers=headers)
    return json_answer(members | output_member(collected.data), headers=headers)


def _said_by_desk(collected: Collected) -> web.Response:
    outcome = None if collected.outcome is None else outcome_members(collected.outcome)
    return json_answer({"run": None, "outcome": outcome, **output_member(collected.data)})


def _refuse_unless_answered(answer: Answer) -> None:
    if answer.problems:
        raise invalid_values(answer.problems)
    outcome = answer.outcome
    # a run that was begun tells by itself how it ended, and the desk's own words are always a success
    if answer.run is None and outcome is not None and outcome.kind is not OutcomeKind.EXITED:
        raise refused(outcome)


def _granted(visit: Visit, name: str) -> Command:
    command = visit.door.desk.find_command(visit.caller, name)
    if isinstance(command, Outcome):
        raise refused(command)
    return command


def _input_for(command: Command, stdin: Input) -> Input:
    if stdin.was_given and not command.takes_input:
        raise invalid("input", _NO_INPUT)
    return stdin


def _one_line(visit: Visit, line: str) -> str:
    most_bytes = visit.door.limits.line_bytes
    if "\n" in line or "\r" in line or len(line.encode()) > most_bytes:
        raise invalid("line", f"expected one line of at most {most_bytes} bytes")
    return line


def _first_word(line: str) -> str:
    try:
        words = split_words(line)
    except BadLine as error:
        raise invalid("line", str(error)) from None
    return words[0] if words else ""


ROUTES = (
    Route("POST", "/api/v1/runs", run_line),
    Route("POST", "/api/v1/commands/{name}/runs", run_command),
    Route("POST", "/api/v1/runs/{number}/cancel", cancel),
)
