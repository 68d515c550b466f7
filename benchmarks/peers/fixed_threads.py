"""`http.server` with a thread for each connection and a fixed answer: prints its port, and serves."""

import argparse
import functools
import http.server
from typing import Any


class Fixed(http.server.BaseHTTPRequestHandler):
    """Every path. A connection is kept, and written to once an answer: as its defaults it would be slower."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(self, *connection: Any, answer: bytes) -> None:
        self._answer = answer
        super().__init__(*connection)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(self._answer)))
        self.end_headers()
        self.wfile.write(self._answer)

    def log_message(self, *_: Any) -> None:
        """A line a request on stderr would be what is measured."""


class Server(http.server.ThreadingHTTPServer):
    """It takes as many at once as come."""

    request_queue_size = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every request is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="HTTP/1.1 keeps connections anyway")
    handler = functools.partial(Fixed, answer=parser.parse_args().answer.encode() + b"\n")
    with Server(("127.0.0.1", 0), handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
