"""Requests for what is in the folder of one mount."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import web
from aiohttp.hdrs import ACCEPT, ACCEPT_ENCODING, RANGE

from doorward.core.mounts import Mount
from doorward.doors.web.files.answers import FileAnswer
from doorward.doors.web.files.at_once import sent_at_once
from doorward.doors.web.files.conditions import IF_RANGE, Verdict, has_conditions, judge, may_be_in_part
from doorward.doors.web.files.listing import Listing, order_of
from doorward.doors.web.files.listing_texts import PAGE_POLICY, json_of, page_of, text_of
from doorward.doors.web.files.looking import Looker, NeedsSlash
from doorward.doors.web.files.media_types import MediaTypes
from doorward.doors.web.files.parts import multipart
from doorward.doors.web.files.policy import may_be_used_as
from doorward.doors.web.files.ranges import NoRange, Part, parse_ranges
from doorward.doors.web.files.reading import in_thread
from doorward.doors.web.files.resource import Representation, Resource
from doorward.doors.web.files.table import OpenFiles
from doorward.doors.web.files.targets import Target, parse_target, with_slash
from doorward.doors.web.files.walk import Exhausted
from doorward.doors.web.files.way import Way
from doorward.doors.web.headed import Again
from doorward.doors.web.heads import open_head
from doorward.doors.web.problems import RETRY_SECONDS, Problem

_log = logging.getLogger("doorward.doors.web.files")

METHODS = ("GET", "HEAD")

THREADS_MOST = 16
"""That look up, open and read at the same time: so many files on dead disks can be waited for."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A listing, as it is sent."""

    text: str
    content_type: str


