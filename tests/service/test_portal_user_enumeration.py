"""Nobody learns at a door which users there are: equal answers, and equal work, counted in hashes."""

from collections.abc import Iterator

import pytest

from doorward.core.principal import Peer, User
from doorward.core.secret import Secret
from doorward.service.admission import Admission, Refused
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier, argon2_check, hash_password
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

COST = HashCost(memory_kib=8, passes=1, lanes=1)
COST_TEXT = "$m=8,t=1,p=1$"
PEER = Peer("tls", "192.0.2.1")


class CountedCheck:
    """The real check, counted by what it costs."""

    def __init__(self) -> None:
        self.costs: list[str] = []

    def __call__(self, password_hash: str, data: bytes) -> bool:
        self.costs.append("$" + password_hash.split("$")[3] + "$")
        return argon2_check(password_hash, data)


@pytest.fixture
def check() -> CountedCheck:
    return CountedCheck()


@pytest.fixture
def portal(check: CountedCheck) -> Iterator[Portal]:
    verifier = PasswordVerifier(waiting=4, most_bytes=1024, workers=1, cost=COST, check=check)
    users = [
        User(name="alice", password_hash=hash_password(Secret("correct horse"), cost=COST), uid=1000),
        User(name="bob", password_hash=hash_password(Secret("battery staple"), cost=COST)),
        User(name="keys", keys=("ssh-ed25519 AAAA",)),
        User(name="broken", password_hash="$argon2id$v=19$m=99999999,t=9,p=9$AAAA$AAAA"),
    ]
    yield Portal(
        users,
        verifier=verifier,
        audit=MemoryAuditLog(),
        clock=ManualClock(),
        process_uid=990,
        checks_per_source=2,
    )
    verifier.close()
    verifier.join()


NAMES = ["alice", "bob", "keys", "broken", "nobody", "admin", "root", "guest", "", "x\ny", "a" * 5000]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("password", ["wrong", "", "é" * 500])
async def test_every_wrong_login_costs_one_hash_and_gets_one_answer(
    portal: Portal, check: CountedCheck, name: str, password: str
) -> None:
    answers: list[Admission] = [
        await portal.admit_password(PEER, name=name, password=Secret(password)),
        await portal.admit_line(PEER, Secret(f"{name} {password}")),
        await portal.admit_line(PEER, Secret(password), user=name or "nobody"),
    ]
    assert answers == [Refused("wrong name or password")] * 3
    assert check.costs == [COST_TEXT] * 3


@pytest.mark.parametrize("name", NAMES)
async def test_a_password_that_is_too_long_costs_nothing_for_anybody(
    portal: Portal, check: CountedCheck, name: str
) -> None:
    answer = await portal.admit_password(PEER, name=name, password=Secret("x" * 1025))
    assert answer == Refused("wrong name or password")
    assert check.costs == []


async def test_a_right_login_costs_the_same_hash(portal: Portal, check: CountedCheck) -> None:
    assert not isinstance(await portal.admit_line(PEER, Secret("alice correct horse")), Refused)
    assert check.costs == [COST_TEXT]


async def test_a_line_without_a_space_costs_the_same_hash(portal: Portal, check: CountedCheck) -> None:
    assert isinstance(await portal.admit_line(PEER, Secret("onlyoneword")), Refused)
    assert check.costs == [COST_TEXT]
