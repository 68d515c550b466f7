"""The outbox emptied: what is due goes to the mail server, and what came of it is noted."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from doorward.core.delivery_tries import decide_tries
from doorward.core.errors import ConnectError, DoorwardError, fault_of
from doorward.core.limits import Limits
from doorward.core.mail import Claim, Delivered, Delivery, Tried
from doorward.core.ports import Clock, Mailer, MailQueue
from doorward.core.waits import doubled_seconds

_log = logging.getLogger("doorward.mail")

LONGEST_PAUSE_SECONDS = 900.0
"""However long the server has been away, it is looked for this often: it costs one connection."""

_LONGEST_WAIT_SECONDS = 60.0
"""Then the queue is asked again when it wants something: the wall clock may have been set meanwhile."""

_LEASE_MARGIN_SECONDS = 60.0


class Deliverer:
    """
    Delivers what is due, over a few connections at once.

    A server that cannot be reached costs the message that found out a try, and no other one: all wait for a
    while that doubles, and then one message goes first.

    Args:
        queue: what is to be delivered.
        mailer: delivers.
        clock: of this process.
        limits: asked for each time, since a reload may change them.
        try_seconds: what a try of `mailer` never exceeds; asked for each time.
        chance: gives a number from 0 to 1 with each call.
    """

    def __init__(
        self,
        queue: MailQueue,
        mailer: Mailer,
        *,
        clock: Clock,
        limits: Callable[[], Limits],
        try_seconds: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._mailer = mailer
        self._clock = clock
        self._limits = limits
        self._try_seconds = try_seconds
        self._chance = chance
        self._woken = asyncio.Event()
        self._is_stopped = False
        self._failures = 0
        self._resume_at = clock.monotonic()
        self.trouble: ConnectError | None = None
        """Why the server could not be reached when it was tried last; None when it was."""

    def wake(self) -> None:
        """Look at the queue now, for something may have come into it."""
        self._woken.set()

    def try_again(self) -> None:
        """Look at the queue now, and try the server even if it was away: something about it has changed."""
        self._failures, self._resume_at = 0, self._clock.monotonic()
        self._woken.set()

    def stop(self) -> None:
        """Begin no other try; `run` ends with those that are under way."""
        self._is_stopped = True
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`. What the state refuses is logged, and tried again."""
        while not self._is_stopped:
            self._woken.clear()
            try:
                await self.deliver_due()
                wait_seconds = await self._idle_seconds()
            except DoorwardError as error:
                _log.error("mail waits: %s", error)
                wait_seconds = _LONGEST_WAIT_SECONDS
            except Exception:  # noqa: BLE001 - logged; the daemon goes on, and so does its mail
                _log.exception("mail waits, which is a fault of the program itself")
                wait_seconds = _LONGEST_WAIT_SECONDS
            if wait_seconds > 0 and not self._is_stopped:
                await self._wait(wait_seconds)

    async def _wait(self, seconds: float) -> None:
        timer = self._clock.call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    async def deliver_due(self) -> None:
        """
        Try everything that is due, until nothing is or the server cannot be reached.

        Raises:
            StateError: the queue cannot be used.
        """
        # the first one goes alone: it may be in vain
        if not await self._try_next():
            return
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._limits().mail_connections):
                    group.create_task(self._try_all())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _try_all(self) -> None:
        while await self._try_next():
            pass

    async def _try_next(self) -> bool:
        """Try one message; whether to go on with the next."""
        if self._is_stopped or self._clock.monotonic() < self._resume_at:
            return False
        claim = await self._queue.claim(lease_seconds=self._try_seconds() + _LEASE_MARGIN_SECONDS)
        if claim is None:
            return False
        tried: Mapping[str, Tried] = {}
        try:
            tried, is_reached = await self._tried(claim)
        finally:
            # also when this is cancelled: whoever comes next need not wait for the lease to end
            await asyncio.shield(self._queue.settle(claim, tried))
        _tell(claim, tried)
        return is_reached

    async def _tried(self, claim: Claim) -> tuple[Mapping[str, Tried], bool]:
        """What came of a try, and whether the server was reached."""
        addresses = [each.address for each in claim.due]
        try:
            delivered = await self._mailer.deliver(claim.mail, addresses)
        except ConnectError as error:
            pause_seconds = self._paused(error)
            answer = Delivered(delivery=Delivery.LATER, answer=str(error))
            tried = self._decided(claim, dict.fromkeys(addresses, answer))
            resume_at = self._clock.wall() + pause_seconds
            return {address: _tried_by(resume_at, each) for address, each in tried.items()}, False
        except Exception as error:  # noqa: BLE001 - logged; one message must not keep the others
            _log.exception("mail %d cannot be tried, which is a fault of the program itself", claim.number)
            answer = Delivered(delivery=Delivery.LATER, answer=fault_of(error))
            return self._decided(claim, dict.fromkeys(addresses, answer)), True
        self._failures, self.trouble = 0, None
        return self._decided(claim, delivered), True

    def _decided(self, claim: Claim, delivered: Mapping[str, Delivered]) -> dict[str, Tried]:
        return decide_tries(
            claim, delivered, now=self._clock.wall(), chance=self._chance, limits=self._limits()
        )

    def _paused(self, error: ConnectError) -> float:
        """Begin a pause; how long it is."""
        if self._failures == 0:
            _log.warning("mail waits: %s", error)
        self.trouble = error
        pause_seconds = doubled_seconds(
            self._limits().mail_retry_seconds, doublings=self._failures, most_seconds=LONGEST_PAUSE_SECONDS
        )
        self._failures += 1
        self._resume_at = self._clock.monotonic() + pause_seconds
        return pause_seconds

    async def _idle_seconds(self) -> float:
        """How long there is nothing to do, at most `_LONGEST_WAIT_SECONDS`."""
        due_at = await self._queue.next_due_at()
        if due_at is None:
            return _LONGEST_WAIT_SECONDS
        until_due = due_at - self._clock.wall()
        until_resumed = self._resume_at - self._clock.monotonic()
        return min(max(until_due, until_resumed, 0.0), _LONGEST_WAIT_SECONDS)


def _tried_by(at: float, tried: Tried) -> Tried:
    """`tried`, with the next try at `at` at the latest, where there is one."""
    return tried if tried.next_try_at is None else replace(tried, next_try_at=min(tried.next_try_at, at))


def _tell(claim: Claim, tried: Mapping[str, Tried]) -> None:
    for address, each in tried.items():
        answer, number = each.delivered.answer, claim.number
        if each.delivered.delivery is Delivery.ACCEPTED:
            _log.info("mail %d to %s is delivered: %s", number, address, answer)
        elif each.delivered.delivery is Delivery.LATER and each.next_try_at is not None:
            _log.info("mail %d to %s waits: %s", number, address, answer)
        else:
            hint = f"doorward mail queue show {number}"
            _log.warning("mail %d to %s is given up: %s (%s)", number, address, answer, hint)
