"""A password that goes through the portal is seen nowhere: no line of the trail, no repr, no error."""

import logging
import traceback
from collections.abc import Iterator

import pytest

from doorward.core.errors import ConfigurationError
from doorward.core.principal import Peer, User
from doorward.core.secret import Secret
from doorward.service.admission import Admitted
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier, argon2_check, hash_password, password_bytes
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

CANARY = "canary-7f3a"
COST = HashCost(memory_kib=8, passes=1, lanes=1)
PEER = Peer("tls", "192.0.2.1")
HASH = hash_password(Secret(CANARY), cost=COST)


def failing_check(password_hash: str, data: bytes) -> bool:
    argon2_check(password_hash, data)
    raise MemoryError("no room for a hash")


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def verifier() -> Iterator[PasswordVerifier]:
    verifier = PasswordVerifier(waiting=4, most_bytes=1024, workers=1, cost=COST)
    yield verifier
    verifier.close()
    verifier.join()


@pytest.fixture
def portal(verifier: PasswordVerifier, audit: MemoryAuditLog) -> Portal:
    users = [User(name="alice", password_hash=HASH, uid=1000), User(name="bob", password_hash=HASH)]
    return Portal(
        users, verifier=verifier, audit=audit, clock=ManualClock(), process_uid=990, checks_per_source=2
    )


@pytest.mark.parametrize(
    "line",
    [
        f"alice {CANARY}",
        f"alice wrong{CANARY}",
        f"nobody {CANARY}",
        CANARY,
        f"{CANARY} alice",
        f"{CANARY} and more of a phrase",
        f" {CANARY}",
        f"alice  {CANARY}",
    ],
)
async def test_no_line_of_the_trail_has_it_wherever_in_the_line_it_stood(
    portal: Portal, audit: MemoryAuditLog, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    caplog.set_level(logging.DEBUG)
    admission = await portal.admit_line(PEER, Secret(line))
    await portal.admit_line(PEER, Secret(line), user="alice")
    assert len(audit.lines) == 2
    assert CANARY not in "".join(audit.lines)
    assert CANARY not in repr(audit.events)
    assert CANARY not in repr(admission) + str(admission)
    assert CANARY not in caplog.text


async def test_the_hash_is_seen_nowhere_either(portal: Portal, audit: MemoryAuditLog) -> None:
    admitted = await portal.admit_password(PEER, name="alice", password=Secret(CANARY))
    assert isinstance(admitted, Admitted)
    session = portal.opened(admitted, list)
    shown = repr(admitted) + repr(session) + repr(admitted.user) + repr(portal) + "".join(audit.lines)
    assert HASH not in shown
    assert "argon2id" not in shown


@pytest.fixture
def failing_verifier() -> Iterator[PasswordVerifier]:
    verifier = PasswordVerifier(waiting=4, most_bytes=1024, workers=1, cost=COST, check=failing_check)
    yield verifier
    verifier.close()
    verifier.join()


async def test_an_error_of_the_check_does_not_carry_it(
    failing_verifier: PasswordVerifier, audit: MemoryAuditLog
) -> None:
    alice = User(name="alice", password_hash=HASH)
    portal = Portal(
        [alice],
        verifier=failing_verifier,
        audit=audit,
        clock=ManualClock(),
        process_uid=990,
        checks_per_source=2,
    )
    with pytest.raises(MemoryError) as caught:
        await portal.admit_line(PEER, Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_password_that_cannot_be_hashed_is_not_in_the_error() -> None:
    for text in (CANARY * 1000, CANARY + "\ud800"):
        with pytest.raises(ConfigurationError) as caught:
            hash_password(Secret(text), cost=COST)
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_secret_is_dots_in_every_way_of_writing_it() -> None:
    secret = Secret(CANARY)
    assert password_bytes(secret, most_bytes=64) == CANARY.encode()
    assert CANARY not in f"{secret} {secret!r} {secret!s} {[secret]} {secret:>40}" + str({"password": secret})
