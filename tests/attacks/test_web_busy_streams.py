"""Pages that follow an output full of colours take turns, and nobody else waits for all of them."""

import time
from contextlib import ExitStack
from pathlib import Path

from tests.attacks.api_house import asked, hear_until
from tests.doors.daemon import UNIX, running
from tests.doors.web_api.calls import USERS, WEB, Program

STREAMS = 60
COLOURS = r"""
[commands.colours]
run = ["sh", "-c", "yes \"$(printf '\\033[31mx\\033[32my')\" | head -c 3000000; exec sleep 1000"]
output_bytes = 4194304
timeout_seconds = 1000
"""
SLOWEST_SECONDS = 2.0
"""Source: one turn each of so many takes twice as long, and an answer has some turns to wait for."""


def test_sixty_pages_full_of_colours_keep_nobody_waiting(tmp_path: Path) -> None:
    with running(tmp_path, UNIX + WEB + USERS + COLOURS) as daemon, ExitStack() as stack:
        alice = Program(daemon)
        number = alice.begin("colours")
        assert alice.get(f"/api/v1/runs/{number}/output?offset=2999999&wait=15").status == 200
        probe = stack.enter_context(asked(daemon, "/healthz"))
        hear_until(probe, b"ok\n")
        for _ in range(STREAMS):
            stack.enter_context(asked(daemon, f"/runs/{number}/stream", buffer_bytes=4096))
        slowest_seconds = 0.0
        for _ in range(20):
            began_at = time.monotonic()
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            hear_until(probe, b"ok\n")
            slowest_seconds = max(slowest_seconds, time.monotonic() - began_at)
        assert slowest_seconds < SLOWEST_SECONDS
