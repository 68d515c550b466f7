"""The web door: a page for people and an API for programs, over HTTP/1.1."""

import asyncio
from collections.abc import Callable

from doorward.doors._encrypted import TlsTransport
from doorward.doors.web import api, health, metrics, pages
from doorward.doors.web.answering import Answering
from doorward.doors.web.connection import WebConnection
from doorward.doors.web.door import WebDoor
from doorward.doors.web.house import House
from doorward.doors.web.requests import server_for
from doorward.doors.web.routes import Table

__all__ = ["House", "WebDoor", "meeting"]

ROUTES = (*health.ROUTES, *metrics.ROUTES, *api.ROUTES, *pages.ROUTES, *pages.LAST_ROUTES)


def meeting(door: WebDoor) -> Callable[[], asyncio.Protocol]:
    """What makes the protocol that meets a connection which comes by `door`."""
    answering = Answering(Table(ROUTES), pages=door.house.warmed(pages.templates))
    server = server_for(answering.answer)

    def meet() -> asyncio.Protocol:
        connection = WebConnection(door, server)
        return connection if door.context is None else TlsTransport(connection, door.context, door.limits)

    return meet
