"""One line asked from the beginning to the end over the API of a web door."""

import asyncio
import contextlib
import os
import secrets
import select
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from doorward.clients._asking import CANCEL_SECONDS, OnInterruptible, OutputTooLong, Reply, Request, Sink
from doorward.clients._endpoints import HttpEndpoint
from doorward.clients._output import Output
from doorward.clients.http.answers import Told
from doorward.clients.http.api import Api, LoginRefused, LoginWanted
from doorward.clients.http.following import Ended, Follower
from doorward.core.errors import BadArgument, BadLine, ConnectError
from doorward.core.launch import Stream
from doorward.core.limits import MIB, Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.secret import Secret
from doorward.core.words import split_words
from doorward.lines.client import WITH_NAME

INPUT_BYTES = 96 * MIB
"""The most that is read of a stdin: what in base64 is the longest body that a daemon may be set to take."""

_READ_BYTES = 64 * 1024
_CANCEL_AGAIN_SECONDS = 0.5

ResultT = TypeVar("ResultT")


def ask(endpoint: HttpEndpoint, request: Request, sink: Sink, *, interruptible: OnInterruptible) -> Reply:
    """
    Ask, and hand the answer to `sink` as it comes; blocks until it is complete.

    Raises:
        ConnectError: the peer cannot be reached or understood, or was lost before the end.
        BadArgument: the line cannot be sent.
        OSError: what `sink` writes to takes no more.
    """
    most_bytes = Limits().frame_bytes
    try:
        if len(request.line.encode()) > most_bytes:
            raise BadArgument("", f"a line of at most {most_bytes} bytes", "a longer one")
    except UnicodeEncodeError:
        return Reply(outcome=Outcome(OutcomeKind.INVALID))  # JSON says no words that are no UTF-8
    with Conversation(endpoint, request, sink) as conversation, interruptible(conversation.interrupt):
        try:
            return conversation.hold()
        except LoginRefused as refused:
            return Reply(outcome=Outcome(OutcomeKind.REFUSED, reason=str(refused)))
        except OutputTooLong as error:
            raise ConnectError(endpoint.url, "read", "the output is too long to be kept") from error


