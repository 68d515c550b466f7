"""Cancels and attaches that come all at once, in any order: each is answered, and the run ends once."""

import random

import pytest

from doorward.core.outcome import OutcomeKind
from tests.attacks.conftest import Attacked
from tests.doors.peers import FramePeer, address_of, dial, frames, status, wait_until_alone
from tests.plugins.soak import IS_SOAK

CONFIG = """
[limits]
grace_seconds = 0.2
linger_seconds = 0.2
[commands.hold]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
roles = ["guest"]
[commands.blink]
run = ["true"]
roles = ["guest"]
"""
ROUNDS = 200 if IS_SOAK else 6


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_any_order_of_cancel_attach_and_leaving(attacked: Attacked, seed: int) -> None:
    chance = random.Random(seed)
    daemon = attacked(CONFIG)
    with frames(daemon.socket_path) as owner:
        owner.begin("hold")
        number = owner.started()
        others = [dial(daemon.socket_path) for _ in range(6)]
        peers = [FramePeer(other) for other in others]
        for peer in peers:
            peer.begin(chance.choice([f"attach {number}", f"cancel {number}"]))
            if chance.random() < 0.5:
                peer.socket.sendall(peer.session.cancel() * chance.randint(1, 3))
        owner.socket.sendall(owner.session.cancel() * 2)
        with frames(daemon.socket_path) as stopper:
            # a cancel in a frame takes off its sender alone while others read
            stopper.ask(f"cancel {number}")
        for peer in peers:
            if chance.random() < 0.3:
                peer.socket.close()
            else:
                assert peer.end().kind in {OutcomeKind.CANCELLED, OutcomeKind.EXITED}
                peer.socket.close()
        assert owner.end().kind is OutcomeKind.CANCELLED
        assert owner.ask("blink").is_success
    wait_until_alone(daemon)
    assert status(daemon)["runs"]["live"] == 0
    assert sum(line["event"] == "end" and line["command"] == "hold" for line in daemon.audit()) <= 1


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_a_cancel_behind_each_line_hits_that_line_or_nothing(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    with frames(address_of(daemon, door)) as peer:
        for _ in range(100):
            peer.socket.sendall(peer.session.line("blink") + peer.session.cancel() * 2)
            assert peer.end().kind in {OutcomeKind.CANCELLED, OutcomeKind.EXITED, OutcomeKind.FAILED}
        assert peer.ask("echo still here").is_success
    assert status(daemon)["runs"]["live"] == 0


def test_a_guest_cancels_nothing_of_others(attacked: Attacked) -> None:
    daemon = attacked(CONFIG)
    with frames(daemon.socket_path) as owner, frames(("127.0.0.1", daemon.port)) as guest:
        owner.begin("hold")
        number = owner.started()
        for line in (f"cancel {number}", f"attach {number}", "runs"):
            assert not guest.ask(line).is_success
        owner.first_line()
        assert status(daemon)["runs"]["live"] == 1
        owner.socket.sendall(owner.session.cancel())
        assert owner.end().kind is OutcomeKind.CANCELLED
