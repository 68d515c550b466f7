"""Credentials become a principal, or nothing; sessions end with their user."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from doorward.core.audit import AuditKind
from doorward.core.ports import Verdict
from doorward.core.principal import Login, Peer, User
from doorward.core.secret import Secret
from doorward.service.admission import Admission, Admitted, Busy, Refused, Session
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier, argon2_check, hash_password
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

CHEAP = HashCost(memory_kib=8, passes=1, lanes=1)
PROCESS_UID = 990
TLS = Peer("tls", "192.0.2.1", visitor=3)

ALICE = User(
    name="alice",
    roles=frozenset({"operator"}),
    password_hash=hash_password(Secret("correct horse"), cost=CHEAP),
    uid=1000,
)
BOB = User(
    name="bob", password_hash=hash_password(Secret("battery staple"), cost=CHEAP), certificate=b"bob's own"
)
KEYS_ONLY = User(name="keys", keys=("ssh-ed25519 AAAA",))


class HeldCheck:
    """The real check, which can be held up between its begin and its end."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def __call__(self, password_hash: str, data: bytes) -> bool:
        assert self.go.wait(10)
        return argon2_check(password_hash, data)


@pytest.fixture
def check() -> HeldCheck:
    return HeldCheck()


@pytest.fixture
def verifier(check: HeldCheck) -> Iterator[PasswordVerifier]:
    verifier = PasswordVerifier(waiting=1, most_bytes=1024, workers=1, cost=CHEAP, check=check)
    yield verifier
    verifier.close()
    verifier.join()


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def portal(verifier: PasswordVerifier, audit: MemoryAuditLog) -> Portal:
    return Portal(
        [ALICE, BOB, KEYS_ONLY],
        verifier=verifier,
        audit=audit,
        clock=ManualClock(),
        process_uid=PROCESS_UID,
        checks_per_source=2,
    )


def unix(uid: int | None) -> Peer:
    return Peer("unix", f"uid {uid}", uid=uid)


def name_of(admission: Admission) -> str:
    assert isinstance(admission, Admitted)
    return admission.principal.name


def test_a_guest_is_let_in_without_a_word_in_the_trail(portal: Portal, audit: MemoryAuditLog) -> None:
    admitted = portal.admit_guest()
    assert admitted.principal.is_guest
    assert audit.events == []


@pytest.mark.parametrize("uid", [0, PROCESS_UID])
def test_root_and_the_daemon_s_own_user_are_admin(portal: Portal, audit: MemoryAuditLog, uid: int) -> None:
    admitted = portal.admit_uid(unix(uid))
    assert name_of(admitted) == "admin"
    assert isinstance(admitted, Admitted)
    assert admitted.principal.is_admin
    assert admitted.principal.login is Login.UID
    assert [event.who for event in audit.of(AuditKind.LOGIN)] == ["admin"]


def test_a_declared_uid_is_its_user(portal: Portal, audit: MemoryAuditLog) -> None:
    admitted = portal.admit_uid(unix(1000))
    assert isinstance(admitted, Admitted)
    assert admitted.principal.name == "alice"
    assert admitted.principal.roles == {"operator", "guest"}
    assert not admitted.principal.is_admin
    (event,) = audit.events
    assert (event.kind, event.who, event.peer) == (AuditKind.LOGIN, "alice", unix(1000))
    assert event.details == {"how": "uid"}


@pytest.mark.parametrize("uid", [1, 1001, 65_534, 2**32 - 1, None])
def test_any_other_uid_is_refused(portal: Portal, audit: MemoryAuditLog, uid: int | None) -> None:
    assert portal.admit_uid(unix(uid)) == Refused(
        f"uid {uid} is no user here; its keeper can make it one: doorward user add NAME --uid {uid}"
    )
    assert [event.kind for event in audit.events] == [AuditKind.REFUSAL]


