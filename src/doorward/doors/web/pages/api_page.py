"""The OpenAPI document as a page: what a program may ask for on behalf of who reads it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from doorward.doors.web.api.document import document_of
from doorward.doors.web.pages.rendering import page
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit

_METHODS = ("get", "post", "put", "patch", "delete")

Members = Mapping[str, Any]


async def api_page(visit: Visit) -> web.StreamResponse:
    """Every operation, below the heading of its tag; a line each for curl."""
    document: Members = document_of(visit)
    operations = list(operations_of(document))
    if not visit.wants_html:
        lines = (f"{each['method']:<5} {each['path']}  {each['summary']}\n" for each in operations)
        return web.Response(text="".join(lines))
    groups = [
        (tag["name"], tag["description"], [each for each in operations if tag["name"] in each["tags"]])
        for tag in document["tags"]
    ]
    return page(visit, "api.html", groups=groups)


def operations_of(document: Members) -> Iterator[dict[str, Any]]:
    """What the page shows of each operation, in the order of the document."""
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in _METHODS:
            if method in item:
                yield _shown(document, path, method, item[method], shared)


def _shown(
    document: Members, path: str, method: str, operation: Members, shared: list[Members]
) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    parameters = [_resolved(document, each) for each in (*shared, *operation.get("parameters", []))]
    answers = {
        status: _resolved(document, answer)["description"]
        for status, answer in operation["responses"].items()
    }
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "tags": operation.get("tags", []),
        "parameters": [(each["name"], each.get("description", "")) for each in parameters],
        "bodies": [
            (kind, json.dumps(body.get("schema", {}), indent=2, ensure_ascii=False))
            for kind, body in content.items()
        ],
        "answers": answers,
    }


def _resolved(document: Members, part: Members) -> Members:
    """What stands where `part` points to, or `part` itself."""
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        part = found
    return part


ROUTES = (Route("GET", "/api", api_page),)
