"""A web server of this machine that publishes a feed, changes it, and fails when it is told to."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class FeedServer:
    """
    Serves `body` at `/feed`, with an entity tag that belongs to it.

    Attributes:
        body, status, content_type: of every answer; may be changed at any time.
        asked: the headers of each request.
        url: of the feed.
    """

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.content_type = "application/rss+xml"
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append({name.lower(): value for name, value in request.headers.items()})
        etag = f'"{hashlib.sha256(self.body).hexdigest()}"'
        headers = {"ETag": etag, "Last-Modified": "Mon, 24 Nov 2025 10:00:00 GMT"}
        if self.status == 200 and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=self.body, status=self.status, headers={**headers, "Content-Type": self.content_type}
        )


@asynccontextmanager
async def feed_server() -> AsyncIterator[FeedServer]:
    server = FeedServer()
    application = web.Application()
    application.router.add_get("/feed", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}/feed"
        yield server
    finally:
        await runner.cleanup()