@pytest.mark.parametrize(
    ("line", "user", "name"),
    [
        ("alice correct horse", "", "alice"),
        ("bob battery staple", "", "bob"),
        ("correct horse", "alice", "alice"),
        ("battery staple", "bob", "bob"),
    ],
)
async def test_a_right_line_lets_its_user_in(
    portal: Portal, audit: MemoryAuditLog, line: str, user: str, name: str
) -> None:
    assert name_of(await portal.admit_line(TLS, Secret(line), user=user)) == name
    assert [(event.kind, event.who) for event in audit.events] == [(AuditKind.LOGIN, name)]


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("", ""),
        (" ", ""),
        ("alice", ""),
        ("alice ", ""),
        ("alice  correct horse", ""),
        ("alice correct horse ", ""),
        ("Alice correct horse", ""),
        ("correct horse", ""),
        ("bob correct horse", ""),
        ("keys ", ""),
        ("keys AAAA", ""),
        ("guest ", ""),
        ("admin ", ""),
        ("alice correct horse", "alice"),
        ("correct horse", "bob"),
        ("correct horse", "nobody"),
        ("alice " + "x" * 5000, ""),
        ("alice \ud800", ""),
    ],
)
async def test_a_wrong_line_lets_nobody_in(
    portal: Portal, audit: MemoryAuditLog, line: str, user: str
) -> None:
    assert await portal.admit_line(TLS, Secret(line), user=user) == Refused("wrong name or password")
    assert [event.kind for event in audit.events] == [AuditKind.REFUSAL]


async def test_the_only_user_with_a_password_need_not_say_who_they_are(portal: Portal) -> None:
    portal.replace_credentials([ALICE, KEYS_ONLY], [])
    assert name_of(await portal.admit_line(TLS, Secret("correct horse"))) == "alice"
    assert isinstance(await portal.admit_line(TLS, Secret("alice correct horse")), Refused)


async def test_without_any_password_every_line_is_wrong(portal: Portal) -> None:
    portal.replace_credentials([KEYS_ONLY], [])
    for line in ("", "keys ", "keys x"):
        assert isinstance(await portal.admit_line(TLS, Secret(line)), Refused)


async def test_a_name_and_a_password_in_fields_of_their_own(portal: Portal) -> None:
    right = await portal.admit_password(TLS, name="alice", password=Secret("correct horse"))
    assert name_of(right) == "alice"
    wrong = await portal.admit_password(TLS, name="alice", password=Secret("battery staple"))
    assert isinstance(wrong, Refused)


async def test_when_too_many_wait_the_next_is_told_so_and_it_is_written_down(
    portal: Portal, audit: MemoryAuditLog, check: HeldCheck
) -> None:
    check.go.clear()
    async with asyncio.TaskGroup() as tasks:
        taken = [tasks.create_task(portal.admit_line(TLS, Secret("alice correct horse"))) for _ in range(2)]
        await asyncio.sleep(0)
        assert await portal.admit_line(TLS, Secret("alice correct horse")) == Busy()
        check.go.set()
    assert [name_of(task.result()) for task in taken] == ["alice", "alice"]
    assert [event.details["reason"] for event in audit.of(AuditKind.REFUSAL)] == [
        "too many passwords are being checked, try again later"
    ]


@pytest.mark.parametrize(
    "users",
    [
        [BOB],
        [replace(ALICE, password_hash=BOB.password_hash)],
        [replace(ALICE, password_hash=None)],
        [replace(ALICE, roles=frozenset())],
    ],
)
async def test_who_was_removed_or_changed_while_the_hash_was_computed_does_not_come_in(
    portal: Portal, check: HeldCheck, users: list[User]
) -> None:
    check.go.clear()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(portal.admit_line(TLS, Secret("correct horse"), user="alice"))
        await asyncio.sleep(0)
        portal.replace_credentials(users, [])
        check.go.set()
    assert task.result() == Refused("wrong name or password")


class Ended:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def admitted_alice(portal: Portal) -> Admitted:
    admitted = portal.admit_uid(unix(1000))
    assert isinstance(admitted, Admitted)
    return admitted


