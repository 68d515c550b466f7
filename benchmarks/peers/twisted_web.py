"""Twisted Web on the epoll reactor with a fixed answer: prints its port, and serves."""

import argparse
from typing import Any

from twisted.internet import epollreactor

# Before anything imports `twisted.internet.reactor`, which would install another one.
epollreactor.install()  # type: ignore[no-untyped-call, unused-ignore]

from twisted.internet import reactor as installed_reactor  # noqa: E402
from twisted.web import server  # noqa: E402
from twisted.web.resource import Resource  # noqa: E402

# Zope's interfaces mean something else to a type checker than they do when they run.
reactor: Any = installed_reactor


class Fixed(Resource):  # type: ignore[misc, unused-ignore]
    """Every path."""

    isLeaf: Any = True  # noqa: N815

    def __init__(self, answer: bytes) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._answer = answer

    def render_GET(self, request: Any) -> bytes:  # noqa: N802
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return self._answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every request is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="HTTP/1.1 keeps connections anyway")
    answer = parser.parse_args().answer.encode() + b"\n"
    make_site: Any = server.Site
    site = make_site(Fixed(answer))
    site.noisy = False
    port = reactor.listenTCP(0, site, interface="127.0.0.1", backlog=4096)
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
