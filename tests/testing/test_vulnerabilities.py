"""The fake passes the suite of stores of vulnerabilities."""

import pytest

from doorward.testing.clock import ManualClock
from doorward.testing.vulnerabilities import MemoryVulnerabilities
from doorward.testing.vulnerability_contract import (
    CONTRACT_LIMITS,
    VulnerabilitiesUnderTest,
    VulnerabilityContract,
)


class TestMemoryVulnerabilities(VulnerabilityContract):
    @pytest.fixture
    def known(self) -> VulnerabilitiesUnderTest:
        clock = ManualClock()
        return VulnerabilitiesUnderTest(MemoryVulnerabilities(clock, CONTRACT_LIMITS), clock)
