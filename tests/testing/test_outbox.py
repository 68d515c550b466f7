"""The fake passes the suite of outboxes."""

import pytest

from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox, MemorySeen
from doorward.testing.outbox_contract import CONTRACT_LIMITS, OutboxContract, StoreUnderTest


class TestMemoryOutbox(OutboxContract):
    @pytest.fixture
    def store(self) -> StoreUnderTest:
        clock = ManualClock()
        queue = MemoryOutbox(clock, CONTRACT_LIMITS)
        return StoreUnderTest(queue, MemorySeen(queue, most=CONTRACT_LIMITS.seen_marks), clock)