class Files:
    """
    Answers requests for what is in one folder.

    Attributes:
        mount: the folder, and at what path.

    Args:
        mount: it, and at what path.
        way: how files are sent, and the threads that look them up.
        types: of files.
    """

    def __init__(self, mount: Mount, *, way: Way, types: MediaTypes) -> None:
        self.mount = mount
        self._way = way
        self._looker = Looker(mount, types)
        self._table = OpenFiles(way.clock)
        self._looks: dict[str, asyncio.Event] = {}

    def close(self) -> None:
        """Keep nothing open but what is being sent."""
        self._table.close()

    async def answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """
        Answer `request`.

        Args:
            request: of any method.
            path: what its path says below the mount, escaped as it came, without the query; empty for the
                mount itself.

        Raises:
            Problem: there is no such file, or none for such a request.
        """
        if request.method not in METHODS:
            raise _wrong_method()
        if not may_be_used_as(self.mount, request.headers.get("Sec-Fetch-Dest")):
            raise _untrusted()
        resource = self._table.get(path)
        if resource is None:
            return await self._answer_anew(request, path)
        return self._answer(request, resource, path)

    async def _answer_anew(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer with what a look finds: a file that many wait for is looked up for one of them."""
        if (under_way := self._looks.get(path)) is not None:
            await under_way.wait()
            if (resource := self._table.get(path)) is not None:
                return self._answer(request, resource, path)
        self._looks[path] = own = asyncio.Event()
        try:
            found = await self._find(request, path)
            if not isinstance(found, Resource):
                return found
            try:
                return self._answer(request, found, path)
            finally:
                # after the answer holds its file: the table may not want to keep it
                self._table.put(path, found)
        finally:
            if self._looks.get(path) is own:
                del self._looks[path]
            own.set()

    # Files

    def _answer(self, request: web.BaseRequest, resource: Resource, path: str) -> FileAnswer:
        accepted = request.headers.get(ACCEPT_ENCODING)
        chosen = resource.chosen_for(accepted)
        chosen.file.hold()
        try:
            return self._answer_with(
                request, chosen, again=partial(self._again, path, accepted, request.transport)
            )
        except BaseException:
            chosen.file.release()
            raise

    def _again(self, path: str, accepted: str | None, transport: asyncio.Transport | None) -> bytes | None:
        """Send all of what is at `path` now to whoever asked for all of it before, see `sent_at_once`."""
        resource = self._table.get(path)
        if resource is None or transport is None:
            return None
        return sent_at_once(resource.chosen_for(accepted), self._way, transport)

    def _answer_with(self, request: web.BaseRequest, chosen: Representation, *, again: Again) -> FileAnswer:
        """The answer with `chosen`, which is held for it."""
        headers = request.headers
        if has_conditions(headers):
            match judge(headers, chosen.validators):
                case Verdict.NOT_MODIFIED:
                    return self._sent(HTTPStatus.NOT_MODIFIED, chosen.unchanged_head, chosen)
                case Verdict.FAILED:
                    raise Problem(HTTPStatus.PRECONDITION_FAILED, "the file is another one by now")
                case Verdict.SEND:
                    pass
        if request.method == "HEAD":
            return self._sent(HTTPStatus.OK, chosen.whole_head, chosen)
        if (ranges := headers.get(RANGE)) is not None:
            return self._answer_ranges(chosen, ranges, if_range=headers.get(IF_RANGE))
        return self._whole(chosen, again=None if has_conditions(headers) else again)

    def _whole(self, chosen: Representation, *, again: Again | None = None) -> FileAnswer:
        return self._sent(HTTPStatus.OK, chosen.whole_head, chosen, *chosen.whole, again=again)

    def _answer_ranges(self, chosen: Representation, ranges: str, *, if_range: str | None) -> FileAnswer:
        size_bytes = chosen.size_bytes
        if not may_be_in_part(if_range, chosen.validators):
            return self._whole(chosen)
        fields: tuple[tuple[str, str], ...]
        match parse_ranges(ranges, size_bytes):
            case NoRange.WHOLE:
                return self._whole(chosen)
            case NoRange.UNSATISFIABLE:
                raise _no_such_range(size_bytes)
            case [part]:
                fields = (
                    ("Content-Type", chosen.kind),
                    ("Content-Length", str(part.size_bytes)),
                    ("Content-Range", part.content_range(size_bytes)),
                )
                pieces: tuple[bytes | Part, ...] = (part,)
            case parts:
                body = multipart(
                    parts, kind=chosen.kind, size_bytes=size_bytes, boundary=secrets.token_hex(16)
                )
                fields = (("Content-Type", body.content_type), ("Content-Length", str(body.size_bytes)))
                pieces = body.pieces
        head = open_head(HTTPStatus.PARTIAL_CONTENT, (*fields, *chosen.fields))
        return self._sent(HTTPStatus.PARTIAL_CONTENT, head, chosen, *pieces)

    def _sent(
        self,
        status: HTTPStatus,
        head: bytes,
        chosen: Representation,
        *pieces: bytes | Part,
        again: Again | None = None,
    ) -> FileAnswer:
        return FileAnswer(status, head, way=self._way, file=chosen.file, pieces=pieces, again=again)

    # What is no file, or not known yet

    async def _find(self, request: web.BaseRequest, path: str) -> Resource | web.StreamResponse:
        """
        Look up what `path` names.

        Raises:
            Problem: nothing, or it could not be looked up.
        """
        target = parse_target(path, shows_hidden=self.mount.shows_hidden)
        if target is None:
            raise not_there()
        match await self._look(request, target):
            case Resource() as found:
                return found
            case NeedsSlash():
                return self._moved(request)
            case _Shown() as shown:
                return self._listed(request, shown)
            case None:
                raise not_there()

    async def _look(self, request: web.BaseRequest, target: Target) -> Resource | NeedsSlash | _Shown | None:
        query = request.rel_url.query
        order = order_of(query.get("sort", ""))
        kind = _listing_kind(request.headers.get(ACCEPT, ""), wants_json="json" in query)
        now = self._way.clock.monotonic()

        def look() -> Resource | NeedsSlash | _Shown | None:
            found = self._looker.look(target, order, now=now)
            return self._shown(found, kind) if isinstance(found, Listing) else found

        try:
            return await in_thread(self._way.threads, look, unwanted=_let_go)
        except Exhausted as error:
            raise _busy() from error
        except OSError as error:
            _log.warning(
                "a file below %s cannot be read: %s", self.mount.path or "/", error.strerror or error
            )
            raise _busy() from error

    def _shown(self, listing: Listing, kind: str) -> _Shown:
        match kind:
            case "text/html":
                text = page_of(listing, mount=self.mount.path or "/")
            case "application/json":
                text = json_of(listing)
            case _:
                text = text_of(listing)
        return _Shown(text, kind)

    def _listed(self, request: web.BaseRequest, shown: _Shown) -> web.Response:
        body = shown.text.encode("utf-8", "backslashreplace")
        return web.Response(
            body=body if request.method == "GET" else b"",
            headers={
                "Content-Type": f"{shown.content_type}; charset=utf-8",
                "Content-Length": str(len(body)),
                "Content-Security-Policy": PAGE_POLICY,
                "Cache-Control": "no-store",
                "Referrer-Policy": "same-origin",
                "Server": "doorward",
                "Vary": "Accept",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _moved(self, request: web.BaseRequest) -> web.Response:
        raw_path, _, query = request.raw_path.partition("?")
        return web.Response(
            status=HTTPStatus.MOVED_PERMANENTLY,
            headers={
                "Location": with_slash(raw_path, request.rel_url.raw_query_string if query else ""),
                "Cache-Control": "no-cache",
                "Server": "doorward",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _listing_kind(accepted: str, *, wants_json: bool) -> str:
    """The type of a listing: JSON for whoever says so, a page for a browser, and lines for curl."""
    if wants_json:
        return "application/json"
    if "text/html" in accepted:
        return "text/html"
    return "application/json" if "application/json" in accepted else "text/plain"


def _let_go(found: object) -> None:
    if isinstance(found, Resource):
        found.drop()


def not_there() -> Problem:
    """There is nothing that may be seen."""
    return Problem(HTTPStatus.NOT_FOUND, "there is no such file")


def _wrong_method() -> Problem:
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED, "files can be read only", headers=[("Allow", ", ".join(METHODS))]
    )


def _untrusted() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "files of this folder cannot be a page's scripts: trusted = true would let them",
    )


def _no_such_range(size_bytes: int) -> Problem:
    return Problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        f"the file has {size_bytes} bytes",
        headers=[("Content-Range", f"bytes */{size_bytes}")],
    )


def _busy() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the file cannot be read now",
        headers=[("Retry-After", str(RETRY_SECONDS))],
    )
