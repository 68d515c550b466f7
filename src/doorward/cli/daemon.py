"""Finding the daemon that is meant, and asking it."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from doorward.cli.target import Target
from doorward.clients.lines.asking import Kept, Reply, Request, Sink, ask
from doorward.clients.lines.endpoint import CONNECT_SECONDS, Endpoint, TlsEndpoint, connect, parse_endpoint
from doorward.core.errors import ConnectError, StateError
from doorward.core.secret import Secret
from doorward.core.words import quote_words
from doorward.stores.places import AskPlace, ask_places
from doorward.stores.state import is_trusted, read_doors

_USUAL_TCP = "tcp://127.0.0.1:7022"
_LOOK_SECONDS = 0.5

KEPT_BYTES = 128 * 1024 * 1024
"""The most output that is kept for JSON: twice what a command may be allowed to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    How long is waited.

    Attributes:
        connect_seconds: for a connection, and for a greeting.
        timeout_seconds: for the whole answer; None for as long as it takes.
    """

    connect_seconds: float = CONNECT_SECONDS
    timeout_seconds: float | None = None


DEFAULT_PATIENCE = Patience()


def ask_daemon(
    target: Target,
    words: Sequence[str],
    sink: Sink,
    *,
    environment: Mapping[str, str],
    patience: Patience = DEFAULT_PATIENCE,
    input_descriptor: int | None = None,
) -> Reply:
    """
    Ask the daemon that `target` means, the first one that can be reached.

    Raises:
        ConnectError, BadArgument, OSError: as `asking.ask`; also when there is none.
    """
    request = Request(
        line=quote_words(list(words)),
        input_descriptor=input_descriptor,
        connect_seconds=patience.connect_seconds,
        timeout_seconds=patience.timeout_seconds,
        login=lambda: _login(target, environment),
    )
    tried = list(candidate_urls(target, environment))
    for url in tried[:-1]:
        with contextlib.suppress(NotThere):
            return _ask_at(_endpoint(url, target, environment), request, sink)
    if not tried:
        raise _none_found(target, environment)
    try:
        return _ask_at(_endpoint(tried[-1], target, environment), request, sink)
    except NotThere as error:
        raise (error.problem if len(tried) == 1 else _none_found(target, environment)) from error


class NotThere(Exception):
    """
    Nobody listens there: the cause of the error that says so.

    Attributes:
        problem: what to say of it.
    """

    def __init__(self, problem: ConnectError) -> None:
        super().__init__(str(problem))
        self.problem = problem


def keep_answer(
    target: Target,
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    patience: Patience = DEFAULT_PATIENCE,
    input_descriptor: int | None = None,
) -> tuple[Reply, Kept]:
    """Ask as `ask_daemon`, and keep what is answered."""
    kept = Kept(KEPT_BYTES)
    reply = ask_daemon(
        target,
        words,
        kept,
        environment=environment,
        patience=patience,
        input_descriptor=input_descriptor,
    )
    return reply, kept


def candidate_urls(target: Target, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where the daemon may be, the first first: none that somebody else may have put there."""
    for place in ask_places(at=target.at, named=target.state, environment=environment):
        if place.folder_to_trust is None or is_trusted(place.folder_to_trust):
            yield from _urls_of(place, is_only=bool(target.state))


def _urls_of(place: AskPlace, *, is_only: bool) -> Iterator[str]:
    """The address that the daemon of this place wrote down; else the usual one, if it is there or meant."""
    path = place.url.removeprefix("unix://")
    if path == place.url or place.origin in {"--at", "$DOORWARD_AT"}:
        yield place.url
        return
    try:
        doors = read_doors(Path(path).parent)
    except StateError:
        doors = {}  # another user's: the socket in it may still be open to us
    if doors.get("unix"):
        yield f"unix://{doors['unix'][0]}"
    elif doors.get("tcp"):
        yield f"tcp://{doors['tcp'][0]}"
    elif is_only or os.path.exists(path):
        yield place.url


def _endpoint(url: str, target: Target, environment: Mapping[str, str]) -> Endpoint:
    endpoint = parse_endpoint(url)
    if not isinstance(endpoint, TlsEndpoint):
        return endpoint
    from doorward.cli.trusting import trust_of

    return replace(endpoint, trust=trust_of(target, environment))


def _ask_at(endpoint: Endpoint, request: Request, sink: Sink) -> Reply:
    try:
        return ask(endpoint, request, sink, interruptible=_first_interrupt_calls)
    except ConnectError as error:
        if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
            raise NotThere(error) from error
        raise


def _none_found(target: Target, environment: Mapping[str, str]) -> ConnectError:
    places = ask_places(at=target.at, named=target.state, environment=environment)
    looked = [
        place.origin + (" (passed over: others can write there)" if _is_passed_over(place) else "")
        for place in places
    ]
    listens = _listens_on_loopback()
    return ConnectError(
        "no daemon found",
        "connect",
        f"none listens in {', '.join(looked)}",
        f"Something answers on {_USUAL_TCP}, maybe one that runs as another user: try --at {_USUAL_TCP}"
        if listens
        else "Start one with `doorward serve`, or say where it is with --at or --state.",
    )


def _listens_on_loopback() -> bool:
    """Whether somebody is at the address that a tcp door has when nothing is said."""
    try:
        connect(parse_endpoint(_USUAL_TCP), within_seconds=_LOOK_SECONDS).close()
    except ConnectError:
        return False
    return True


def _is_passed_over(place: AskPlace) -> bool:
    folder = place.folder_to_trust
    return folder is not None and folder.exists() and not is_trusted(folder)


def _login(target: Target, environment: Mapping[str, str]) -> Secret:
    from doorward.cli.passwords import password_for_login

    password = password_for_login(
        target.password_file,
        environment,
        where=target.at or environment.get("DOORWARD_AT") or "the daemon",
        may_prompt=target.may_prompt,
    )
    return Secret(f"{target.user} {password.revealed}") if target.user else password


@contextlib.contextmanager
def _first_interrupt_calls(cancel: Callable[[], bool]) -> Iterator[None]:
    """Ctrl-C calls `cancel`, and a person is told; when that says that no end will come, it interrupts."""
    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.SIG_IGN:
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if not cancel():
            raise KeyboardInterrupt
        with contextlib.suppress(OSError):
            if os.isatty(2):
                # not through sys.stderr, whose buffer a handler of signals must not enter twice
                os.write(2, b"doorward: stopping; Ctrl-C again leaves\n")

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
