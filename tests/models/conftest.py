"""The servers of a model's tests."""

from collections.abc import Iterator

import pytest

from doorward.testing.model_contract import Served, describe_served
from tests.models.servers import started


@pytest.fixture(scope="class")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with started(request.cls.model, request.cls.session) as (pid, address):
        yield describe_served(pid, address)


@pytest.fixture
def served_once(request: pytest.FixtureRequest) -> Iterator[Served]:
    with started(request.cls.model, request.cls.session) as (pid, address):
        yield describe_served(pid, address)
