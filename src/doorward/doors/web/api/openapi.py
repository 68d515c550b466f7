"""The OpenAPI document of what one caller may do: a path for each command, with the schema of its values."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from doorward.core.command import Command, Verb
from doorward.core.limits import Limits
from doorward.doors.web.api.bodies import JSON
from doorward.doors.web.api.components import (
    COUNT,
    INPUT,
    PARAMETERS,
    READER_SCHEMA,
    RESPONSES,
    SCHEMAS,
    STATE_SCHEMA,
    TEXT,
    members,
    ref,
    response_name,
)
from doorward.doors.web.api.runs import EVENT_STREAM, EXIT_STATUS, NEXT_OFFSET, STATE
from doorward.doors.web.api.schemas import Schema, parameters_schema

OPENAPI = "3.1.1"

_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_BODY = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_RUN_TAG = "Runs"
_COMMAND_TAG = "Commands"


@dataclass(frozen=True, slots=True)
class About:
    """
    What the document says of the server.

    Attributes:
        version: of the program.
        server: `https://host:port`, as the one who asks knows it.
    """

    version: str
    server: str


def openapi_document(about: About, commands: Iterable[Command], limits: Limits) -> Schema:
    """
    The document.

    Args:
        about: the server.
        commands: those that whoever asks may run.
        limits: of lines and words.

    Source: OpenAPI Specification 3.1.1, JSON Schema 2020-12, RFC 9457.
    """
    commands = tuple(commands)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Doorward",
            "version": about.version,
            "summary": "The commands of a server that you may run, and their runs",
        },
        "servers": [{"url": about.server}],
        "security": [{"token": []}, {"password": []}],
        "tags": [
            {"name": _COMMAND_TAG, "description": "What can be asked for"},
            {"name": _RUN_TAG, "description": "What was asked for, and what came of it"},
        ],
        "paths": _paths(limits) | {_path(each): _command_path(each, limits) for each in commands},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            },
            "schemas": SCHEMAS,
            "parameters": PARAMETERS,
            "responses": RESPONSES,
        },
    }


def _paths(limits: Limits) -> Schema:
    lines: Schema = {"type": "string", "maxLength": limits.line_bytes, "pattern": r"^[^\r\n]*$"}
    line = _body({"line": lines, **INPUT}, required=["line"])
    run = [ref("parameters", "number")]
    not_found = HTTPStatus.NOT_FOUND
    return {
        "/api/v1/commands": {"get": _get("list_commands", "The commands", _object("commands", "Command"))},
        "/api/v1/commands/{name}": {
            "parameters": [ref("parameters", "name")],
            "get": _get("show_command", "One command", ref("schemas", "Command"), not_found),
        },
        "/api/v1/whoami": {"get": _get("whoami", "Who you are", ref("schemas", "Whoami"))},
        "/api/v1/runs": {
            "get": _get("list_runs", "The runs that you may see", _object("runs", "Run")),
            "post": _starting("run_line", "Ask with one line, as at every other door", _RUN_TAG, line),
        },
        "/api/v1/runs/{number}": {
            "parameters": run,
            "get": _get(
                *("show_run", "One run; with wait, once it has ended", ref("schemas", "Run")),
                *(not_found, HTTPStatus.UNPROCESSABLE_ENTITY),
                parameters=("wait",),
            ),
        },
        "/api/v1/runs/{number}/output": {"parameters": run, "get": _OUTPUT},
        "/api/v1/runs/{number}/events": {"parameters": run, "get": _EVENTS},
        "/api/v1/runs/{number}/cancel": {"parameters": run, "post": _CANCEL},
    }


def _path(command: Command) -> str:
    return f"/api/v1/commands/{command.name}/runs"


def _command_path(command: Command, limits: Limits) -> Schema:
    parameters = parameters_schema(command, limits)
    properties: Schema = {"parameters": parameters, **(INPUT if command.takes_input else {})}
    body = _body(properties, required=["parameters"] if "required" in parameters else [])
    summary = command.summary or f"Run {command.name}"
    return {"post": _starting(f"run_{command.name}", summary, command.name, body, of=command)}


def _starting(operation: str, summary: str, tag: str, body: Schema, *, of: Command | None = None) -> Schema:
    """An operation that begins a run; of one that the desk answers by itself, none comes."""
    waited = "It has ended, and was waited for; or the server answered by itself"
    responses: Schema = {
        "200": _json(waited, {"anyOf": [ref("schemas", "EndedRun"), ref("schemas", "Said")]})
    }
    verb = None if of is None or not isinstance(of.action, Verb) else of.action
    if verb in {None, Verb.ATTACH}:
        headers: Schema = {
            "Location": {"schema": {"type": "string"}, "description": "Where the run is found"}
        }
        responses["202"] = _json("It runs, or waits for a place", ref("schemas", "Run"), headers=headers)
    # what is unknown is a command on a line, or the run or command that a verb is about
    missing = (HTTPStatus.NOT_FOUND,)
    return {
        "operationId": operation,
        "summary": summary,
        "tags": [tag if of is None else _COMMAND_TAG],
        "parameters": [ref("parameters", "wait")],
        "requestBody": body,
        "responses": responses | _problems(*_BODY, *missing),
    }


def _get(
    operation: str, summary: str, schema: Schema, *statuses: HTTPStatus, parameters: Iterable[str] = ()
) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": [_COMMAND_TAG if "command" in operation or operation == "whoami" else _RUN_TAG],
        "parameters": [ref("parameters", name) for name in parameters],
        "responses": {"200": _json("It is this", schema), **_problems(*statuses)},
    }


def _body(properties: Schema, *, required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    if INPUT.keys() <= properties.keys():
        schema["not"] = {"required": list(INPUT)}
    return {"required": bool(required), "content": {JSON: {"schema": schema}}}


def _problems(*statuses: HTTPStatus) -> Schema:
    return {
        str(status.value): ref("responses", response_name(status)) for status in sorted({*_ALWAYS, *statuses})
    }


def _json(description: str, schema: Schema, *, headers: Schema | None = None) -> Schema:
    told: Schema = {"headers": headers} if headers else {}
    return {"description": description, **told, "content": {JSON: {"schema": schema}}}


def _object(member: str, of: str) -> Schema:
    return members({member: {"type": "array", "items": ref("schemas", of)}})


_OUTPUT: Schema = {
    "operationId": "run_output",
    "summary": "What a run wrote, both streams, from a byte on",
    "tags": [_RUN_TAG],
    "parameters": [ref("parameters", "offset"), ref("parameters", "wait_for_output")],
    "responses": {
        "200": {
            "description": "All there is from there on; empty for nothing yet",
            "headers": {
                NEXT_OFFSET: {"schema": COUNT, "required": True, "description": "The offset to go on from"},
                STATE: {
                    "schema": STATE_SCHEMA,
                    "required": True,
                    "description": "With `ended`, nothing more comes",
                },
                EXIT_STATUS: {
                    "schema": {"type": "integer"},
                    "description": "What a shell would say, once it has ended",
                },
            },
            "content": {"text/plain": {"schema": TEXT}},
        },
        **_problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
}

_EVENTS: Schema = {
    "operationId": "run_events",
    "summary": "What a run writes, as it comes",
    "description": (
        "Server-Sent Events: `out` and `err` with `text` or `base64`, each with the offset behind it as its "
        "id, and at last `end` with the run."
    ),
    "tags": [_RUN_TAG],
    "parameters": [ref("parameters", name) for name in ("offset", "reader", "last_event")],
    "responses": {
        "200": {"description": "The events", "content": {EVENT_STREAM: {}}},
        "204": {"description": "This client has had the last event"},
        **_problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
}

_CANCEL: Schema = {
    "operationId": "cancel_run",
    "summary": "Stop a run; one that others asked for too goes on for them",
    "description": (
        "With `reader`, as Ctrl-C does: only the stream that was given this name is meant, and a run that is "
        "read or owned by anybody beside it goes on, an admin's cancelling included."
    ),
    "tags": [_RUN_TAG],
    "requestBody": _body({"reader": READER_SCHEMA}, required=[]),
    "responses": {
        "202": _json("It is being stopped, or goes on for others", members({"message": TEXT})),
        **_problems(*_BODY, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    },
}
