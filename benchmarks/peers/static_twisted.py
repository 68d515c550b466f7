"""Twisted's static files on the epoll reactor: FOLDER; prints its port."""

import sys
from typing import Any

from twisted.internet import epollreactor

# Before anything imports `twisted.internet.reactor`, which would install another one.
epollreactor.install()  # type: ignore[no-untyped-call, unused-ignore]

from twisted.internet import reactor as installed_reactor  # noqa: E402
from twisted.web.server import Site  # noqa: E402
from twisted.web.static import File  # noqa: E402

reactor: Any = installed_reactor


def main() -> None:
    site = Site(File(sys.argv[1]))  # type: ignore[no-untyped-call, unused-ignore]
    port = reactor.listenTCP(0, site, interface="127.0.0.1", backlog=1024)
    print(port.getHost().port, flush=True)
    reactor.run()


main()