@pytest.mark.parametrize(
    "users",
    [
        [BOB],
        [],
        [replace(ALICE, password_hash=None)],
        [replace(ALICE, roles=frozenset({"operator", "admin"}))],
        [replace(ALICE, uid=1001)],
        [replace(ALICE, keys=("ssh-ed25519 AAAA",))],
    ],
)
def test_the_sessions_of_a_user_who_is_gone_or_changed_end_at_once(portal: Portal, users: list[User]) -> None:
    ended = [Ended(), Ended()]
    sessions = [portal.opened(admitted_alice(portal), callback) for callback in ended]
    assert portal.replace_credentials(users, []) == 2
    assert [callback.count for callback in ended] == [1, 1]
    assert all(session.is_revoked for session in sessions)
    assert portal.replace_credentials([], []) == 0


def test_sessions_of_all_others_go_on(portal: Portal) -> None:
    ended = Ended()
    root = portal.admit_uid(unix(0))
    assert isinstance(root, Admitted)
    sessions = [
        portal.opened(admitted, ended) for admitted in (admitted_alice(portal), root, portal.admit_guest())
    ]
    assert portal.replace_credentials([replace(ALICE), replace(BOB, password_hash=None)], []) == 0
    assert not any(session.is_revoked for session in sessions)


def test_the_session_of_a_declared_admin_ends_and_that_of_root_does_not(portal: Portal) -> None:
    admin = User(name="admin", roles=frozenset({"admin"}), uid=1001)
    portal.replace_credentials([admin], [])
    callbacks = {uid: Ended() for uid in (0, 1001)}
    for uid, callback in callbacks.items():
        admitted = portal.admit_uid(unix(uid))
        assert isinstance(admitted, Admitted)
        portal.opened(admitted, callback)
    assert portal.replace_credentials([], []) == 1
    assert (callbacks[0].count, callbacks[1001].count) == (0, 1)


def test_a_session_that_is_over_is_not_ended(portal: Portal) -> None:
    ended = Ended()
    session = portal.opened(admitted_alice(portal), ended)
    session.close()
    session.close()
    assert portal.replace_credentials([], []) == 0
    assert ended.count == 0


def test_who_was_changed_between_login_and_session_is_ended_as_it_begins(portal: Portal) -> None:
    admitted = admitted_alice(portal)
    portal.replace_credentials([replace(ALICE, roles=frozenset())], [])
    ended = Ended()
    assert portal.opened(admitted, ended).is_revoked
    assert ended.count == 1


def test_a_session_that_closes_another_as_it_ends_spares_it_the_call(portal: Portal) -> None:
    ended: list[str] = []
    sessions: dict[str, Session] = {}

    def end(name: str, other: str) -> None:
        ended.append(name)
        sessions[other].close()

    sessions["a"] = portal.opened(admitted_alice(portal), lambda: end("a", "b"))
    sessions["b"] = portal.opened(admitted_alice(portal), lambda: end("b", "a"))
    portal.replace_credentials([], [])
    assert len(ended) == 1


def test_every_session_ends_though_one_of_them_fails(portal: Portal) -> None:
    ended = Ended()

    def fail() -> None:
        ended()
        raise RuntimeError("cannot end")

    for callback in (ended, fail, ended, fail):
        portal.opened(admitted_alice(portal), callback)
    with pytest.raises(RuntimeError, match="cannot end"):
        portal.replace_credentials([], [])
    assert ended.count == 4


def test_a_certificate_is_its_user_s_and_no_other_s(portal: Portal, audit: MemoryAuditLog) -> None:
    admitted = portal.admit_certificate(TLS, b"bob's own")
    assert isinstance(admitted, Admitted)
    assert (admitted.principal.name, admitted.principal.login) == ("bob", Login.CERTIFICATE)
    assert portal.admit_certificate(TLS, b"bob's owm") == Refused("the certificate is no user's")
    assert [(event.kind, event.who, event.details) for event in audit.events] == [
        (AuditKind.LOGIN, "bob", {"how": "certificate"}),
        (AuditKind.REFUSAL, "", {"how": "certificate", "reason": "the certificate is no user's"}),
    ]


def test_a_certificate_that_was_taken_away_ends_its_sessions_and_opens_nothing(portal: Portal) -> None:
    admitted = portal.admit_certificate(TLS, b"bob's own")
    assert isinstance(admitted, Admitted)
    ended: list[bool] = []
    portal.opened(admitted, lambda: ended.append(True))
    portal.replace_credentials([ALICE, replace(BOB, certificate=None)], [])
    assert ended == [True]
    assert isinstance(portal.admit_certificate(TLS, b"bob's own"), Refused)


