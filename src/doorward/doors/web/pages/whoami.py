"""Which path was asked for, from which address, and as which visitor: the article's own page."""

from aiohttp import web

from doorward.core.errors import one_line
from doorward.doors.web.pages.rendering import page, texts_of
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit

_PATH_CHARACTERS = 2048


async def whoami(visit: Visit) -> web.StreamResponse:
    """The path as it came, and whose it is: a page for browsers, two lines for the rest."""
    members = visit.door.desk.whoami(visit.caller)
    path = one_line(visit.request.raw_path)[:_PATH_CHARACTERS]
    words = texts_of(visit).whoami.format_map(members)
    if visit.wants_html:
        return page(visit, "whoami.html", path=path, words=words)
    return web.Response(text=f"{path}\n{words}\n")


ROUTES = (Route("GET", "/whoami", whoami), Route("GET", "/whoami/{path}", whoami))
