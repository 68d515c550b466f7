"""Keys and authorities at the portal: found for whom, whence and when, and written down."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest

from doorward.core.audit import AuditKind
from doorward.core.authorized_keys import authority_of, key_of
from doorward.core.keys import AuthorizedKey, fingerprint_of
from doorward.core.ports import Verdict
from doorward.core.principal import Login, Peer, User
from doorward.core.secret import Secret
from doorward.service.admission import Admitted, Refused
from doorward.service.portal import Portal
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1"
KEY, AUTHORITY = key_of(LINE), authority_of(LINE)
PEER = Peer("ssh", "192.0.2.1", visitor=3)


class NoVerifier:
    async def verify(self, *, password_hash: str | None, password: Secret) -> Verdict:
        raise AssertionError("no password is looked at")


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


def portal_of(audit: MemoryAuditLog, users: Iterable[User]) -> Portal:
    return Portal(
        users,
        verifier=NoVerifier(),
        audit=audit,
        clock=ManualClock(),
        process_uid=990,
        checks_per_source=2,
    )


def found(portal: Portal, name: str = "alice", *, blob: bytes = KEY.blob) -> AuthorizedKey | None:
    return portal.find_key(name, blob, address="192.0.2.1", now=100.0)


def test_a_key_is_found_for_its_user_alone(audit: MemoryAuditLog) -> None:
    portal = portal_of(audit, [User(name="alice", keys=(LINE,)), User(name="bob")])
    assert found(portal) == KEY
    assert found(portal, "bob") is None
    assert found(portal, "nobody") is None
    assert found(portal, blob=b"another") is None
    portal.replace_credentials([User(name="bob", keys=(LINE,))], [])
    assert (found(portal), found(portal, "bob")) == (None, KEY)


def test_what_limits_a_key_of_a_file_counts(audit: MemoryAuditLog) -> None:
    for limited in (
        replace(KEY, sources=("10.0.0.0/8",)),
        replace(KEY, expires_at=100.0),
        replace(KEY, is_authority=True),
    ):
        assert found(portal_of(audit, [User(name="alice", authorized_keys=(limited,))])) is None
    forced = replace(KEY, command="df")
    assert found(portal_of(audit, [User(name="alice", authorized_keys=(forced,))])) == forced


def test_an_authority_of_the_door_or_of_the_user_is_found_for_users_alone(audit: MemoryAuditLog) -> None:
    own = replace(AUTHORITY, principals=("deploy",))
    users = [User(name="alice"), User(name="bob", authorized_keys=(own,))]
    portal = portal_of(audit, users)

    def authority(name: str, names: list[str], *, among: tuple[AuthorizedKey, ...] = ()) -> object:
        portal.replace_credentials(users, [], authorities=among)
        return portal.find_authority(name, AUTHORITY.blob, names=names, address="192.0.2.1", now=100.0)

    assert authority("alice", ["alice"], among=(AUTHORITY,)) == AUTHORITY
    assert authority("alice", ["bob"], among=(AUTHORITY,)) is None
    assert authority("nobody", ["nobody"], among=(AUTHORITY,)) is None
    assert authority("alice", ["alice"], among=(KEY,)) is None
    assert authority("bob", ["deploy"]) == own
    assert authority("alice", ["deploy"]) is None


def test_what_a_certificate_began_ends_with_its_authority(audit: MemoryAuditLog) -> None:
    own = replace(AUTHORITY, principals=("deploy",))
    users = [User(name="alice", keys=(LINE,)), User(name="bob", authorized_keys=(own,))]
    portal = portal_of(audit, users)
    portal.replace_credentials(users, [], authorities=[AUTHORITY])
    ended: list[str] = []
    for name, key in (("alice", AUTHORITY), ("alice", KEY), ("bob", own)):
        login = Login.CERTIFICATE if key.is_authority else Login.KEY
        admitted = portal.admit_key(PEER, name=name, key=key, login=login)
        assert isinstance(admitted, Admitted)
        portal.opened(admitted, partial(ended.append, f"{name} by {login.value}"))
    assert portal.replace_credentials(users, [], authorities=[AUTHORITY]) == 0
    assert portal.replace_credentials(users, []) == 1
    assert ended == ["alice by certificate"]


def test_a_login_by_key_is_written_down_with_its_fingerprint(audit: MemoryAuditLog) -> None:
    portal = portal_of(audit, [User(name="alice", keys=(LINE,), roles=frozenset({"operator"}))])
    admitted = portal.admit_key(PEER, name="alice", key=KEY, login=Login.KEY)
    assert isinstance(admitted, Admitted)
    assert (admitted.principal.name, admitted.principal.login) == ("alice", Login.KEY)
    (event,) = audit.events
    assert (event.kind, event.who) == (AuditKind.LOGIN, "alice")
    assert event.details == {"how": "key", "key": fingerprint_of(KEY.blob)}
    # removed since the key was found
    assert isinstance(portal.admit_key(PEER, name="bob", key=KEY, login=Login.KEY), Refused)
    assert audit.events[-1].kind is AuditKind.REFUSAL


def test_keys_that_were_all_refused_are_one_line(audit: MemoryAuditLog) -> None:
    portal_of(audit, []).refuse_keys(PEER, name="x" * 100, keys=3)
    (event,) = audit.events
    assert event.kind is AuditKind.REFUSAL
    assert (event.details["keys"], len(str(event.details["tried"]))) == (3, 64)
