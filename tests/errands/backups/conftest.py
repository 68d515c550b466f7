from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.errands.backups.real_places import Place, place_running
from tests.errands.backups.relayed import Relayed, relayed


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The server that the parameter, a `Kind`, says."""
    with place_running(request.param, tmp_path) as running:
        yield running


@pytest.fixture
def between(request: pytest.FixtureRequest, tmp_path: Path, here: Path) -> Iterator[Relayed]:
    """What stands before the server that the parameter, a `Kind`, says."""
    with relayed(request.param, tmp_path, here) as running:
        yield running
