"""A request to its answer: is it for us, who is it from, what answers, and what every answer has."""

import asyncio
import logging
import re
import secrets
from http import HTTPStatus
from typing import cast

from aiohttp import web
from multidict import CIMultiDictProxy

from doorward.core.addresses import source_of
from doorward.doors.web.connection import WebConnection
from doorward.doors.web.door import WebDoor
from doorward.doors.web.headed import HeadedAnswer
from doorward.doors.web.login import identify
from doorward.doors.web.mounted import found_files
from doorward.doors.web.problem_answers import API, answer_problem
from doorward.doors.web.problems import Problem, not_logged_in, not_understood, shut_out
from doorward.doors.web.routes import Access, Found, Table
from doorward.doors.web.safety import host_name, is_foreign_fetch, is_ours
from doorward.doors.web.visit import Visit
from doorward.gate.origins import Origin, origin_of_host

_log = logging.getLogger("doorward.doors.web")

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")
_FORWARDED = 16
"""Addresses of one X-Forwarded-For that are looked at, from the last on."""


class Answering:
    """
    Answers requests by a table of routes.

    Args:
        table: of the whole door.
        pages: is done once pages can be made.
    """

    def __init__(self, table: Table, *, pages: "asyncio.Future[object]") -> None:
        self._table = table
        self._pages = pages

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to one request, sent or to be sent."""
        connection = cast(WebConnection, request.protocol)
        connection.begin(has_body=request.body_exists)
        visit = visit_of(request, connection)
        if not self._pages.done() and visit.wants_html:
            await asyncio.shield(self._pages)
        try:
            response = await self._answer(visit)
        except Problem as problem:
            _cut_off_begun(request)
            response = answer_problem(visit, problem)
        except ConnectionError:
            # the peer has left
            raise
        except Exception:  # noqa: BLE001 - logged
            # one request is isolated from the others
            reference = secrets.token_hex(4)
            _log.exception("request %s of visitor %d failed", reference, connection.visitor)
            _cut_off_begun(request)
            detail = f"it failed; the log explains {reference}"
            response = answer_problem(visit, Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))
        if not response.prepared:
            visit.make_safe(response)
        if isinstance(response, HeadedAnswer):
            _remember(visit, response)
        return response

    async def _answer(self, visit: Visit) -> web.StreamResponse:
        request = visit.request
        _refuse_unknown_host(visit)
        found = self._find(visit)
        visit.names = found.names
        if is_foreign_fetch(request.headers):
            raise Problem(HTTPStatus.FORBIDDEN, "another site's page may not ask for this")
        if request.method in _CHANGING and not is_ours(request.headers, own_origin=visit.own_origin):
            raise Problem(HTTPStatus.FORBIDDEN, "this comes from a page that is not ours")
        visit.identity = await identify(visit)
        gate, connection = visit.door.gate, visit.connection
        if visit.identity is not None:
            connection.let_in()
        elif not gate.may_try(connection) or gate.is_shut_out(visit.origin):
            raise shut_out()
        elif found.route.access is Access.USERS:
            raise not_logged_in()
        return await found.route.answer(visit)

    def _find(self, visit: Visit) -> Found:
        request = visit.request
        # as it came: the path that aiohttp shows is normalized already
        path, _, _ = request.raw_path.partition("?")
        mounts = visit.door.house.mounts
        if mounts is not None and (mounted := mounts.find(path)) is not None:
            return found_files(*mounted)
        found = self._table.find(request.method, path)
        if isinstance(found, Found):
            return found
        if found:
            allowed = ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED, f"this takes {allowed}", headers=[("Allow", allowed)]
            )
        if path.startswith(API):
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such page")
        raise not_understood(visit.language)


def _remember(visit: Visit, answer: HeadedAnswer) -> None:
    """
    Have the same head answered without being read, as long as all that was decided for it holds.

    Who shows it may be over or shut out, folders may be shown elsewhere; what the desk decides it decides
    each time. A proxy's requests are for many.
    """
    connection, gate, house, identity = visit.connection, visit.door.gate, visit.door.house, visit.identity
    again, mounts, origin = answer.again(is_head=visit.is_head), house.mounts, visit.origin
    if again is None or origin is not connection.origin:
        return
    if identity is not None and (connection.shown is None or connection.shown[1] is not identity):
        # a session is used by what is asked in it, and its cookie is looked up
        return

    def may_ask() -> bool:
        if identity is None:
            return gate.may_try(connection) and not gate.is_shut_out(origin)
        return not identity.is_over

    connection.remember(visit.request, lambda: again() if house.mounts is mounts and may_ask() else None)


def _cut_off_begun(request: web.BaseRequest) -> None:
    """End the connection when an answer has begun already: nobody must take it for a whole one."""
    if request.writer.output_size:
        raise ConnectionResetError


def visit_of(request: web.BaseRequest, connection: WebConnection) -> Visit:
    """What is known of a request before anything is looked up."""
    # the files door has a handler of its own, so that here it is always a whole one
    door, headers = cast(WebDoor, connection.door), request.headers
    origin, is_secure = connection.origin, door.context is not None
    host = headers.get("Host", "")
    if door.is_proxy(origin.host):
        origin = forwarded_origin(headers, door=door, nearest=origin_of_host(origin.host))
        is_secure = is_secure or headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
        host = headers.get("X-Forwarded-Host", host)
        if door.public_origin:
            is_secure = door.public_origin.startswith("https://")
    return Visit(
        door=door, connection=connection, request=request, origin=origin, is_secure=is_secure, host=host
    )


def forwarded_origin(headers: "CIMultiDictProxy[str]", *, door: WebDoor, nearest: Origin) -> Origin:
    """
    Whom a proxy's request is from: the last address of X-Forwarded-For that is no proxy of ours.

    Args:
        headers: of the request; what stands further left in the field, anybody may have written.
        door: knows the proxies.
        nearest: the proxy.
    """
    values = ",".join(headers.getall("X-Forwarded-For", [])).split(",")
    for text in reversed(values[-_FORWARDED:]):
        host = forwarded_host(text)
        try:
            source_of(host)
        except ValueError:
            return nearest
        if not door.is_proxy(host):
            return origin_of_host(host)
    return nearest


def forwarded_host(text: str) -> str:
    """The address in an entry of X-Forwarded-For, to which some proxies add a port; else what it is."""
    text = text.strip()
    match = _WITH_PORT.fullmatch(text)
    return (match["six"] or match["four"]) if match else text


def _refuse_unknown_host(visit: Visit) -> None:
    header = visit.request.headers.get("Host", "")
    if not visit.connection.is_for(header):
        name = host_name(header)[:64]
        raise Problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            f'this server is not called {name!r}; its keeper can add it: hosts = ["{name}"] in [doors.web]'
            if name
            else "the Host header names no host",
        )
