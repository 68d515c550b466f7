"""`doorward fetch`, from the request to the exit status."""

import asyncio
import os
import sys
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from doorward.cli.fetch_output import CountedSink, ShownHead, StdoutSink, Told, progress_bar
from doorward.cli.screen import complain, complain_of, is_terminal
from doorward.cli.signals import EndedBySignal, until_signal
from doorward.clients._output import Output
from doorward.clients.fetch.addresses import read_address
from doorward.clients.fetch.logins import netrc_file
from doorward.clients.fetch.options import FetchOptions
from doorward.compose.cookies import read_cookies, write_cookies
from doorward.compose.fetching import FetchSession
from doorward.compose.saving import FileSink
from doorward.compose.transferring import Sink, transfer
from doorward.core.fetching import FetchRequest, Head, OutOfTime, without_login
from doorward.core.outcome import STATUS_REFUSED, STATUS_TIMED_OUT

STATUS_REFUSED_BY_SERVER = 4
STATUS_SERVER_FAILED = 5

_LOGIN_WANTED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    What becomes of an answer.

    Attributes:
        output: the file that it is saved as; None for stdout.
        is_raw: it goes to stdout as it is, whoever reads that.
        continues: a part of the file is kept, and gone on with.
        shows_head: on stdout.
        cookies: a file; None for no cookies.
        is_quiet: no progress is shown.
    """

    output: str | None
    is_raw: bool
    continues: bool
    shows_head: bool
    cookies: Path | None
    is_quiet: bool


def run(request: FetchRequest, options: FetchOptions, wishes: Wishes) -> int:
    """Fetch it, and return the exit status."""
    try:
        head = asyncio.run(until_signal(_fetch(request, options, wishes)))
    except OutOfTime as error:
        complain_of(error)
        return STATUS_TIMED_OUT
    except EndedBySignal as ended:
        return ended.status
    return _report(head, wishes, _login_hint(head, request, options))


async def _fetch(request: FetchRequest, options: FetchOptions, wishes: Wishes) -> Head:
    jar = None if wishes.cookies is None else await read_cookies(wishes.cookies)
    async with FetchSession(options, jar=jar) as session:
        with closing(Output()) as output:
            if wishes.output is None:
                head = await _to_stdout(session, request, wishes, output)
            else:
                head = await _to_file(session, request, wishes, output)
    if jar is not None and wishes.cookies is not None:
        await write_cookies(jar, wishes.cookies)
    return head


async def _to_stdout(session: FetchSession, request: FetchRequest, wishes: Wishes, output: Output) -> Head:
    # no bar: what reads from the pipe may have the same terminal
    sink = StdoutSink(output, is_safe=_is_safe(wishes))
    return await transfer(session, request, _with_head(sink, wishes, output))


async def _to_file(session: FetchSession, request: FetchRequest, wishes: Wishes, output: Output) -> Head:
    file = FileSink(Path(wishes.output or ""), url=without_login(request.url), keeps_part=wishes.continues)
    try:
        await file.open()
        with _bar(request, is_quiet=wishes.is_quiet) as told:
            going_on = replace(request, validator=file.validator)
            head = await transfer(session, going_on, _with_head(CountedSink(file, told), wishes, output))
        if head.is_success:
            await file.finish()
    finally:
        await file.give_up()
    return head


def _with_head(sink: Sink, wishes: Wishes, output: Output) -> Sink:
    if not wishes.shows_head:
        return sink
    return ShownHead(sink, output, is_safe=_is_safe(wishes))


def _is_safe(wishes: Wishes) -> bool:
    """Whether a person reads what goes to stdout, who did not ask for it as it is."""
    return is_terminal(sys.stdout) and not wishes.is_raw


def _bar(request: FetchRequest, *, is_quiet: bool) -> AbstractContextManager[Told]:
    return nullcontext(_nobody) if is_quiet else progress_bar(without_login(request.url), os.environ)


def _nobody(_received_bytes: int, _size: int | None) -> None:
    return


def _login_hint(head: Head, request: FetchRequest, options: FetchOptions) -> str:
    """What to do about a login that is wanted; empty where none is."""
    if head.status != HTTPStatus.UNAUTHORIZED:
        return ""
    is_given = (
        request.login is not None
        or without_login(request.url) != request.url
        or any(name.lower() == "authorization" for name in request.headers)
    )
    if not (is_given or options.uses_netrc):
        return ". --user NAME, --bearer-file or --netrc logs in"
    if not read_address(head.url).is_same_origin(read_address(request.url)):
        return ". A login is shown to the server alone that was named"
    if is_given:
        return ". The login that was given is not taken"
    return f". {netrc_file(options.environment)} has no login for this host, or one that is not taken"


def _report(head: Head, wishes: Wishes, login_hint: str) -> int:
    """Say what the server's status means when it is none of success; returns the exit status."""
    if head.is_success:
        return 0
    unsaved = "" if wishes.output is None else f"; {wishes.output} was not written"
    complain(f"{head.url}: {f'{head.status} {head.reason}'.rstrip()}{unsaved}{login_hint}")
    if head.status in _LOGIN_WANTED:
        return STATUS_REFUSED
    return STATUS_REFUSED_BY_SERVER if head.status < 500 else STATUS_SERVER_FAILED
