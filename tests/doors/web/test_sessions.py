"""Browsers that are signed in."""

from doorward.core.limits import Limits
from doorward.core.ports import Verdict
from doorward.core.principal import Login, User, principal_of
from doorward.core.secret import Secret
from doorward.doors.web.sessions import Sessions
from doorward.service.admission import Admitted
from doorward.service.portal import Portal
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

LIMITS = Limits(web_idle_seconds=100, web_seconds=1000, web_sessions=4, web_sessions_per_user=2)


class NoVerifier:
    """Nobody logs in here."""

    async def verify(self, *, password_hash: str | None, password: Secret) -> Verdict:
        raise AssertionError("no password is looked at")


class Desk:
    """Sessions, and the portal that they are known to."""

    def __init__(self, *names: str) -> None:
        self.clock = ManualClock()
        self.users = {name: User(name=name) for name in names}
        self.portal = Portal(
            self.users.values(),
            verifier=NoVerifier(),
            audit=MemoryAuditLog(self.clock),
            clock=self.clock,
            process_uid=0,
            checks_per_source=2,
        )
        self.sessions = Sessions(LIMITS, self.clock)

    def admitted(self, name: str) -> Admitted:
        return Admitted(principal_of(self.users[name], Login.PASSWORD), self.users[name])

    def sign_in(self, name: str) -> str:
        return self.sessions.begin(self.portal, self.admitted(name))[0]


def test_a_cookie_finds_its_session_and_no_other_does() -> None:
    desk = Desk("alice", "bob")
    alice, bob = desk.sign_in("alice"), desk.sign_in("bob")
    assert alice != bob
    found = desk.sessions.find(alice)
    assert found is not None
    assert found.principal.name == "alice"
    for cookie in ("", alice[:-1], alice + "x", "\u00e9" * 43, alice.swapcase()):
        assert desk.sessions.find(cookie) is None


def test_one_that_is_not_used_ends_and_one_that_is_used_ends_too() -> None:
    desk = Desk("alice", "bob")
    idle, busy = desk.sign_in("alice"), desk.sign_in("bob")
    for _ in range(10):
        desk.clock.advance(99)
        assert desk.sessions.find(busy) is not None
    assert desk.sessions.find(idle) is None
    desk.clock.advance(11)
    assert desk.sessions.find(busy) is None
    assert len(desk.sessions) == 0


def test_too_many_of_a_user_end_that_users_oldest() -> None:
    desk = Desk("alice", "bob")
    bob = desk.sign_in("bob")
    cookies = []
    for _ in range(3):
        desk.clock.advance(1)
        cookies.append(desk.sign_in("alice"))
    assert [desk.sessions.find(cookie) is not None for cookie in (bob, *cookies)] == [True, False, True, True]


def test_too_many_in_all_end_the_one_unused_for_longest() -> None:
    names = ("a", "b", "c", "d", "e")
    desk = Desk(*names)
    cookies = []
    for name in names:
        desk.clock.advance(1)
        cookies.append(desk.sign_in(name))
    assert [desk.sessions.find(cookie) is not None for cookie in cookies] == [False, True, True, True, True]


def test_a_removed_user_s_session_ends_and_what_goes_on_in_it() -> None:
    desk = Desk("alice", "bob")
    cookie = desk.sign_in("alice")
    session = desk.sessions.find(cookie)
    assert session is not None
    ended: list[str] = []
    session.call_at_end("stream", lambda: ended.append("stream"))
    session.call_at_end("gone", lambda: ended.append("gone"))
    session.forget("gone")
    desk.portal.replace_credentials([desk.users["bob"]], [])
    assert session.is_over
    assert ended == ["stream"]
    assert desk.sessions.find(cookie) is None


def test_signing_out_ends_the_cookie() -> None:
    desk = Desk("alice")
    cookie = desk.sign_in("alice")
    session = desk.sessions.find(cookie)
    assert session is not None
    desk.sessions.end(session)
    desk.sessions.end(session)
    assert desk.sessions.find(cookie) is None


def test_what_goes_on_in_the_name_of_a_session_ends_when_its_time_is_over() -> None:
    desk = Desk("alice")
    session = desk.sessions.find(desk.sign_in("alice"))
    assert session is not None
    ended: list[str] = []
    session.call_at_end("stream", lambda: ended.append("stream"))
    desk.clock.advance(LIMITS.web_seconds - 1)
    assert not ended
    desk.clock.advance(3)
    assert ended == ["stream"]
    assert session.is_over
    assert not len(desk.sessions)


def test_a_page_that_is_followed_is_used_and_one_that_was_left_is_not() -> None:
    desk = Desk("alice")
    cookie = desk.sign_in("alice")
    session = desk.sessions.find(cookie)
    assert session is not None
    session.call_at_end("stream", lambda: None)
    for _ in range(4):
        desk.clock.advance(99)
    assert desk.sessions.find(cookie) is session
    session.forget("stream")
    desk.clock.advance(2 * LIMITS.web_idle_seconds)
    assert session.is_over
    assert desk.sessions.find(cookie) is None


def test_a_shorter_time_counts_for_those_who_are_signed_in() -> None:
    desk = Desk("alice")
    session = desk.sessions.find(desk.sign_in("alice"))
    desk.sessions.replace_limits(Limits(web_seconds=10))
    desk.clock.advance(12)
    assert session is not None
    assert session.is_over
