"""Finding the daemon that is meant, and asking it."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from doorward.cli.target import Target
from doorward.clients._asking import Kept, OnInterruptible, Reply, Request, Sink
from doorward.clients._connecting import connect
from doorward.clients._endpoints import (
    CONNECT_SECONDS,
    Endpoint,
    HttpEndpoint,
    SshEndpoint,
    TcpEndpoint,
    TlsEndpoint,
    parse_endpoint,
)
from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError, StateError
from doorward.core.secret import Secret
from doorward.core.words import quote_words
from doorward.lines.frames import WITH_NAME, WITHOUT_NAME
from doorward.stores.places import AskPlace, ask_places, socket_folders
from doorward.stores.state import is_trusted, read_doors

_USUAL_TCP = "tcp://127.0.0.1:7022"
_LOOK_SECONDS = 0.5
_TOKENS_ARE_FOR = "A token is for --at https://HOST:PORT."

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
        ConnectError, BadArgument, OSError: as `ask` of each client; also when there is none.
    """
    request = Request(
        line=quote_words(list(words)),
        input_descriptor=input_descriptor,
        connect_seconds=patience.connect_seconds,
        timeout_seconds=patience.timeout_seconds,
        login=lambda form: _login(target, environment, form),
        token=lambda: _token(target, environment),
        confirm=lambda question: _confirm(target, question),
        may_be_overheard=target.may_be_overheard,
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
            yield from _urls_of(place, environment, is_only=bool(target.state))


def _urls_of(place: AskPlace, environment: Mapping[str, str], *, is_only: bool) -> Iterator[str]:
    """
    The address that the daemon of this place wrote down; else the usual one, if it is there or meant.

    Whatever a file says, it leads to no other machine, and one that was found by its place to no socket that
    a daemon would not have made.
    """
    path = place.url.removeprefix("unix://")
    if path == place.url or place.origin in {"--at", "$DOORWARD_AT"}:
        yield place.url
        return
    try:
        doors = read_doors(Path(path).parent)
    except StateError:
        doors = {}  # another user's: the socket in it may still be open to us
    sockets = [each for each in doors.get("unix", ()) if _may_be_its_socket(each, place, environment)]
    addresses = [each for each in doors.get("tcp", ()) if _is_on_loopback(each)]
    if sockets:
        yield f"unix://{sockets[0]}"
    elif addresses:
        yield f"tcp://{addresses[0]}"
    elif is_only or (os.path.exists(path) and _may_be_its_socket(path, place, environment)):
        yield place.url


def _may_be_its_socket(path: str, place: AskPlace, environment: Mapping[str, str]) -> bool:
    """Whether `path`, its links followed, is where a daemon of `place` puts a socket, or that was named."""
    if place.folder_to_trust is None:
        return True
    folders = (place.folder_to_trust, *socket_folders(environment))
    try:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(folder)) for folder in folders)
    except ValueError:  # a NUL
        return False


def _is_on_loopback(address: str) -> bool:
    """Whether `address` is one that a tcp door may have."""
    try:
        endpoint = parse_endpoint(f"tcp://{address}")
    except ConnectError:
        return False
    return isinstance(endpoint, TcpEndpoint) and is_this_machine(endpoint.host)


def _endpoint(url: str, target: Target, environment: Mapping[str, str]) -> Endpoint:
    endpoint = parse_endpoint(url)
    if isinstance(endpoint, SshEndpoint):
        from doorward.cli.trusting_ssh import known_from

        return known_from(endpoint, target, environment)
    if not isinstance(endpoint, TlsEndpoint | HttpEndpoint):
        return endpoint
    from doorward.cli.trusting import trust_of

    return replace(endpoint, trust=trust_of(target, environment, host=endpoint.host))


def _ask_at(endpoint: Endpoint, request: Request, sink: Sink) -> Reply:
    try:
        return _ask(endpoint, request, sink, interruptible=_first_interrupt_calls)
    except ConnectError as error:
        if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
            raise NotThere(error) from error
        raise


def _ask(endpoint: Endpoint, request: Request, sink: Sink, *, interruptible: OnInterruptible) -> Reply:
    """Ask by the client that speaks what `endpoint` does; the others are not imported."""
    if isinstance(endpoint, HttpEndpoint):
        from doorward.clients.http.asking import ask as ask_http

        return ask_http(endpoint, request, sink, interruptible=interruptible)
    if isinstance(endpoint, SshEndpoint):
        from doorward.clients.ssh.asking import ask as ask_ssh

        return ask_ssh(endpoint, request, sink, interruptible=interruptible)
    from doorward.clients.lines.asking import ask as ask_lines

    return ask_lines(endpoint, request, sink, interruptible=interruptible)


def _none_found(target: Target, environment: Mapping[str, str]) -> ConnectError:
    places = ask_places(at=target.at, named=target.state, environment=environment)
    looked = [
        place.origin + (" (passed over: it is not yours alone, mode 0700)" if _is_passed_over(place) else "")
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


def _login(target: Target, environment: Mapping[str, str], form: str) -> Secret:
    """What to log in with; the name goes along where the daemon wants it, or does not say whether it does."""
    from doorward.cli.passwords import password_for_login

    where = target.at or environment.get("DOORWARD_AT") or "the daemon"
    if target.token_file is not None:
        raise ConnectError(where, "login", "this door takes a password and no token", _TOKENS_ARE_FOR)
    if form == WITH_NAME and target.user is None:
        raise ConnectError(
            where, "login", "this door asks for a name beside the password", "Add --user NAME."
        )
    password = password_for_login(
        target.password_file, environment, where=where, may_prompt=target.may_prompt
    )
    if target.user is None or form == WITHOUT_NAME:
        return password
    return Secret(f"{target.user} {password.revealed}")


def _confirm(target: Target, question: str) -> bool | None:
    from doorward.cli.confirming import confirm

    return confirm(question) if target.may_prompt else None


def _token(target: Target, environment: Mapping[str, str]) -> Secret | None:
    """What to show in place of a name and a password, which are told by options before the environment."""
    from doorward.cli.passwords import token_for_login

    if target.token_file is None and (target.user is not None or target.password_file is not None):
        return None
    return token_for_login(target.token_file, environment)


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
