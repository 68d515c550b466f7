"""The OpenAPI document is handed out: as JSON, and as a page to read it."""

from aiohttp import web

from doorward import __version__
from doorward.doors.web.api.json_answers import json_answer
from doorward.doors.web.api.openapi import About, openapi_document
from doorward.doors.web.api.reading import as_text, operations_of
from doorward.doors.web.api.schemas import Schema
from doorward.doors.web.pages.rendering import page
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit


async def show_document(visit: Visit) -> web.StreamResponse:
    """The document of what the caller may do."""
    return json_answer(document_of(visit))


async def read_document(visit: Visit) -> web.StreamResponse:
    """The same to be read: a page for browsers, a line an operation for the rest."""
    operations = operations_of(document_of(visit))
    if visit.wants_html:
        return page(visit, "api.html", operations=[*operations])
    return web.Response(text=as_text(operations))


def document_of(visit: Visit) -> Schema:
    """The document that fits who asks, and how they reach us."""
    about = About(version=__version__, server=visit.own_origin)
    return openapi_document(about, visit.door.desk.commands(visit.caller), visit.door.limits)


ROUTES = (Route("GET", "/api/openapi.json", show_document), Route("GET", "/api", read_document))
