"""Vulnerabilities in the database pass the suite of their stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.stores.database import Database
from doorward.stores.vulnerabilities import SqliteVulnerabilities
from doorward.testing.clock import ManualClock
from doorward.testing.vulnerability_contract import (
    CONTRACT_LIMITS,
    VulnerabilitiesUnderTest,
    VulnerabilityContract,
)


@pytest_asyncio.fixture
async def database(private_folder: Path) -> AsyncIterator[Database]:
    opened = Database(private_folder)
    await opened.open()
    yield opened
    await opened.close()


class TestSqliteVulnerabilities(VulnerabilityContract):
    @pytest.fixture
    def known(self, database: Database) -> VulnerabilitiesUnderTest:
        clock = ManualClock()
        store = SqliteVulnerabilities(database, clock=clock, limits=lambda: CONTRACT_LIMITS)
        return VulnerabilitiesUnderTest(store, clock)
