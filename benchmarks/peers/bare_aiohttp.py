"""aiohttp's low-level server on uvloop with a fixed answer: prints its port, and serves."""

import argparse
import asyncio

import uvloop
from aiohttp import web


async def serve(text: str) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=text)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(web.Server(answer, access_log=None), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every request is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="HTTP/1.1 keeps connections anyway")
    uvloop.run(serve(parser.parse_args().answer + "\n"))


if __name__ == "__main__":
    main()
