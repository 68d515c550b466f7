"""What all connections of the web door have in common, also those that came before a reload."""

import asyncio
from collections.abc import Callable

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.doors.web.checks import PairChecks
from doorward.doors.web.files.mounts import Mounts
from doorward.doors.web.followers import Followers
from doorward.doors.web.sessions import Sessions


class House:
    """
    Kept for as long as the daemon lives, and no longer: nobody is signed in after a start.

    Attributes:
        sessions: by the cookie of a browser.
        mounts: folders that are shown now; None for none.
        followers: of runs, by the names that they gave themselves.
        pairs: names and passwords of Basic, so that each is hashed once a minute at most.
        turn: held by the one page that reads colours now, and until others of the loop had theirs: a hundred
            such pages take no more of it than one.
    """

    __slots__ = ("_warming", "followers", "mounts", "pairs", "sessions", "turn")

    def __init__(self, limits: Limits, clock: Clock, *, mounts: Mounts | None = None) -> None:
        self.mounts = mounts
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

    def renew(self, limits: Limits, mounts: Mounts) -> None:
        """
        Keep by these limits and show these folders from now on; remembered passwords are forgotten.

        What is being sent goes on.
        """
        self._close_mounts()
        self.mounts = mounts
        self.sessions.replace_limits(limits)
        self.pairs.clear()

    def close(self) -> None:
        """Sign everybody out, look at no password any more, and keep no file open."""
        if self._warming is not None:
            self._warming.cancel()
        self._close_mounts()
        self.pairs.close()
        self.sessions.close()

    def _close_mounts(self) -> None:
        if self.mounts is not None:
            self.mounts.close()
