"""One line asked from the beginning to the end over the API of a web door."""

import asyncio
import os
import secrets
import select
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from doorward.clients._asking import CANCEL_SECONDS, OnInterruptible, Reply, Request, Sink
from doorward.clients._conversation import Cancelling, Conversation, Deliver, asked
from doorward.clients._endpoints import HttpEndpoint
from doorward.clients.http.answers import Told
from doorward.clients.http.api import Api, LoginWanted
from doorward.clients.http.following import Ended, Follower
from doorward.core.errors import BadLine, ConnectError
from doorward.core.launch import Stream
from doorward.core.secret import Secret
from doorward.core.units import MIB
from doorward.core.words import split_words
from doorward.lines.frames import WITH_NAME

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
    return asked(
        lambda: HttpConversation(endpoint, request, sink),
        url=endpoint.url,
        request=request,
        interruptible=interruptible,
    )


class HttpConversation(Conversation):
    """
    One line asked of one web door.

    Args:
        endpoint: the door.
        request: what is asked, and by whom.
        sink: where the answer goes.
    """

    def __init__(self, endpoint: HttpEndpoint, request: Request, sink: Sink) -> None:
        super().__init__(endpoint.url, request, sink)
        self._endpoint = endpoint
        self._api = Api(endpoint, answer_seconds=request.connect_seconds)
        self._reader = secrets.token_hex(8)
        self._has_started = asyncio.Event()
        self._follower: Follower | None = None
        self._number = 0

    def close(self) -> None:
        """Let go of the connections and of the loop."""
        with self._runner as runner:
            runner.run(self._api.close())

    def hold(self) -> Reply:
        """See `Conversation`."""
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
        cancelling = Cancelling(
            cancel=self._cancel,
            within_seconds=CANCEL_SECONDS,
            otherwise="`doorward runs` tells whether it still runs.",
        )
        ended = await self._deliver_all(lambda deliver: self._answer(data, deliver), cancelling)
        return self._reply(ended.outcome, number=self._number, drawing=ended.drawing)

    async def _answer(self, data: bytes, deliver: Deliver) -> Ended:
        answer = await self._api.ask(self._request.line, data)
        if isinstance(answer, Told):
            if answer.output:
                await deliver(Stream.OUT, answer.output)
            return Ended(answer.outcome, None)
        self._number = answer.number
        self._follower = Follower(
            self._api, url=self._endpoint.url, number=answer.number, reader=self._reader, deliver=deliver
        )
        self._has_started.set()
        return await self._follower.follow()

    async def _cancel(self) -> None:
        """Have the run cancelled, as soon as there is one that knows its reader."""
        await self._has_started.wait()
        while self._follower is not None:
            await self._follower.is_heard.wait()
            if await self._api.cancel(self._number, reader=self._reader):
                break
            await asyncio.sleep(_CANCEL_AGAIN_SECONDS)


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
