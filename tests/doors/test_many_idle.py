"""Ten thousand idle connections, and somebody who asks."""

import resource
import socket
from collections.abc import Iterator

import pytest

from tests.doors.daemon import TCP, UNIX, Daemon, running
from tests.doors.peers import GREETING, answer, dial, receive_until, status

CONNECTIONS = 10_000
SPARE_DESCRIPTORS = 400
MOST_BYTES_EACH = 16 * 1024


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many descriptors as the test needs, for it and, inherited, for the daemon."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"the hard limit of open files is {hard}: ulimit -Hn {needed}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def roomy(descriptors: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    limits = f"[limits]\nconnections = {CONNECTIONS + 10}\nfirst_line_seconds = 600\n"
    with running(tmp_path_factory.mktemp("roomy"), TCP + UNIX + limits) as daemon:
        yield daemon


def test_they_are_held_while_uptime_answers(roomy: Daemon) -> None:
    address = ("127.0.0.1", roomy.port)
    assert b"load average" in answer(address, "uptime")
    before_bytes = roomy.memory_bytes()
    idle: list[socket.socket] = []
    try:
        idle.extend(dial(address) for _ in range(CONNECTIONS))
        for peer in idle:
            assert receive_until(peer, GREETING) == GREETING
        assert b"load average" in answer(address, "uptime")
        assert b"load average" in answer(roomy.socket_path, "uptime")
        assert status(roomy)["connections"] == CONNECTIONS + 1
        each_bytes = (roomy.memory_bytes() - before_bytes) / CONNECTIONS
    finally:
        for peer in idle:
            peer.close()
    print(f"{each_bytes:.0f} bytes of the daemon's memory for an idle connection")  # noqa: T201 - a figure
    assert each_bytes < MOST_BYTES_EACH
