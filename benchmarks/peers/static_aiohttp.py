"""aiohttp's own static files on uvloop: FOLDER; prints its port."""

import asyncio
import sys

import uvloop
from aiohttp import web


async def main() -> None:
    application = web.Application()
    application.router.add_static("/", sys.argv[1])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


uvloop.run(main())
