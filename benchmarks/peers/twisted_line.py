"""The line protocol as a bare Twisted LineReceiver on the epoll reactor: a fixed answer to every line."""

import argparse
from typing import Any

from twisted.internet import epollreactor

# Before anything imports `twisted.internet.reactor`, which would install another one.
epollreactor.install()  # type: ignore[no-untyped-call, unused-ignore]

from twisted.internet import protocol  # noqa: E402
from twisted.internet import reactor as installed_reactor  # noqa: E402
from twisted.protocols.basic import LineReceiver  # noqa: E402

GREETING = b"What can I do for you?\n"
BACKLOG = 4096

# Zope's interfaces mean something else to a type checker than they do when they run.
reactor: Any = installed_reactor


class FixedAnswer(LineReceiver):  # type: ignore[misc, unused-ignore]
    """One connection."""

    delimiter = b"\n"
    transport: Any

    def __init__(self, *, answer: bytes, keep: bool) -> None:
        self._keep = keep
        self._reply = answer + GREETING if keep else answer

    def connectionMade(self) -> None:  # noqa: N802
        self.transport.setTcpNoDelay(True)
        self.transport.write(GREETING)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        self.transport.write(self._reply)
        if not self._keep:
            self.transport.loseConnection()


class FixedAnswers(protocol.ServerFactory):  # type: ignore[misc, unused-ignore]
    """One protocol a connection."""

    noisy = False

    def __init__(self, *, answer: bytes, keep: bool) -> None:
        self._answer = answer
        self._keep = keep

    def buildProtocol(self, addr: object) -> FixedAnswer:  # noqa: N802
        return FixedAnswer(answer=self._answer, keep=self._keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="what every line is answered, without its LF")
    parser.add_argument("--keep", action="store_true", help="greet again instead of closing")
    arguments = parser.parse_args()
    factory = FixedAnswers(answer=arguments.answer.encode() + b"\n", keep=arguments.keep)
    listener = reactor.listenTCP(0, factory, backlog=BACKLOG, interface="127.0.0.1")
    print(listener.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
