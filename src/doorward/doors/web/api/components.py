"""What the parts of an OpenAPI document have in common: runs, outcomes, problems, offsets."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from doorward.core.command import NAME
from doorward.core.outcome import OutcomeKind
from doorward.doors.web.api.bodies import JSON
from doorward.doors.web.api.schemas import Schema
from doorward.doors.web.problems import PROBLEM_TYPE
from doorward.doors.web.queries import OFFSET_DIGITS, READER_PATTERN, WAIT_SECONDS
from doorward.service.run import RunState

_STATUSES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "No HTTP or no JSON that can be understood",
    HTTPStatus.UNAUTHORIZED: "No login, or one that is not good",
    HTTPStatus.FORBIDDEN: "Not for this user, or asked by a page of another site",
    HTTPStatus.NOT_FOUND: "There is no such thing, or none that this user may see",
    HTTPStatus.CONFLICT: "The run has ended already, or nobody follows it by that name",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: f"The body is not {JSON}",
    HTTPStatus.MISDIRECTED_REQUEST: "The server does not answer by this Host",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value or a line that does not do",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many failed logins from this address",
    HTTPStatus.SERVICE_UNAVAILABLE: "Busy, or about to stop",
}
_RETRIED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def ref(kind: str, name: str) -> Schema:
    """What stands in `components` under `kind` by this name."""
    return {"$ref": f"#/components/{kind}/{name}"}


def members(properties: Schema, *, optional: Iterable[str] = ()) -> Schema:
    """The schema of an object that has all of these but the optional ones, and may come to have others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _problem(status: HTTPStatus) -> Schema:
    response: Schema = {
        "description": _STATUSES[status],
        "content": {PROBLEM_TYPE: {"schema": ref("schemas", "Problem")}},
    }
    if status in _RETRIED:
        retry = {"schema": {"type": "integer"}, "description": "Seconds to wait before the next try"}
        response["headers"] = {"Retry-After": retry}
    if status is HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def response_name(status: HTTPStatus) -> str:
    """By what name a problem of this status stands in `components`."""
    return status.phrase.replace(" ", "").replace("'", "")


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
_NAMES: Schema = {"type": "array", "items": TEXT}
_BASE64: Schema = {"type": "string", "contentEncoding": "base64"}

READER_SCHEMA: Schema = {"type": "string", "pattern": f"^{READER_PATTERN}$"}

STATE_SCHEMA: Schema = {"type": "string", "enum": [state.value for state in RunState]}

INPUT: Schema = {
    "input": {"type": "string", "description": "What the command reads on its standard input"},
    "input_base64": {
        **_BASE64,
        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    },
}

_OUTPUT_MEMBERS: Schema = {
    "output": {"type": "string", "description": "What it wrote, where that is UTF-8"},
    "output_base64": {**_BASE64, "description": "What it wrote, where that is something else"},
}

_RUN_PROPERTIES: Schema = {
    "run": {"type": "integer", "minimum": 1, "description": "Its number"},
    "state": STATE_SCHEMA,
    "command": TEXT,
    "words": {"type": "string", "description": "The line that asks for the same; secrets as dots"},
    "who": {"type": "string", "description": "Who asked first"},
    "owners": {**_NAMES, "description": "Who asked"},
    "door": TEXT,
    "from": TEXT,
    "asked_at": {"type": "string", "format": "date-time"},
    "seconds": {"type": "number", "minimum": 0},
    "output_bytes": COUNT,
    "readers": {**COUNT, "description": "Others who read it now"},
    "outcome": {"anyOf": [ref("schemas", "Outcome"), {"type": "null"}]},
    "drawing": ref("schemas", "Drawing"),
}

SCHEMAS: Schema = {
    "Problem": members(
        {
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "errors": {"type": "array", "items": members({"parameter": TEXT, "detail": TEXT})},
            "outcome": ref("schemas", "Outcome"),
        },
        optional=["errors", "outcome"],
    ),
    "Outcome": members(
        {
            "kind": {"type": "string", "enum": [kind.value for kind in OutcomeKind]},
            "exit_status": {"type": "integer", "minimum": 0, "maximum": 255},
            "status": {"type": "integer", "minimum": 1, "maximum": 255},
            "signal": {"type": "integer", "minimum": 1, "maximum": 64},
            "reason": TEXT,
            "after_seconds": {"type": "number"},
            "cut_at_bytes": COUNT,
        },
        optional=["status", "signal", "reason", "after_seconds", "cut_at_bytes"],
    ),
    "Run": members(_RUN_PROPERTIES, optional=["drawing"]),
    "EndedRun": members({**_RUN_PROPERTIES, **_OUTPUT_MEMBERS}, optional=["drawing", *_OUTPUT_MEMBERS]),
    "Said": members(
        {"run": {"type": "null"}, "outcome": ref("schemas", "Outcome"), **_OUTPUT_MEMBERS},
        optional=_OUTPUT_MEMBERS,
    ),
    "Drawing": {
        "description": "What was read out of the output: a table, or figures of one moment",
        "anyOf": [
            members(
                {
                    "columns": {"type": "array", "items": members({"name": TEXT, "unit": TEXT})},
                    "rows": {"type": "array", "items": {"type": "array"}},
                }
            ),
            members({"unit": TEXT, "figures": {"type": "object"}}),
        ],
    },
    "Command": members(
        {
            "name": TEXT,
            "summary": TEXT,
            "usage": TEXT,
            "who": TEXT,
            "doors": {"anyOf": [_NAMES, {"type": "null"}]},
            "read_only": {"type": "boolean"},
            "input": {"type": "boolean"},
            "builtin": {"type": "boolean"},
            "parameters": {"type": "array", "items": {"type": "object"}},
            "schema": {"type": "object", "description": "The JSON Schema of its parameters"},
        }
    ),
    "Whoami": members(
        {
            "user": TEXT,
            "roles": _NAMES,
            "login": TEXT,
            "door": TEXT,
            "address": TEXT,
            "visitor": COUNT,
            "connected": COUNT,
        }
    ),
}

_OFFSET_SCHEMA: Schema = {"type": "integer", "minimum": 0, "maximum": 10**OFFSET_DIGITS - 1, "default": 0}

PARAMETERS: Schema = {
    "name": {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": {**TEXT, "pattern": f"^{NAME.pattern}$"},
    },
    "number": {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    },
    "wait": {
        "name": "wait",
        "in": "query",
        "description": "For how many seconds to wait for the end",
        "schema": {"type": "number", "minimum": 0, "maximum": WAIT_SECONDS, "multipleOf": 0.001},
    },
    "wait_for_output": {
        "name": "wait",
        "in": "query",
        "description": "For how many seconds to wait for output",
        "schema": {"type": "number", "minimum": 0, "maximum": WAIT_SECONDS, "multipleOf": 0.001},
    },
    "offset": {
        "name": "offset",
        "in": "query",
        "description": "From which byte on",
        "schema": _OFFSET_SCHEMA,
    },
    "reader": {
        "name": "reader",
        "in": "query",
        "description": "A name of your own for this stream, by which it alone can be cancelled",
        "schema": READER_SCHEMA,
    },
    "last_event": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that came; counts before the offset",
        "schema": {"type": "string", "pattern": rf"^(?:[0-9]{{1,{OFFSET_DIGITS}}}|end)?$"},
    },
}

RESPONSES: Schema = {response_name(status): _problem(status) for status in _STATUSES}
