"""A web page that posts to a loopback door: its first line closes the connection, and nothing is run."""

import subprocess
from contextlib import suppress

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.daemon import BOUND_SECONDS
from tests.doors.peers import GREETING, ask

BODY = b"uptime\nuptime\n"
REQUESTS = [
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 14\r\n\r\n" + BODY,
    b"POST /?q=HTTP HTTP/1.0\r\n\r\n" + BODY,
    b"GET /uptime HTTP/1.1\n\n",
    b"uptime HTTP/1.1\n",
    b"PRI * HTTP/1.9\r\n\r\nSM\r\n\r\n" + BODY,
]


@pytest.mark.parametrize("session", ["once", "keep"])
def test_a_request_is_closed_and_nothing_runs(attacked: Attacked, session: str) -> None:
    daemon = attacked(session=session)
    for request in REQUESTS:
        with suppress(ConnectionError):  # closed over what it had sent
            assert ask(("127.0.0.1", daemon.port), request) == GREETING
    assert daemon.stop() == 0
    assert not any(line["event"] == "run" for line in daemon.audit())


@pytest.mark.needs_program("curl", package="curl")
def test_curl_posts_in_vain(attacked: Attacked) -> None:
    daemon = attacked(session="keep")
    words = ["curl", "--silent", "--max-time", "5", "--data-binary", "uptime\nuptime\n"]
    done = subprocess.run(
        [*words, f"http://127.0.0.1:{daemon.port}/"], capture_output=True, timeout=BOUND_SECONDS, check=False
    )
    assert done.returncode != 0
    assert b"load average" not in done.stdout
    assert daemon.stop() == 0
    assert not any(line["event"] == "run" for line in daemon.audit())
