"""
The same small errand as a chain of callbacks on a Deferred, and as async/await.

A question is asked; its answer tells which one is asked next; what comes of that is told. Whoever asks gives
back a `Deferred`, an answer that is not there yet. `python -m doorward.models.callbacks ADDRESS:PORT` goes on
it, with a server of the models.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from doorward.models._model import ModelMissing

try:
    from twisted.internet import defer, endpoints, protocol, task
    from twisted.internet.defer import Deferred
    from twisted.logger import LogEvent, globalLogPublisher
    from twisted.python.failure import Failure
except ImportError as error:
    raise ModelMissing("callbacks", "Twisted", "pip install 'doorward[models]'") from error

Ask = Callable[[str], "Deferred[str]"]


class Refused(Exception):
    """The server did not do what it was asked for."""


# [callbacks]
def errand_in_callbacks(ask: Ask, line: str) -> "Deferred[str]":
    """Ask `line`, then for as many numbers as its answer has lines; every step is a function of its own."""

    def ask_next(answer: str) -> "Deferred[str]":
        # a Deferred that is given back holds the chain up until it has its result
        return ask(f"count {_lines_in(answer)}")

    def tell(answer: str) -> str:
        return f"told {_lines_in(answer)} lines"

    def tell_refusal(failure: Any) -> str:
        # a failure of another kind is given on, along the track of errors
        failure.trap(Refused)
        return f"refused: {failure.value}"

    return ask(line).addCallback(ask_next).addCallback(tell).addErrback(tell_refusal)


# [await]
async def errand_in_await(ask: Ask, line: str) -> str:
    """The same: the steps stand below one another, and an error goes where errors go."""
    try:
        answer = await ask(line)
        answer = await ask(f"count {_lines_in(answer)}")
    except Refused as refusal:
        return f"refused: {refusal}"
    return f"told {_lines_in(answer)} lines"


# [pairs]
def in_one_pair(ask: Ask, line: str, act: Callable[[str], str]) -> "Deferred[str]":
    """Both at one step: when `act` fails, the function beside it is not asked, and the failure goes on."""
    return ask(line).addCallbacks(act, _caught)


def one_after_the_other(ask: Ask, line: str, act: Callable[[str], str]) -> "Deferred[str]":
    """A step after the other: what `act` fails with is caught by the next."""
    return ask(line).addCallback(act).addErrback(_caught)


# [end]


def _caught(failure: Any) -> str:
    return f"caught {failure.type.__name__}"


@contextmanager
def unhandled() -> Iterator[list[str]]:
    """The names of errors whose Deferred went before an errback took them: Twisted can only log those."""
    names: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("debugInfo") is not None or "Unhandled error in Deferred" in str(
            event.get("log_format")
        ):
            failure = event.get("log_failure")
            if failure is not None:
                names.append(failure.type.__name__)

    # a function is an observer, which only zope.interface knows how to say
    observer: Any = observe
    globalLogPublisher.addObserver(observer)
    try:
        yield names
    finally:
        globalLogPublisher.removeObserver(observer)


def asker(reactor: Any, address: tuple[str, int]) -> Ask:
    """Who asks the server at `address`, a connection for each line."""

    def ask(line: str) -> "Deferred[str]":
        answer: Deferred[str] = Deferred()
        endpoint: Any = endpoints.TCP4ClientEndpoint(reactor, *address, timeout=10)
        connecting = endpoint.connect(protocol.Factory.forProtocol(lambda: _Asking(line, answer)))
        connecting.addErrback(answer.errback)
        return answer

    return ask


class _Asking(protocol.Protocol):
    """A connection for one line; the answer is what comes after the greeting until the end."""

    transport: Any

    def __init__(self, line: str, answer: "Deferred[str]") -> None:
        self._line = line
        self._answer = answer
        self._heard = b""

    def connectionMade(self) -> None:
        self.transport.write(self._line.encode() + b"\n")

    def dataReceived(self, data: bytes) -> None:
        self._heard += data

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        answer = self._heard.decode(errors="replace").partition("\n")[2]
        if answer.startswith(("Uh?", "I did not understand.")):
            self._answer.errback(Refused(answer.strip()))
        else:
            self._answer.callback(answer)


def _lines_in(answer: str) -> int:
    return answer.count("\n")


async def _go(reactor: Any, where: str) -> None:
    host, _, port = where.rpartition(":")
    ask = asker(reactor, (host, int(port)))
    for line in ("count 3", "nothing-of-this-name"):
        told = await errand_in_callbacks(ask, line), await errand_in_await(ask, line)
        sys.stdout.write(f"{line}: {told[0]} | {told[1]}\n")


if __name__ == "__main__":
    task.react(lambda reactor, where: defer.ensureDeferred(_go(reactor, where)), sys.argv[1:])
