"""Two thousand programs follow one run at once, each to its end, and somebody asks beside them."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.api_house import asked, hear_until
from tests.doors.daemon import UNIX, running, until
from tests.doors.web_api.calls import COMMANDS, USERS, WEB, Program

SPARE_DESCRIPTORS = 400
MOST_BYTES_EACH = 64 * 1024
LIMITS = """
[limits]
connections = 4000
not_logged_in = 4000
early_refusals_from = 4000
[limits.penalties]
exempt = ["127.0.0.0/8"]
"""


@pytest.fixture
def streams(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many, with as many descriptors as they need, here and, inherited, in the daemon."""
    count: int = request.param
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"the hard limit of open files is {hard}: ulimit -Hn {needed}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield count
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("streams", [100, pytest.param(2000, marks=pytest.mark.soak)], indirect=True)
def test_all_hear_the_output_and_the_end_while_others_ask(tmp_path: Path, streams: int) -> None:
    with running(tmp_path, UNIX + WEB + USERS + COMMANDS + LIMITS) as daemon, ExitStack() as stack:
        alice = Program(daemon)
        number = alice.begin("hold")
        path = f"/api/v1/runs/{number}/events"
        hear_until(stack.enter_context(asked(daemon, path)), b"holding")
        before_bytes = daemon.memory_bytes()
        peers = [stack.enter_context(asked(daemon, path)) for _ in range(streams)]
        for peer in peers:
            hear_until(peer, b'data: {"text":"holding\\n"}\n\n')
        each_bytes = (daemon.memory_bytes() - before_bytes) / streams
        print(f"{each_bytes:.0f} bytes of the daemon's memory for a stream")  # noqa: T201 - a figure
        assert each_bytes < MOST_BYTES_EACH
        assert alice.get(f"/api/v1/runs/{number}").json["readers"] == streams + 1
        assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202
        for peer in peers:
            hear_until(peer, b'"kind":"cancelled"')
        until(lambda: alice.get(f"/api/v1/runs/{number}").json["readers"] == 0, "its readers to leave")
