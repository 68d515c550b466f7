"""A handshake anew within a connection of TLS 1.2, which costs us more than its peer: none is begun."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.worker import at_work
from tests.doors.daemon import BOUND_SECONDS, Daemon
from tests.doors.peers import raw_address_of

pytestmark = pytest.mark.needs_program("openssl", package="openssl")

ASKS = b"R\n"
"""What has `openssl s_client` ask for one."""


@contextmanager
def asked_for_a_password(daemon: Daemon) -> Iterator["subprocess.Popen[bytes]"]:
    """A client of openssl's that reads its own commands, and has heard the prompt."""
    address = ":".join(map(str, raw_address_of(daemon, "tls")))
    with subprocess.Popen(
        ["openssl", "s_client", "-tls1_2", "-connect", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as client:
        assert client.stdout is not None
        heard = b""
        while b"Password?" not in heard:
            line = client.stdout.readline()
            assert line, heard
            heard += line
        yield client


def test_it_is_refused_and_who_works_notices_nothing(attacked: Attacked) -> None:
    daemon = attacked(session="keep")
    with at_work(daemon, "tls") as worker:
        for _ in range(3):
            with asked_for_a_password(daemon) as client:
                said = client.communicate(ASKS, timeout=BOUND_SECONDS)[0]
            assert b"RENEGOTIATING" in said
            # openssl's word for the alert that came instead of a handshake
            assert b":no renegotiation:" in said, said[-500:]
            worker.work()
