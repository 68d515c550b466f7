"""Our style sheet, script and pictures: read once, each under a name that its bytes give it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType

from aiohttp import web

from doorward.doors.web.problems import Problem
from doorward.doors.web.routes import Access, Route
from doorward.doors.web.visit import Visit

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_A_DAY = "public, max-age=86400"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """
    One of them.

    Attributes:
        path: where it is served; another one as soon as a byte of it changes.
        data: all of it.
        content_type: without a charset.
    """

    path: str
    data: bytes
    content_type: str

    def answer(self, *, caching: str = _FOR_EVER) -> web.Response:
        """It as an answer that may be kept."""
        charset = None if self.content_type.startswith("image/") else "utf-8"
        response = web.Response(body=self.data, content_type=self.content_type, charset=charset)
        response.headers["Cache-Control"] = caching
        return response


def _load() -> Mapping[str, StaticFile]:
    found = {}
    for resource in files(__package__).joinpath("static").iterdir():
        stem, _, suffix = resource.name.rpartition(".")
        data = resource.read_bytes()
        mark = hashlib.sha256(data).hexdigest()[:12]
        found[resource.name] = StaticFile(f"/static/{stem}.{mark}.{suffix}", data, _TYPES[suffix])
    return MappingProxyType(found)


STATIC = _load()
"""Each by its name in the package."""

_BY_PATH = MappingProxyType({file.path: file for file in STATIC.values()})


async def static(visit: Visit) -> web.StreamResponse:
    """One of the files; what has another mark is not there any more."""
    file = _BY_PATH.get(f"/static/{visit.names['name']}")
    if file is None:
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such file")
    return file.answer()


async def favicon(_visit: Visit) -> web.StreamResponse:
    """The picture in a browser's tab, for whoever asks without having read a page."""
    return STATIC["icon.svg"].answer(caching=_A_DAY)


ROUTES = (
    Route("GET", "/static/{name}", static, Access.ALL),
    Route("GET", "/favicon.ico", favicon, Access.ALL),
)
