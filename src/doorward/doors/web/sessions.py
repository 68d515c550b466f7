"""Browsers that are signed in: a random cookie each, and what is known of it."""

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable

from doorward.core.limits import Limits
from doorward.core.ports import Clock, Timer
from doorward.doors.web.identity import Identity
from doorward.service.admission import Admitted
from doorward.service.portal import Portal

_ID_BYTES = 32
_ID_CHARACTERS = 43

_LATE_SECONDS = 1.0
"""How long after its time a session is ended for good; its cookie is worth nothing from that time on."""


class WebSession(Identity):
    """
    A browser that is signed in.

    Attributes:
        began_at, used_at: on the monotonic clock, in seconds.
        csrf_token: what a request must carry to come from a page of ours; another one for each session.
    """

    def __init__(self, portal: Portal, admitted: Admitted, *, now: float) -> None:
        super().__init__(portal, admitted)
        self.began_at = now
        self.used_at = now
        self.csrf_token = secrets.token_urlsafe(_ID_BYTES)

    def is_vouched_for(self, token: str) -> bool:
        """Whether `token` is the one that our pages alone know; it takes as long for every other one."""
        # what is no UTF-8 in a header comes as surrogates
        shown = token.encode(errors="surrogateescape")
        return hmac.compare_digest(shown, self.csrf_token.encode())


class Sessions:
    """
    All of them, in memory, by a hash of their cookie.

    Args:
        limits: of time and number.
        clock: the daemon's.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._sessions: dict[bytes, WebSession] = {}
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    def replace_limits(self, limits: Limits) -> None:
        """Keep by these limits from now on."""
        self._limits = limits
        self._await_end()

    def begin(self, portal: Portal, admitted: Admitted) -> tuple[str, WebSession]:
        """
        Begin a session for somebody who signed in just now.

        Returns:
            The cookie's value, which is new, and the session. The oldest one of a user who has too many ends,
            and the one that was used longest ago when there are too many in all.
        """
        self._forget_old()
        name = admitted.principal.name
        if self._by_user()[name] >= self._limits.web_sessions_per_user:
            self._end_oldest(lambda each: each.principal.name == name)
        if len(self._sessions) >= self._limits.web_sessions:
            self._end_oldest(lambda _each: True)
        cookie = secrets.token_urlsafe(_ID_BYTES)
        session = WebSession(portal, admitted, now=self._clock.monotonic())
        self._sessions[_key(cookie)] = session
        self._await_end()
        return cookie, session

    def find(self, cookie: str) -> WebSession | None:
        """The session of a cookie, which is used by this; None when there is none, or none any more."""
        if len(cookie) != _ID_CHARACTERS or not cookie.isascii():
            return None
        session = self._sessions.get(key := _key(cookie))
        if session is None:
            return None
        now = self._clock.monotonic()
        if session.is_over or self._is_old(session, now):
            del self._sessions[key]
            session.close()
            return None
        session.used_at = now
        return session

    def end(self, session: WebSession) -> None:
        """End a session: its cookie is worth nothing from now on; idempotent."""
        session.close()
        self._forget_old()

    def close(self) -> None:
        """End all."""
        sessions, self._sessions = self._sessions, {}
        self._await_end()
        for session in sessions.values():
            session.close()

    def _is_old(self, session: WebSession, now: float) -> bool:
        if session.is_followed:
            # a page that shows what a run writes is looked at
            session.used_at = now
        return now > self._ends_at(session)

    def _ends_at(self, session: WebSession) -> float:
        limits = self._limits
        return min(session.used_at + limits.web_idle_seconds, session.began_at + limits.web_seconds)

    def _await_end(self) -> None:
        """Have the next session that becomes old ended when it does, and what goes on in its name with it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sessions:
            next_at = min(self._ends_at(session) for session in self._sessions.values())
            delay_seconds = max(next_at - self._clock.monotonic(), 0.0) + _LATE_SECONDS
            self._timer = self._clock.call_later(delay_seconds, self._end_old)

    def _end_old(self) -> None:
        self._timer = None
        self._forget_old()
        self._await_end()

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for key, session in tuple(self._sessions.items()):
            if session.is_over or self._is_old(session, now):
                del self._sessions[key]
                session.close()

    def _by_user(self) -> Counter[str]:
        return Counter(session.principal.name for session in self._sessions.values())

    def _end_oldest(self, is_meant: Callable[[WebSession], bool]) -> None:
        meant = [item for item in self._sessions.items() if is_meant(item[1])]
        key, session = min(meant, key=lambda item: item[1].used_at)
        del self._sessions[key]
        session.close()


def _key(cookie: str) -> bytes:
    # looked up by a hash, the time of the search tells nothing of the cookies that there are
    return hashlib.sha256(cookie.encode("ascii")).digest()
