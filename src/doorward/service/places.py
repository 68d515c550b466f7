"""Who may run how much at once, and who waits for a place."""

import enum
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from doorward.core.command import Command
from doorward.core.limits import Limits
from doorward.core.principal import GUEST, Principal


class Standing(enum.Enum):
    """Where a claim stands."""

    HELD = "held"
    WAITING = "waiting"
    TURNED_AWAY = "turned away"
    OVER = "over"


@dataclass(slots=True, eq=False)
class Claim:
    """
    One run's claim to a place.

    Attributes:
        owner: whose share it counts against: a user's name, or `guest` for all guests.
        command: whose `at_once` it counts against.
        start: called when a place is given to it after a wait.
        standing: where it stands.
    """

    owner: str
    command: Command
    start: Callable[[], None]
    standing: Standing = Standing.WAITING


def owner_of(principal: Principal) -> str:
    """Whose share `principal` counts against."""
    return GUEST if principal.is_guest else principal.name


class Places:
    """
    The places for runs, and the queue before them.

    First come, first served, but for those whose own share is full: they do not hold up the others.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._owners: Counter[str] = Counter()
        self._commands: Counter[str] = Counter()
        self._common = 0
        self._builtins = 0
        self._queue: list[Claim] = []
        self._next: deque[Claim] = deque()
        self._is_starting = False

    @property
    def taken(self) -> int:
        """How many places are taken, those of the built-ins too."""
        return self._commands.total()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    def replace_limits(self, limits: Limits) -> None:
        """Count against these limits from now on; who has a place keeps it."""
        self._limits = limits
        self._serve_queue()
        self.start_next()

    def claim(self, principal: Principal, command: Command, start: Callable[[], None]) -> Claim:
        """
        Ask for a place.

        Returns:
            A claim that is HELD at once, WAITING until `start` is called, or TURNED_AWAY for good.
        """
        claim = Claim(owner_of(principal), command, start)
        if self._has_room(claim):
            self._hold(claim)
        elif self._may_wait(claim):
            self._queue.append(claim)
        else:
            claim.standing = Standing.TURNED_AWAY
        return claim

    def give_back(self, claim: Claim) -> None:
        """End a claim, held or waiting; whoever waits and fits now is started. Idempotent."""
        self.free(claim)
        self.start_next()

    def free(self, claim: Claim) -> None:
        """End a claim; whoever waits and fits now has the place, and is started by `start_next`."""
        standing, claim.standing = claim.standing, Standing.OVER
        if standing is Standing.WAITING:
            self._queue.remove(claim)
        elif standing is Standing.HELD:
            self._count(claim, -1)
            self._serve_queue()

    def hand_over(self, claim: Claim, owner: str) -> None:
        """Count a claim against the share of `owner` from now on, even when that one is full already."""
        if claim.owner == owner:
            return
        if claim.standing is Standing.HELD:
            self._count(claim, -1)
            claim.owner = owner
            self._count(claim, 1)
            self._serve_queue()
            self.start_next()
        else:
            claim.owner = owner

    def start_next(self) -> None:
        """Start those who have been given a place, one after the other however early each ends."""
        if self._is_starting:
            return
        self._is_starting = True
        try:
            while self._next:
                claim = self._next.popleft()
                # it may have been given back since
                if claim.standing is Standing.HELD:
                    claim.start()
        finally:
            self._is_starting = False

    def _has_room(self, claim: Claim) -> bool:
        if 0 < claim.command.at_once <= self._commands[claim.command.name]:
            return False
        if claim.command.has_place_of_its_own:
            return not self._commands[claim.command.name]
        if claim.command.has_own_places:
            return self._builtins < self._limits.runs_of_builtins
        share = self._limits.runs_of_guests if claim.owner == GUEST else self._limits.runs_per_user
        return self._common < self._limits.runs and self._owners[claim.owner] < share

    def _may_wait(self, claim: Claim) -> bool:
        of_owner = sum(1 for other in self._queue if other.owner == claim.owner)
        return len(self._queue) < self._limits.queue and of_owner < self._limits.queue_per_user

    def _hold(self, claim: Claim) -> None:
        claim.standing = Standing.HELD
        self._count(claim, 1)

    def _count(self, claim: Claim, change: int) -> None:
        self._commands[claim.command.name] += change
        if claim.command.has_own_places:
            self._builtins += change
        elif not claim.command.has_place_of_its_own:
            self._common += change
            self._owners[claim.owner] += change
        for counter, name in ((self._commands, claim.command.name), (self._owners, claim.owner)):
            if not counter[name]:
                del counter[name]

    def _serve_queue(self) -> None:
        for claim in tuple(self._queue):
            if claim.standing is Standing.WAITING and self._has_room(claim):
                self._queue.remove(claim)
                self._hold(claim)
                self._next.append(claim)
