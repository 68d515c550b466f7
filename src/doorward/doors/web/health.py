"""Whether the daemon is there, for whoever watches over it: no login, and nothing told but that."""

from aiohttp import web

from doorward.doors.web.routes import Access, Route
from doorward.doors.web.visit import Visit


async def healthz(_visit: Visit) -> web.StreamResponse:
    """The loop turns."""
    return web.Response(text="ok\n")


ROUTES = (
    Route("GET", "/healthz", healthz, Access.ALL),
    # every door is open before the first connection is accepted, and accepts none once the daemon is to stop
    Route("GET", "/readyz", healthz, Access.ALL),
)
