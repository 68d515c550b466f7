"""SIGKILL of the daemon: no child outlives it, those that hid neither."""

import signal

from tests.attacks.conftest import Attacked
from tests.doors.daemon import is_alive, processes_below, wait_for_death
from tests.doors.peers import frames

CONFIG = """
[commands.hide]
run = ["sh", "-c", "setsid sh -c 'trap \\"\\" TERM; setsid sleep 1000 & echo $!'; echo end; exec sleep 1000"]
roles = ["guest"]
[commands.hold]
run = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1000; done"]
roles = ["guest"]
"""


def test_nothing_is_left(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(daemon.socket_path) as first, frames(daemon.socket_path) as second:
        first.begin("hide")
        hidden = int(first.first_line())
        second.begin("hold")
        stubborn = int(second.first_line())
        below = processes_below(daemon.pid) | {hidden, stubborn}
        assert is_alive(hidden)
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        wait_for_death(*below)
