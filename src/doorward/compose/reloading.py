"""One reading at a time of what a reload reads, and one more for whoever asks while it lasts."""

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from doorward.core.builtin_commands import RELOAD
from doorward.core.call import Call
from doorward.core.command import Command, Function
from doorward.core.errors import DoorwardError
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType
from doorward.core.principal import ADMIN
from doorward.service.failures import explanation
from doorward.service.threads import Threads

_log = logging.getLogger("doorward.daemon")

ReadT = TypeVar("ReadT")


class Scope(enum.IntEnum):
    """What is read again; the wider one includes the other."""

    USERS = 1
    EVERYTHING = 2


class Reloads(Generic[ReadT]):
    """
    What is read again when somebody asks.

    Whoever asks is answered out of a reading that began after they asked, so what is taken last is never
    older than what was taken before it. However many ask while one reading lasts, one more follows it, as
    wide as the widest of them wants. Whoever asks before `begin` waits for it. The thread is one that nobody
    waits for: a disk that hangs keeps no process from ending.

    Args:
        read: called in a thread.
        take: called on the loop with what was read; gives what was done, one line. No reading begins before
            it is through.
        discard: called on the loop with what was read and is not taken any more, after `close`.
    """

    def __init__(
        self,
        read: Callable[[Scope], ReadT],
        take: Callable[[ReadT], Awaitable[str]],
        *,
        discard: Callable[[ReadT], object],
    ) -> None:
        self._read = read
        self._take = take
        self._discard = discard
        self._threads = Threads(1, name="reload")
        self._current: asyncio.Future[str] | None = None
        self._next: asyncio.Future[str] | None = None
        self._next_scope = Scope.USERS
        self._task: asyncio.Task[None] | None = None
        self._has_begun = False
        self._is_reading = False
        self._is_closed = False

    def begin(self) -> None:
        """Answer whoever asked until now, and whoever asks from now on."""
        self._has_begun = True
        self._begin_next()

    def ask(self, scope: Scope = Scope.EVERYTHING) -> "asyncio.Future[str]":
        """
        Read again.

        Returns:
            What was done, or the error that `read` or `take` raised; cancelled by `close`, and at once after
            it. It is shared by all who wait for this reading: shield it.
        """
        if self._is_closed:
            refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            refused.cancel()
            return refused
        asked = self._next or asyncio.get_running_loop().create_future()
        self._next, self._next_scope = asked, max(scope, self._next_scope)
        if self._has_begun and self._current is None:
            self._begin_next()
        return asked

    def close(self) -> None:
        """Take nothing more; what is being read is discarded once it is there. Idempotent."""
        self._is_closed = True
        self._threads.close()
        for asked in (self._current, self._next):
            if asked is not None:
                asked.cancel()
        self._next = None
        # a reading goes on in its thread all the same, and what comes of it is to be let go of
        if self._task is not None and not self._is_reading:
            self._task.cancel()

    async def ended(self, within_seconds: float) -> None:
        """Wait, after `close`, for what is under way, but no longer: a disk may hang."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within_seconds)
            self._task.cancel()

    def _begin_next(self) -> None:
        asked, self._next = self._next, None
        scope, self._next_scope = self._next_scope, Scope.USERS
        if asked is not None:
            self._current = asked
            self._task = asyncio.get_running_loop().create_task(self._reload(asked, scope))

    async def _reload(self, asked: "asyncio.Future[str]", scope: Scope) -> None:
        try:
            read = await self._read_in_thread(scope)
            if self._is_closed:
                self._discard(read)
                return
            done = await self._take(read)
        except Exception as error:  # noqa: BLE001 - raised again for whoever asked, and the next reading goes on
            if not asked.done():
                asked.set_exception(error)
        else:
            if not asked.done():
                asked.set_result(done)
        finally:
            self._current = None
        self._begin_next()

    async def _read_in_thread(self, scope: Scope) -> ReadT:
        self._is_reading = True
        try:
            read: ReadT = await self._threads.call(lambda: self._read(scope)).future
        finally:
            self._is_reading = False
        return read


def reload_command(reload: Callable[[Scope], "asyncio.Future[str]"]) -> Command:
    """The command by which a keeper has `reload` called, and hears what came of it."""

    async def ask(call: Call, what: str) -> str:
        return await asyncio.shield(reload(Scope.USERS if what == "users" else Scope.EVERYTHING))

    what = Parameter(
        name="what",
        type=ChoiceType(choices=("everything", "users")),
        default="everything",
        summary="the configuration, certificates and users, or the users alone",
    )
    return Command(
        name=RELOAD,
        summary="Read the configuration and the users again",
        action=Function(ask, takes_call=True, is_async=True),
        parameters=(what,),
        roles=frozenset({ADMIN}),
        is_builtin=True,
    )


def tell_of_failure(error: BaseException) -> None:
    """Log in one line why, and for one that nobody foresaw also where."""
    where = {"exception": explanation(error)}
    if isinstance(error, DoorwardError):
        _log.error("not reloaded, everything stays as it was: %s", error)
        _log.debug("where the reload failed", extra=where)
    else:
        _log.error("not reloaded, everything stays as it was", extra=where)
