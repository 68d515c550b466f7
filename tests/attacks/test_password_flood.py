"""Passwords tried by the dozen at once: few are hashed, the others are told, and nobody waits for them."""

import os
import socket
from contextlib import ExitStack

import pytest

from doorward.core.limits import Limits
from tests.attacks.conftest import Attacked
from tests.attacks.passwords import BUSY, USERS, prompted
from tests.attacks.worker import at_work
from tests.doors.daemon import Daemon
from tests.doors.peers import receive_all
from tests.doors.tls_peers import TLS

MIB = 1024 * 1024
HASH_BYTES = 64 * MIB
WORKERS = max(1, (os.cpu_count() or 1) - 1)
AT_ONCE = WORKERS + Limits().hashing_waiting
PER_SOURCE = Limits().hashing_per_source
DOOR = TLS.partition("[users.")[0] + USERS
LIMITS = '[limits]\nearly_refusals_from = 100\n[limits.penalties]\nexempt = ["127.0.0.0/8"]\n'


def tried_at_once(daemon: Daemon, stack: ExitStack, sources: list[str]) -> list[socket.socket]:
    """Peers that were all asked for a password before the first gives one."""
    peers = [stack.enter_context(prompted(daemon, source)) for source in sources]
    for peer in peers:
        peer.sendall(b"alice wrong\n")
    return peers


@pytest.mark.timeout(120)
def test_who_is_too_many_is_told_and_who_works_notices_nothing(attacked: Attacked) -> None:
    daemon = attacked(LIMITS, session="keep", tls=DOOR)
    sources = [f"127.0.1.{number}" for number in range(1, AT_ONCE + 11)]
    with at_work(daemon, "tcp") as worker, ExitStack() as stack:
        before_bytes = daemon.forget_peak_memory()
        peers = tried_at_once(daemon, stack, sources)
        heard = []
        for peer in peers:
            worker.work()
            heard.append(receive_all(peer))
        # a hash may have ended before the last had asked, and given its place to one more
        assert AT_ONCE <= heard.count(b"") <= AT_ONCE + 5
        assert set(heard) == {b"", BUSY}
        assert heard.count(BUSY) >= 5
        # no more than so many at once hold the memory of a hash
        assert daemon.memory_bytes("VmHWM") - before_bytes < (WORKERS + 0.5) * HASH_BYTES
        assert worker.slowest_seconds < 0.5


def test_two_are_looked_at_of_one_source_at_once(attacked: Attacked) -> None:
    daemon = attacked(LIMITS, tls=DOOR)
    with ExitStack() as stack:
        peers = tried_at_once(daemon, stack, ["127.0.1.1"] * 8 + ["127.0.1.2"])
        *heard, of_another = [receive_all(peer) for peer in peers]
    assert PER_SOURCE <= heard.count(b"") <= PER_SOURCE + 2
    assert heard.count(BUSY) == len(heard) - heard.count(b"")
    assert of_another == b""