async def test_one_source_has_two_passwords_looked_at_and_another_is_not_kept_waiting_by_it(
    audit: MemoryAuditLog, check: HeldCheck
) -> None:
    verifier = PasswordVerifier(waiting=16, most_bytes=1024, workers=1, cost=CHEAP, check=check)
    portal = Portal(
        [ALICE, BOB], verifier=verifier, audit=audit, clock=ManualClock(), process_uid=1, checks_per_source=2
    )
    right = Secret("alice correct horse")
    check.go.clear()
    async with asyncio.TaskGroup() as tasks:
        neighbours = [Peer("tls", f"2001:db8::{number}") for number in range(3)]
        first = [tasks.create_task(portal.admit_line(peer, right)) for peer in neighbours[:2]]
        await asyncio.sleep(0)
        assert await portal.admit_line(neighbours[2], right) == Busy()
        other = tasks.create_task(portal.admit_line(Peer("tls", "2001:db8:0:1::1"), right))
        await asyncio.sleep(0)
        check.go.set()
    assert [name_of(task.result()) for task in [*first, other]] == ["alice"] * 3
    assert name_of(await portal.admit_line(neighbours[2], right)) == "alice"
    verifier.close()
    await asyncio.to_thread(verifier.join)


async def test_a_line_that_is_tried_is_answered_later_and_never_after_the_end(
    portal: Portal, check: HeldCheck
) -> None:
    answers: asyncio.Queue[Admission] = asyncio.Queue()
    portal.try_line(TLS, Secret("alice correct horse"), then=answers.put_nowait)
    assert answers.empty()
    assert name_of(await asyncio.wait_for(answers.get(), 10)) == "alice"
    check.go.clear()
    portal.try_line(TLS, Secret("alice correct horse"), then=answers.put_nowait)
    await asyncio.sleep(0)
    portal.close()
    check.go.set()
    await asyncio.sleep(0)
    assert answers.empty()


@pytest.mark.may_block("pytest's own log handler writes to a file")
async def test_an_error_behind_one_login_is_logged_and_no_other_s(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    answers: asyncio.Queue[Admission] = asyncio.Queue()

    def fail(_admission: Admission) -> None:
        raise OSError("its socket is gone")

    portal.try_line(TLS, Secret("alice correct horse"), then=fail)
    portal.try_line(TLS, Secret("bob battery staple"), then=answers.put_nowait)
    assert name_of(await asyncio.wait_for(answers.get(), 10)) == "bob"
    assert "what came of a login could not be told" in caplog.text
    assert "correct horse" not in caplog.text


@pytest.mark.may_block("pytest's own log handler writes to a file")
async def test_a_login_that_cannot_be_looked_at_is_told_so(
    portal: Portal, verifier: PasswordVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(**_arguments: object) -> Verdict:
        raise OSError("the disk is gone")

    monkeypatch.setattr(verifier, "verify", fail)
    answers: asyncio.Queue[Admission] = asyncio.Queue()
    portal.try_line(TLS, Secret("alice correct horse"), then=answers.put_nowait)
    told = await asyncio.wait_for(answers.get(), 10)
    assert told == Busy("the login could not be looked at, try again later")


def test_a_certificate_that_tls_refused_is_written_down(portal: Portal, audit: MemoryAuditLog) -> None:
    portal.refuse_certificate(TLS, "certificate has expired")
    (event,) = audit.events
    assert (event.kind, event.peer) == (AuditKind.REFUSAL, TLS)
    assert event.details == {"how": "certificate", "reason": "certificate has expired"}


@pytest.mark.parametrize(
    ("users", "user", "asks"),
    [([ALICE, BOB], "", True), ([ALICE, BOB], "bob", False), ([ALICE], "", False), ([], "", True)],
)
def test_a_name_is_asked_for_unless_it_is_clear_whose_password_is_meant(
    portal: Portal, users: list[User], user: str, *, asks: bool
) -> None:
    portal.replace_credentials(users, [])
    assert portal.asks_name(user=user) is asks
