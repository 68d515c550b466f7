"""The line protocol as a bare asyncio Protocol on uvloop: a fixed answer to every line, one write a batch."""

import argparse
import asyncio
import functools
from typing import cast

import uvloop

GREETING = b"What can I do for you?\n"
BACKLOG = 4096


class FixedAnswer(asyncio.Protocol):
    """One connection."""

    def __init__(self, *, answer: bytes, keep: bool) -> None:
        self._keep = keep
        self._reply = answer + GREETING if keep else answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do what `asyncio.Transport` says but do not derive from it.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        # Every line gets the same answer, so only its end counts and no part of it need be kept.
        lines = data.count(b"\n")
        if lines and self._keep:
            self._transport.write(self._reply * lines)
        elif lines:
            self._transport.write(self._reply)
            self._transport.close()


async def serve(answer: bytes, *, keep: bool) -> None:
    """Print the port and serve until cancelled."""
    make_protocol = functools.partial(FixedAnswer, answer=answer, keep=keep)
    server = await asyncio.get_running_loop().create_server(make_protocol, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every line is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="greet again instead of closing")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(arguments.answer.encode() + b"\n", keep=arguments.keep))


if __name__ == "__main__":
    main()
