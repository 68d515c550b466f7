"""Whether the daemon is there, for whoever watches over it: no login, and nothing told but that."""

from http import HTTPStatus

from aiohttp import web

from doorward.doors.web.problems import Problem
from doorward.doors.web.routes import Access, Route
from doorward.doors.web.visit import Visit


async def healthz(_visit: Visit) -> web.StreamResponse:
    """The loop turns."""
    return web.Response(text="ok\n")


async def readyz(visit: Visit) -> web.StreamResponse:
    """
    The doors are open: they are before the first connection is accepted, until the daemon is to stop.

    Raises:
        Problem: it stops, and answers only what is under way.
    """
    if visit.door.gate.is_stopping:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the daemon is being stopped")
    return web.Response(text="ok\n")


ROUTES = (
    Route("GET", "/healthz", healthz, Access.ALL),
    Route("GET", "/readyz", readyz, Access.ALL),
)
