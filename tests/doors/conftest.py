"""Daemons that the tests of a module share."""

from collections.abc import Iterator

import pytest

from doorward.testing.door_contract import COMMANDS
from tests.doors.daemon import TCP, UNIX, Daemon, running
from tests.doors.tls_peers import TLS


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with all line doors, one line a connection, in English."""
    with running(tmp_path_factory.mktemp("once"), TCP + UNIX + TLS + COMMANDS) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """The same with many lines a connection, in French."""
    keep = 'session = "keep"\n'
    tls = TLS.replace("[doors.tls]\n", f"[doors.tls]\n{keep}")
    config = f'[server]\nlanguage = "fr"\n{TCP}{keep}{UNIX}{keep}{tls}{COMMANDS}'
    with running(tmp_path_factory.mktemp("kept"), config) as daemon:
        yield daemon
