"""What the web door keeps over reloads: who is signed in, and whose password was right a moment ago."""

import asyncio
from collections.abc import Callable

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.doors.web.checks import PairChecks
from doorward.doors.web.followers import Followers
from doorward.doors.web.sessions import Sessions


class House:
    """
    Kept for as long as the daemon lives, and no longer: nobody is signed in after a start.

    Attributes:
        sessions: by the cookie of a browser.
        followers: of runs, by the names that they gave themselves.
        pairs: names and passwords of Basic, so that each is hashed once a minute at most.
        turn: held by the one page that reads colours now, and until others of the loop had theirs: a hundred
            such pages take no more of it than one.
    """

    __slots__ = ("_warming", "followers", "pairs", "sessions", "turn")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.sessions = Sessions(limits, clock)
        self.followers = Followers()
        self.pairs = PairChecks(clock)
        self.turn = asyncio.Lock()
        self._warming: asyncio.Task[object] | None = None

    def warmed(self, warm_up: Callable[[], object]) -> "asyncio.Future[object]":
        """What is done once `warm_up` was called: once, in a thread, while doors are open already."""
        if self._warming is None:
            self._warming = asyncio.get_running_loop().create_task(asyncio.to_thread(warm_up))
        return self._warming

    def replace_limits(self, limits: Limits) -> None:
        """Keep by these limits from now on; remembered passwords are forgotten."""
        self.sessions.replace_limits(limits)
        self.pairs.clear()

    def close(self) -> None:
        """Sign everybody out, and look at no password any more."""
        if self._warming is not None:
            self._warming.cancel()
        self.pairs.close()
        self.sessions.close()