class Conversation:
    """
    One line asked of one web door, on a loop that runs while it is waited for.

    Args:
        endpoint: the door.
        request: what is asked, and by whom.
        sink: where the answer goes.
    """

    def __init__(self, endpoint: HttpEndpoint, request: Request, sink: Sink) -> None:
        self._endpoint = endpoint
        self._request = request
        self._sink = sink
        self._api = Api(endpoint, answer_seconds=request.connect_seconds)
        # epoll, whose ways with a pipe that is left `output` knows
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._reader = secrets.token_hex(8)
        self._to_stop = asyncio.Event()
        self._has_started = asyncio.Event()
        self._follower: Follower | None = None
        self._number = 0
        self._is_asked = False
        self._was_cancelled = False
        self._was_out_of_time = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._runner as runner:
            runner.run(self._api.close())

    def interrupt(self) -> bool:
        """
        Have the run cancelled; may be called in a signal handler.

        Returns:
            Whether its end will come; False when nothing was asked, or this was done before.
        """
        if not self._is_asked or self._was_cancelled:
            return False
        self._was_cancelled = True
        self._runner.get_loop().call_soon_threadsafe(self._to_stop.set)
        return True

    def hold(self) -> Reply:
        """
        Ask, and return how it ended.

        Raises:
            LoginRefused: whoever asks is not let in.
            OutputTooLong: the sink has no room.
            ConnectError, OSError: as `ask`.
        """
        if (token := self._request.token()) is not None:
            self._refuse_overheard()
            self._api.show_token(token)
        wanted = self._look_up()
        if isinstance(wanted, Told):
            return Reply(outcome=wanted.outcome)
        data = b""
        if wanted and self._request.input_descriptor is not None:
            data = read_input(self._request.input_descriptor, url=self._endpoint.url)
        return self._logged_in(lambda: self._ask(data))

    # On the way to the loop

    def _look_up(self) -> bool | Told:
        """Whether the command wants the stdin that we have, which is left to others by one that does not."""
        if self._request.input_descriptor is None:
            return False
        try:
            name, *_ = [*split_words(self._request.line), ""]
        except BadLine:
            return False  # the daemon says so
        return self._logged_in(lambda: self._api.takes_input(name))

    def _logged_in(self, step: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Do it; when the door wants to know who asks, again with a login: the loop stands still for it."""
        try:
            return self._runner.run(step())
        except LoginWanted:
            self._refuse_overheard()
            name, _, password = self._request.login(WITH_NAME).revealed.partition(" ")
            self._api.show_password(name, Secret(password))
        return self._runner.run(step())

    def _refuse_overheard(self) -> None:
        if not (self._endpoint.is_confidential or self._request.may_be_overheard):
            raise ConnectError(
                self._endpoint.url,
                "login",
                "this way to another machine is not encrypted, so nothing to log in with was sent",
                "Use https://, or --unencrypted where everybody on the way may read it.",
            )

    # On the loop

    async def _ask(self, data: bytes) -> Reply:
        output = Output()
        self._is_asked = True
        try:
            async with asyncio.TaskGroup() as group:
                guards = [
                    group.create_task(self._stop_in_time(output)),
                    group.create_task(output.reader_left()),
                ]
                reply = await self._answer(data, output)
                for guard in guards:
                    guard.cancel()
        except BaseExceptionGroup as errors:
            # whatever ended one of them ended the others
            raise errors.exceptions[0] from errors.exceptions[0].__cause__
        finally:
            self._is_asked = False
            output.close()
        return reply

    async def _answer(self, data: bytes, output: Output) -> Reply:
        async def deliver(stream: Stream, piece: bytes) -> None:
            if (descriptor := self._sink.take(stream, piece)) is not None:
                await output.write(descriptor, piece)

        answer = await self._api.ask(self._request.line, data)
        if isinstance(answer, Told):
            if answer.output:
                await deliver(Stream.OUT, answer.output)
            return self._reply(Ended(answer.outcome, None))
        self._number = answer.number
        self._follower = Follower(
            self._api, url=self._endpoint.url, number=answer.number, reader=self._reader, deliver=deliver
        )
        self._has_started.set()
        return self._reply(await self._follower.follow())

    def _reply(self, ended: Ended) -> Reply:
        return Reply(
            outcome=ended.outcome,
            number=self._number,
            drawing=ended.drawing,
            was_cancelled=self._was_cancelled,
            was_out_of_time=self._was_out_of_time,
        )

    async def _stop_in_time(self, output: Output) -> None:
        """
        Have the run cancelled when that is wanted, or when its time is over.

        Raises:
            ConnectError: it did not end then.
        """
        try:
            async with asyncio.timeout(self._request.timeout_seconds):
                await self._to_stop.wait()
        except TimeoutError:
            self._was_out_of_time = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._cancel()
        # the end may be here already, behind output whose reader takes its time; Ctrl-C again leaves
        while output.is_writing and not self._was_out_of_time:  # noqa: ASYNC110 - looked at seldom
            await asyncio.sleep(CANCEL_SECONDS)
        raise ConnectError(
            self._endpoint.url,
            "read",
            f"the run was cancelled and did not end within {CANCEL_SECONDS:g} s",
            "`doorward runs` tells whether it still runs.",
        )

    async def _cancel(self) -> None:
        """Have the run cancelled, and wait for longer than anybody."""
        await self._has_started.wait()
        while self._follower is not None:
            await self._follower.is_heard.wait()
            if await self._api.cancel(self._number, reader=self._reader):
                break
            await asyncio.sleep(_CANCEL_AGAIN_SECONDS)
        await asyncio.Event().wait()


def read_input(descriptor: int, *, url: str) -> bytes:
    """
    Read all of a stdin; blocks.

    Raises:
        ConnectError: it is longer than `INPUT_BYTES`.
    """
    data = bytearray()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        poll.poll()
        try:
            piece = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            continue
        except OSError:
            piece = b""  # a closed or lost stdin is an ended one
        if not piece:
            return bytes(data)
        data += piece
        if len(data) > INPUT_BYTES:
            raise ConnectError(
                url,
                "send",
                f"stdin is longer than {INPUT_BYTES} bytes",
                "Ask over tls://, where it goes as it comes.",
            )
