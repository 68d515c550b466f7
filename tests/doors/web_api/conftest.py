"""The daemon that the tests of a module share, and who asks it."""

from collections.abc import Iterator

import pytest

from tests.doors.daemon import Daemon, running
from tests.doors.web_api.calls import CONFIG, Program


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """With a web door on loopback, and root, alice (an operator) and bob behind the same password."""
    with running(tmp_path_factory.mktemp("api"), CONFIG) as started:
        yield started


@pytest.fixture(scope="module")
def alice(daemon: Daemon) -> Program:
    return Program(daemon)


@pytest.fixture(scope="module")
def bob(daemon: Daemon) -> Program:
    return Program(daemon, "bob")


@pytest.fixture(scope="module")
def root(daemon: Daemon) -> Program:
    return Program(daemon, "root")
