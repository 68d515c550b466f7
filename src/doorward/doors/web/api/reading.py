"""An OpenAPI document to be read: which operations there are, and what each one takes; pure."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doorward.core.columns import aligned

_BODY = "body"


@dataclass(frozen=True, slots=True)
class Taken:
    """
    One thing that an operation takes.

    Attributes:
        name: its own.
        where: `path`, `query`, `header`, or `body`.
        about: what it is and may be.
        is_required: whether it has to be there.
    """

    name: str
    where: str
    about: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One method of one path.

    Attributes:
        method: in upper case.
        path: with its parameters in braces.
        summary: one line.
        about: more, or nothing.
        tag: the group that it belongs to.
        takes: what can be said.
        answers: status and what it means, the good ones only.
        example: a line for curl.
    """

    method: str
    path: str
    summary: str
    about: str
    tag: str
    takes: tuple[Taken, ...]
    answers: tuple[tuple[str, str], ...]
    example: str


def operations_of(document: Mapping[str, Any]) -> Iterator[Operation]:
    """
    The operations of `document`, in its order.

    Args:
        document: as `openapi_document` makes it.
    """
    for path, item in document["paths"].items():
        shared = item.get("parameters", ())
        yield from (
            _operation(document, path, method, operation, shared)
            for method, operation in item.items()
            if method != "parameters"
        )


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    operation: Mapping[str, Any],
    shared: Sequence[Mapping[str, Any]],
) -> Operation:
    parameters = [_found(document, each) for each in (*shared, *operation.get("parameters", ()))]
    responses = operation["responses"]
    body = _body_of(operation)
    taken = [
        Taken(each["name"], each["in"], each.get("description", ""), each.get("required", False))
        for each in parameters
    ]
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=operation.get("description", ""),
        tag=operation["tags"][0],
        takes=(*taken, *_of_body(body)),
        # the problems are told by reference
        answers=tuple(
            (status, each["description"]) for status, each in responses.items() if "description" in each
        ),
        example=_example(document["servers"][0]["url"] + path, method, body),
    )


def _found(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = part.get("$ref")
    if reference is None:
        return part
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _body_of(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return next(iter(content.values()))["schema"] if content else {}


def _of_body(schema: Mapping[str, Any]) -> Iterator[Taken]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        if name == "parameters":
            yield from _of_body(each)
        else:
            yield Taken(name, _BODY, each.get("description", ""), name in required)


def _example(address: str, method: str, body: Mapping[str, Any]) -> str:
    words = ["curl", "-H", "@auth", address]
    if method == "post":
        words += ["--json", json.dumps(_example_value(body), ensure_ascii=False)]
    return shlex.join(words)


def _example_value(schema: Mapping[str, Any]) -> object:
    match schema:
        case {"default": default}:
            return default
        case {"enum": [first, *_]}:
            return first
        case {"type": "object", "properties": properties}:
            required = schema.get("required", ())
            return {name: _example_value(each) for name, each in properties.items() if name in required}
        case {"minimum": least}:
            return least
        case {"type": "boolean"}:
            return True
        case {"type": "array"}:
            return []
        case _:
            return "..."


def as_text(operations: Iterator[Operation]) -> str:
    """A line for each."""
    return aligned([(each.method, each.path, each.summary) for each in operations], indent="")
