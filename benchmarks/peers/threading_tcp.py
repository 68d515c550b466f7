"""
The line protocol on `socketserver.ThreadingTCPServer`: a fixed answer to every line, a thread a connection.

Two of its defaults are changed, because with them only their stalls would be measured: a backlog of 5, and no
TCP_NODELAY.
"""

import argparse
import functools
import socketserver
from typing import Any

GREETING = b"What can I do for you?\n"


class FixedAnswer(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True

    def __init__(self, *connection: Any, answer: bytes, keep: bool) -> None:
        self._keep = keep
        self._reply = answer + GREETING if keep else answer
        super().__init__(*connection)

    def handle(self) -> None:
        try:
            self.wfile.write(GREETING)
            while self.rfile.readline():
                self.wfile.write(self._reply)
                if not self._keep:
                    return
        except ConnectionError:
            return


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection, none of them waited for at the end."""

    daemon_threads = True
    request_queue_size = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every line is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="greet again instead of closing")
    arguments = parser.parse_args()
    handler = functools.partial(FixedAnswer, answer=arguments.answer.encode() + b"\n", keep=arguments.keep)
    with Server(("127.0.0.1", 0), handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
