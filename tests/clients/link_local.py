"""Reaches itself at an address that two links have, on both loops; run in a network of its own."""

import asyncio
import socket
import sys

import uvloop

from doorward.clients._reaching import reach_host

SECONDS = 30.0


async def reach_itself(host: str) -> None:
    address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][4]
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(address)
        listener.listen()
        stream, peer = await reach_host(host, listener.getsockname()[1], within_seconds=SECONDS)
        link = socket.if_nametoindex(host.partition("%")[2])
        sys.stdout.write(f"{peer[1][3] == link} {stream.own_address[3] == link}\n")
        await stream.close()


if __name__ == "__main__":
    for new_loop in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(reach_itself(sys.argv[1]))
