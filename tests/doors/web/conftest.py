"""The daemon that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.doors.daemon import Daemon, running
from tests.doors.web.house import CONFIG


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """With a web door on loopback, and alice and root behind the same password."""
    with running(tmp_path_factory.mktemp("web"), CONFIG) as started:
        yield started
