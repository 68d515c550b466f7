"""A process that is killed while it notes: accounts, changes and marks stand there together; EPSS goes on."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.core.cve_filters import CveFilter, CveOrder, CveQuery
from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account, Epss
from doorward.stores.database import Database
from doorward.stores.vulnerabilities import SqliteVulnerabilities
from doorward.testing.clock import ManualClock
from doorward.testing.vulnerability_contract import nvd
from tests.stores.killing import statuses_of

ROUNDS = 3
EACH = 60
SCORES = 5_000
"""Three transactions of them, and one for the marks."""

pytestmark = pytest.mark.needs_program("strace", package="strace")


def accounts_of(number: int) -> list[Account]:
    """In each round some are gone, some are new, and all have another score and another word."""
    if not number:
        return []
    first = number * 10
    return [
        nvd(each, 5.0 + number, title=f"round{number} {'x' * 200}") for each in range(first + 1, first + EACH)
    ]


def scores_of(day: int) -> Iterator[tuple[str, Epss]]:
    return (
        (f"CVE-2025-{number:04}", Epss(score=day / 4, percentile=0.5)) for number in range(day, day + SCORES)
    )


async def work(folder: Path) -> None:
    """Note accounts and scores in turn, and say on a line of its own what is done, as soon as it is."""
    database = Database(folder)
    await database.open()
    store = store_of(database)
    for number in range(1, ROUNDS + 1):
        await store.note("nvd", accounts_of(number), marks={"round": str(number)}, is_all=True)
        print("noted", number, flush=True)  # noqa: T201
        await store.note_epss(scores_of(number), marks={"day": str(number)})
        print("scored", number, flush=True)  # noqa: T201
    await database.close()
    print("closed", flush=True)  # noqa: T201


def store_of(database: Database) -> SqliteVulnerabilities:
    return SqliteVulnerabilities(database, clock=ManualClock(), limits=Limits)


def check(folder: Path, said: list[str]) -> None:
    asyncio.run(_check(folder, said))


async def _check(folder: Path, said: list[str]) -> None:
    database = Database(folder)
    await database.open()
    store = store_of(database)
    last = int((await store.marks("nvd")).get("round", "0"))
    day = int((await store.marks("epss")).get("day", "0"))
    assert [last, day] >= [
        sum(line.startswith("noted") for line in said),
        sum(line.startswith("scored") for line in said),
    ]
    listing = await store.search(CveQuery(order=CveOrder.ID, most=1000))
    assert [each.accounts for each in listing.found] == [(each,) for each in accounts_of(last)]
    for number in range(1, ROUNDS + 1):
        words = CveQuery(filter=CveFilter(words=(f"round{number}",)))
        assert (await store.search(words)).total == (len(listing.found) if number == last else 0)
    known = {each.id for each in listing.found}
    assert {each.id for each in await store.changes(0, most=10_000)} == known
    await database.write(
        lambda each: each.execute(
            "INSERT INTO vulnerability_words (vulnerability_words) VALUES ('integrity-check')"
        )
    )
    # what was cut off is done again, as the marks say
    await store.note_epss(scores_of(day + 1), marks={"day": str(day + 1)})
    assert await database.read(
        lambda each: each.execute(
            "SELECT min(number % 1000000), count(*), min(score), max(score) FROM epss"
        ).fetchone()
    ) == (day + 1, SCORES, (day + 1) / 4, (day + 1) / 4)
    again = await store.search(CveQuery(filter=CveFilter(epss=(day + 1) / 4), most=1000))
    assert {each.id for each in again.found} == {each for each in known if int(each[9:]) > day}
    await database.close()


def test_killed_at_some_sync_nothing_is_half(tmp_path: Path) -> None:
    chosen = sorted(random.Random("fdatasync").sample(range(1, 19), 4))
    assert statuses_of(__name__, tmp_path, "fdatasync", chosen, check) == [-9] * len(chosen)


@pytest.mark.soak
@pytest.mark.parametrize(("call", "calls"), [("fsync", 2), ("fdatasync", 30), ("pwrite64", 2_000)])
def test_killed_at_more_calls_that_write_nothing_is_half(tmp_path: Path, call: str, calls: int) -> None:
    chosen = sorted(random.Random().sample(range(1, calls + 1), min(calls, 30)))
    assert statuses_of(__name__, tmp_path, call, chosen, check)[0] == -9
