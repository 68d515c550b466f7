"""A daemon that looks at vulnerabilities: it answers meanwhile, and its end does not wait for them."""

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.daemon import DOORS, StartDaemon

BOUND_SECONDS = 30.0
SOON_SECONDS = 8.0
"""Less than the ten seconds that a scheduler lets its runs have at the end."""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(BOUND_SECONDS)
        yield listener


def test_the_end_of_a_daemon_ends_its_look(silent: socket.socket, start_daemon: StartDaemon) -> None:
    port = silent.getsockname()[1]
    daemon = start_daemon(
        f'{DOORS}\n[mail]\nto = "alice@example.org"\n[errands.cve.security]\nevery = "1s"\n'
        f'sources = [{{ kind = "kev", url = "http://127.0.0.1:{port}/kev" }}]\n'
    )
    asked, _ = silent.accept()
    with asked:
        assert daemon.shell.run("ask", "echo", "hello").stdout == "hello\n"
        began_at = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(BOUND_SECONDS) == 0
        assert time.monotonic() - began_at < SOON_SECONDS
        # the process that looked has let go of its connection
        asked.settimeout(BOUND_SECONDS)
        while asked.recv(65_536):
            pass
