"""A token becomes its user with its roles, or nothing; its sessions end with it."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from doorward.core.audit import AuditKind
from doorward.core.principal import Login, Peer, User
from doorward.core.secret import Secret
from doorward.core.tokens import ShownToken, Token, new_token
from doorward.service.admission import Admitted, Refused, Session
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

WEB = Peer("web", "192.0.2.1", visitor=3)
NOW = 1_750_000_000
NOT_VALID = Refused("the token is not valid")

ALICE = User(name="alice", roles=frozenset({"operator", "backup"}))
BOB = User(name="bob", uid=1000)
SHOWN, OTHER, BOBS, GHOSTS = (new_token(Random(seed).randbytes) for seed in range(4))
TOKEN = Token(
    id=SHOWN.id, user="alice", digest=SHOWN.digest, roles=frozenset({"backup"}), expires_at=NOW + 7200
)
ENDLESS = Token(id=OTHER.id, user="alice", digest=OTHER.digest)
OF_BOB = Token(id=BOBS.id, user="bob", digest=BOBS.digest, expires_at=NOW + 600)
OF_NOBODY = Token(id=GHOSTS.id, user="ghost", digest=GHOSTS.digest)
TOKENS = [TOKEN, ENDLESS, OF_BOB, OF_NOBODY]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW)


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def portal(audit: MemoryAuditLog, clock: ManualClock) -> Iterator[Portal]:
    verifier = PasswordVerifier(
        waiting=1, most_bytes=1024, workers=1, cost=HashCost(memory_kib=8, passes=1, lanes=1)
    )
    portal = Portal(
        [ALICE, BOB],
        tokens=TOKENS,
        verifier=verifier,
        audit=audit,
        clock=clock,
        process_uid=990,
        checks_per_source=2,
    )
    yield portal
    portal.close()
    assert clock.scheduled == 0
    verifier.close()
    verifier.join()


def let_in(portal: Portal, shown: ShownToken = SHOWN) -> Admitted:
    admitted = portal.admit_token(WEB, shown.text)
    assert isinstance(admitted, Admitted)
    return admitted


def test_a_token_is_its_user_with_the_roles_of_both(portal: Portal, audit: MemoryAuditLog) -> None:
    admitted = let_in(portal)
    assert (admitted.principal.name, admitted.principal.login) == ("alice", Login.TOKEN)
    assert admitted.principal.roles == {"backup", "guest"}
    assert (admitted.user, admitted.token) == (ALICE, TOKEN)
    assert let_in(portal, OTHER).principal.roles == {"operator", "backup", "guest"}
    assert [(event.kind, event.who, event.peer, event.details) for event in audit.events] == [
        (AuditKind.LOGIN, "alice", WEB, {"how": "token", "token": SHOWN.id}),
        (AuditKind.LOGIN, "alice", WEB, {"how": "token", "token": OTHER.id}),
    ]


@pytest.mark.parametrize(
    ("text", "told_id"),
    [
        ("", None),
        (SHOWN.secret.revealed, None),
        (SHOWN.text.revealed[:-1], None),
        (SHOWN.text.revealed + " ", None),
        (ShownToken(SHOWN.id, OTHER.secret).text.revealed, SHOWN.id),
        (ShownToken("aaaaaaaa", SHOWN.secret).text.revealed, "aaaaaaaa"),
        (ShownToken(OTHER.id, SHOWN.secret).text.revealed, OTHER.id),
        (GHOSTS.text.revealed, GHOSTS.id),
    ],
)
def test_whatever_is_wrong_with_it_the_answer_is_the_same(
    portal: Portal, audit: MemoryAuditLog, text: str, told_id: str | None
) -> None:
    assert portal.admit_token(WEB, Secret(text)) == NOT_VALID
    told = {} if told_id is None else {"token": told_id}
    (event,) = audit.events
    assert (event.kind, event.who, event.peer) == (AuditKind.REFUSAL, "", WEB)
    assert event.details == {"how": "token", **told, "reason": "the token is not valid"}


def test_an_expired_one_is_refused_as_an_unknown_one_is(portal: Portal, clock: ManualClock) -> None:
    clock.jump(7199)
    let_in(portal)
    clock.jump(1)
    assert portal.admit_token(WEB, SHOWN.text) == NOT_VALID
    let_in(portal, OTHER)


class Ended:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.mark.parametrize(
    ("users", "tokens"),
    [
        ([ALICE, BOB], [ENDLESS]),
        ([ALICE, BOB], [replace(TOKEN, roles=None)]),
        ([ALICE, BOB], [replace(TOKEN, expires_at=NOW + 7201)]),
        ([ALICE, BOB], [replace(TOKEN, digest=OTHER.digest)]),
        ([ALICE, BOB], [replace(TOKEN, user="bob")]),
        ([BOB], TOKENS),
        ([replace(ALICE, roles=frozenset({"backup"})), BOB], TOKENS),
        ([], []),
    ],
)
def test_its_sessions_end_when_it_or_its_user_is_gone_or_changed(
    portal: Portal, users: list[User], tokens: list[Token]
) -> None:
    ended, of_bob = Ended(), Ended()
    session = portal.opened(let_in(portal), ended)
    bob = portal.admit_uid(Peer("unix", "uid 1000", uid=1000))
    assert isinstance(bob, Admitted)
    portal.opened(bob, of_bob)
    assert portal.replace_credentials(users, tokens) == 1 + of_bob.count
    assert (ended.count, session.is_revoked) == (1, True)
    assert of_bob.count == (BOB not in users)


def test_other_sessions_go_on(portal: Portal) -> None:
    ended = Ended()
    sessions = [portal.opened(let_in(portal, shown), ended) for shown in (SHOWN, OTHER)]
    assert portal.replace_credentials([replace(ALICE)], [replace(TOKEN), replace(ENDLESS)]) == 0
    assert portal.replace_credentials([ALICE], [TOKEN]) == 1
    assert [session.is_revoked for session in sessions] == [False, True]


def test_what_was_revoked_between_login_and_session_is_ended_as_it_begins(portal: Portal) -> None:
    admitted, ended = let_in(portal), Ended()
    portal.replace_credentials([ALICE], [ENDLESS])
    assert portal.opened(admitted, ended).is_revoked
    assert ended.count == 1


def test_what_expired_between_login_and_session_is_ended_as_it_begins(
    portal: Portal, clock: ManualClock
) -> None:
    admitted, ended = let_in(portal), Ended()
    clock.jump(7200)
    assert portal.opened(admitted, ended).is_revoked


def opened_sessions(portal: Portal) -> dict[str, Session]:
    return {shown.id: portal.opened(let_in(portal, shown), Ended()) for shown in (SHOWN, OTHER, BOBS)}


def revoked(sessions: dict[str, Session]) -> set[str]:
    return {token_id for token_id, session in sessions.items() if session.is_revoked}


def test_open_sessions_end_at_the_second_at_which_their_token_expires(
    portal: Portal, clock: ManualClock
) -> None:
    sessions = opened_sessions(portal)
    clock.advance(599)
    assert revoked(sessions) == set()
    clock.advance(1)
    assert revoked(sessions) == {BOBS.id}
    clock.advance(6599)
    assert revoked(sessions) == {BOBS.id}
    clock.advance(1)
    assert revoked(sessions) == {BOBS.id, SHOWN.id}
    clock.advance(1_000_000)
    assert revoked(sessions) == {BOBS.id, SHOWN.id}


def test_a_wall_clock_that_is_set_is_noticed_within_an_hour(portal: Portal, clock: ManualClock) -> None:
    portal.replace_credentials([ALICE], [TOKEN, ENDLESS])
    session = portal.opened(let_in(portal), Ended())
    clock.jump(7200)
    clock.advance(3599)
    assert not session.is_revoked
    clock.advance(1)
    assert session.is_revoked


def test_every_session_of_an_expired_token_ends_though_one_fails_and_the_next_one_s_too(
    portal: Portal, clock: ManualClock
) -> None:
    def fail() -> None:
        raise RuntimeError("cannot end")

    bobs = [portal.opened(let_in(portal, BOBS), callback) for callback in (fail, Ended(), fail)]
    alices = portal.opened(let_in(portal), Ended())
    with pytest.raises(RuntimeError, match="cannot end"):
        clock.advance(600)
    assert all(session.is_revoked for session in bobs)
    clock.advance(6600)
    assert alices.is_revoked


def test_without_a_token_that_expires_nothing_is_waited_for(portal: Portal, clock: ManualClock) -> None:
    assert clock.scheduled == 1
    portal.replace_credentials([ALICE], [ENDLESS])
    assert clock.scheduled == 0
