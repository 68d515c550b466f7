"""The door's folders as routes: who may come is asked as everywhere, and the files' own handler answers."""

from functools import partial
from types import MappingProxyType

from aiohttp import web

from doorward.doors.web.files.handler import Files, not_there
from doorward.doors.web.routes import Access, Found, Route
from doorward.doors.web.visit import Visit


def found_files(files: Files, path: str) -> Found:
    """The route to what `path` says below the mount of `files`; for any method, since that handler knows."""
    access = Access.ALL if files.mount.is_public else Access.USERS
    route = Route("GET", files.mount.path, partial(_answer, files, path), access)
    return Found(route, MappingProxyType({}))


async def _answer(files: Files, path: str, visit: Visit) -> web.StreamResponse:
    principal = None if visit.identity is None else visit.identity.principal
    if not files.mount.is_seen_by(principal):
        # nor is told that there is a folder
        raise not_there()
    if files.mount.is_public:
        # who comes for what everybody may see has no login before them, and takes no place of those who do
        visit.connection.let_in()
    elif visit.identity is not None:
        # what has begun to be sent to somebody who may not have it any more is not sent to its end
        visit.connection.end_with(visit.identity)
    return await files.answer(visit.request, path)
