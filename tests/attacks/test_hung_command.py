"""Commands that hang or will not end: stopped with their whole tree, told of, their place free again."""

import time

from doorward.core.outcome import Outcome, OutcomeKind
from tests.attacks.conftest import Attacked
from tests.doors.daemon import processes_below, wait_for_death
from tests.doors.peers import answer, frames, status

CONFIG = """
[limits]
grace_seconds = 0.3
runs_of_guests = 2
queue_seconds = 10
[commands.hang]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
roles = ["guest"]
timeout_seconds = 0.3
[commands.stubborn]
run = ["sh", "-c", "trap '' TERM INT HUP; echo $$; while :; do sleep 1000; done"]
roles = ["guest"]
timeout_seconds = 0.3
[commands.hold]
run = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1000; done"]
roles = ["guest"]
"""


def test_a_hung_command_is_stopped_and_told(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    heard = answer(("127.0.0.1", daemon.port), "hang")
    pid, _, rest = heard.partition(b"\n")
    assert rest == b"stopped after 0.3 s\n"
    wait_for_death(int(pid), seconds=1)


def test_one_that_ignores_term_is_killed_with_its_children(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(("127.0.0.1", daemon.port)) as peer:
        began_at = time.monotonic()
        peer.begin("stubborn")
        pid = int(peer.first_line())
        children = processes_below(pid)
        assert peer.end() == Outcome(OutcomeKind.TIMED_OUT, signal=9, after_seconds=0.3)
        assert time.monotonic() - began_at < 5
    wait_for_death(pid, *children, seconds=1)


def test_more_than_there_are_places_are_all_ended_in_turn(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with (
        frames(("127.0.0.1", daemon.port)) as first,
        frames(("127.0.0.1", daemon.port)) as second,
        frames(("127.0.0.1", daemon.port)) as third,
    ):
        for peer in (first, second, third):
            peer.begin("stubborn")
        for peer in (first, second, third):
            assert peer.end().kind is OutcomeKind.TIMED_OUT
        assert third.ask("uptime").is_success
    assert status(daemon)["runs"] == {"live": 0, "waiting": 0, "could_not_be_killed": 0}


def test_cancelling_one_that_ignores_term_kills_it(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(daemon.socket_path) as peer:
        peer.begin("hold")
        pid = int(peer.first_line())
        peer.socket.sendall(peer.session.cancel())
        assert peer.end() == Outcome(OutcomeKind.CANCELLED, signal=9)
        wait_for_death(pid, seconds=1)
