"""A daemon that stops: whose answer ends then is asked nothing more."""

import signal
from pathlib import Path

from tests.doors.daemon import TCP, UNIX, running, until
from tests.doors.peers import FramePeer, address_of, dial, receive_all, status

SHARED = """
[commands.slow]
run = ["sleep", "5"]
read_only = true
roles = ["guest"]
"""


def test_one_that_leaves_a_shared_run_during_the_drain_is_closed(tmp_path: Path) -> None:
    with (
        running(tmp_path, TCP + UNIX + SHARED) as daemon,
        dial(address_of(daemon, "tcp")) as first,
        dial(address_of(daemon, "tcp")) as second,
    ):
        askers = [FramePeer(first), FramePeer(second)]
        for asker in askers:
            asker.begin("slow")
            asker.started()
        assert status(daemon)["runs"]["live"] == 1
        daemon.signal(signal.SIGTERM)
        until(lambda: "stopping" in daemon.log, "the begin of the drain")
        second.sendall(askers[1].session.cancel())
        ended = askers[1].end()
        assert ended.kind.value == "cancelled"
        assert receive_all(second) == b""
