"""One line asked from the beginning to the end, on a loop that runs while the answer is waited for."""

import abc
import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from doorward.clients._asking import OnInterruptible, OutputTooLong, Reply, Request, Sink
from doorward.clients._output import Output
from doorward.core.errors import BadArgument, ConnectError
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind

ResultT = TypeVar("ResultT")

Deliver = Callable[[Stream, bytes], Awaitable[None]]
"""Takes output, in order, and comes back when there is room for more."""


class LoginRefused(Exception):
    """The peer is trusted and lets nobody in who was shown; the text is its reason. No client lets it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """
    How the run is cancelled.

    Attributes:
        cancel: does it.
        within_seconds: how long its end may take then.
        otherwise: what to do next when it does not come.
    """

    cancel: Callable[[], Awaitable[None]]
    within_seconds: float
    otherwise: str


class Conversation(abc.ABC):
    """
    One line asked of one server.

    Args:
        url: of the server, for errors.
        request: what is asked, and by whom.
        sink: where the answer goes.
    """

    def __init__(self, url: str, request: Request, sink: Sink) -> None:
        self._url = url
        self._request = request
        self._sink = sink
        # epoll, whose ways with a pipe that is left `_output` knows
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._to_stop = asyncio.Event()
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
        self.close()

    def close(self) -> None:
        """Let go of the connection and of the loop."""
        self._runner.close()

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

    @abc.abstractmethod
    def hold(self) -> Reply:
        """
        Ask, and return how it ended.

        Raises:
            LoginRefused: whoever asks is not let in.
            OutputTooLong: the sink has no room.
            ConnectError, OSError: as `asked`.
        """

    # For whoever speaks the protocol, on the loop

    async def _deliver_all(
        self,
        answer: Callable[[Deliver], Awaitable[ResultT]],
        cancelling: Cancelling,
        *beside: Coroutine[Any, Any, None],
    ) -> ResultT:
        """
        Have `answer` deliver the output, until that is all, the run's time is over, or nobody reads it.

        `beside` is done meanwhile.
        """
        output = Output()

        async def deliver(stream: Stream, piece: bytes) -> None:
            if (descriptor := self._sink.take(stream, piece)) is not None:
                await output.write(descriptor, piece)

        self._is_asked = True
        try:
            async with asyncio.TaskGroup() as group:
                watched = (self._stop_in_time(output, cancelling), output.reader_left(), *beside)
                guards = [group.create_task(each) for each in watched]
                result = await answer(deliver)
                for guard in guards:
                    guard.cancel()
        except BaseExceptionGroup as errors:
            # whatever ended one of them ended the others
            raise errors.exceptions[0] from errors.exceptions[0].__cause__
        finally:
            self._is_asked = False
            output.close()
        return result

    def _reply(self, outcome: Outcome, *, number: int, drawing: object) -> Reply:
        return Reply(
            outcome=outcome,
            number=number,
            drawing=drawing,
            was_cancelled=self._was_cancelled,
            was_out_of_time=self._was_out_of_time,
        )

    async def _stop_in_time(self, output: Output, cancelling: Cancelling) -> None:
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
            async with asyncio.timeout(cancelling.within_seconds):
                await cancelling.cancel()
                await asyncio.Event().wait()
        # the end may be here already, behind output whose reader takes its time; Ctrl-C again leaves
        while output.is_writing and not self._was_out_of_time:  # noqa: ASYNC110 - looked at seldom
            await asyncio.sleep(cancelling.within_seconds)
        raise ConnectError(
            self._url,
            "read",
            f"the run was cancelled and did not end within {cancelling.within_seconds:g} s",
            cancelling.otherwise,
        )


def asked(
    begin: Callable[[], Conversation], *, url: str, request: Request, interruptible: OnInterruptible
) -> Reply:
    """
    Hold the conversation that `begin` gives; blocks until the answer is complete.

    Raises:
        ConnectError: the peer cannot be reached, trusted or understood, or was lost before the end.
        BadArgument: the line cannot be sent.
        OSError: what the output is written to takes no more.
    """
    most_bytes = Limits().frame_bytes
    try:
        if len(request.line.encode()) > most_bytes:
            raise BadArgument("", f"a line of at most {most_bytes} bytes", "a longer one")
    except UnicodeEncodeError:
        # neither JSON nor the commands of RFC 4254 have words that are no UTF-8
        return Reply(outcome=Outcome(OutcomeKind.INVALID))
    with begin() as conversation, interruptible(conversation.interrupt):
        try:
            return conversation.hold()
        except LoginRefused as refused:
            return Reply(outcome=Outcome(OutcomeKind.REFUSED, reason=str(refused)))
        except OutputTooLong as error:
            raise ConnectError(url, "read", "the output is too long to be kept") from error
