"""A function that passes over its cancellation keeps nobody from ending the daemon."""

import signal
from pathlib import Path

import pytest

from tests.doors.daemon import BOUND_SECONDS, running
from tests.doors.peers import frames

CONFIGURATION = """
[server]
commands = ["stubborn:catalogue"]
[doors.unix]
[limits]
grace_seconds = 0.1
drain_seconds = 0.1
"""

CATALOGUE = """
import asyncio
from doorward import Catalogue
catalogue = Catalogue()
@catalogue.command(timeout_seconds=0.1)
async def retry():
    while True:
        try:
            await asyncio.sleep(1)
        except BaseException:
            pass
"""


@pytest.mark.may_block("the daemon is a process of its own")
def test_the_daemon_ends_with_status_0_and_says_what_it_left(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(CATALOGUE)
    with running(tmp_path, CONFIGURATION, environment={"PYTHONPATH": str(tmp_path)}) as daemon:
        with frames(daemon.socket_path) as peer:
            assert peer.ask("retry").kind.value == "unkillable"
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(BOUND_SECONDS) == 0
        assert "stopped" in daemon.log
        assert "run 1, retry," in daemon.log.splitlines()[-1]
        assert not Path(daemon.socket_path).exists()
