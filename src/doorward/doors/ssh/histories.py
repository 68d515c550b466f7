"""The lines that the prompt remembers of each user, while the daemon runs."""

from collections import OrderedDict, deque
from collections.abc import Sequence

USERS = 64
"""Whose lines are remembered at a time; the one who came longest ago is forgotten first."""

LINE_CHARACTERS = 1024
"""A longer line is not remembered."""


class Histories:
    """
    At most so many lines of each of the last 64 users.

    A session that goes on while its user's lines are forgotten keeps its own.
    """

    def __init__(self) -> None:
        self._of_users: OrderedDict[str, deque[str]] = OrderedDict()

    def of(self, user: str, *, lines: int) -> Sequence[str]:
        """What `user` asked before, the oldest first; at most `lines`."""
        known = self._of_users.get(user)
        return [] if known is None or not lines else list(known)[-lines:]

    def add(self, user: str, line: str, *, lines: int) -> None:
        """Remember `line`, unless it is the newest already; the oldest of more than `lines` is forgotten."""
        if len(line) > LINE_CHARACTERS or not lines:
            return
        known = self._of_users.pop(user, None) or deque()
        self._of_users[user] = known
        if not known or known[-1] != line:
            known.append(line)
        while len(known) > lines:
            known.popleft()
        while len(self._of_users) > USERS:
            self._of_users.popitem(last=False)
