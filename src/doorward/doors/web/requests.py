"""What makes requests of what aiohttp parsed, each with a path of ours as its target."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict, CIMultiDictProxy

_ABSOLUTE = re.compile(r"https?://(?P<authority>[^/?]*)(?P<target>.*)", re.IGNORECASE | re.DOTALL)


def server_for(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """What a `WebConnection` needs to have its requests answered by `answer`."""

    def made(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        if not message.path.startswith("/"):
            message = in_origin_form(message)
        return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())

    # a handler ends with its peer: whoever reads a run leaves it then
    return web.Server(answer, handler_cancellation=True, request_factory=made)


def in_origin_form(message: RawRequestMessage) -> RawRequestMessage:
    """
    The same request as `GET /path` with a Host, when it says `GET http://host/path`; else as it is.

    What Host says beside such a target does not count.

    Source: RFC 9112 section 3.2.2: a server must accept it.
    """
    match = _ABSOLUTE.fullmatch(message.path)
    if match is None:
        return message
    target = match["target"]
    target = target if target.startswith("/") else f"/{target}"
    headers = CIMultiDict(message.headers)
    headers["Host"] = match["authority"]
    return message._replace(
        path=target,
        headers=CIMultiDictProxy(headers),
        url=message.url.relative(),
    )
