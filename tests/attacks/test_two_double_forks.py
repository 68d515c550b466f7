"""Two commands whose grandchildren hide: cancelling one ends its own, and the other's live until its end."""

import itertools

import pytest

from doorward.core.outcome import OutcomeKind
from tests.attacks.conftest import Attacked
from tests.doors.daemon import is_alive, wait_for_death
from tests.doors.peers import FramePeer, frames
from tests.plugins.soak import IS_SOAK

HIDES = {
    "setsid": "setsid sh -c 'setsid sleep 1000 & echo $!' ; echo end; exec sleep 1000",
    "bare": "env -i setsid sh -c 'setsid sleep 1000 & echo $!'; echo end; exec sleep 1000",
    "orphan": "(sh -c 'setsid sleep 1000 & echo $!; setsid env -i sleep 1000 & echo $!'); "
    "echo end; exec sleep 1000",
}
CONFIG = "[limits]\ngrace_seconds = 0.5\n" + "".join(
    f'[commands.{name}]\nrun = ["sh", "-c", """{program}"""]\nroles = ["guest"]\n'
    for name, program in HIDES.items()
)
ALL_PAIRS = [*itertools.product(HIDES, repeat=2)]
PAIRS = ALL_PAIRS if IS_SOAK else [("setsid", "bare"), ("bare", "setsid"), ("orphan", "orphan")]


def hidden(peer: FramePeer, name: str) -> list[int]:
    """Begin the command; the processes that it hid, which all run."""
    peer.begin(name)
    while not peer.out.endswith(b"end\n"):
        peer.output(len(peer.out) + 1)
    pids = [int(line) for line in peer.out.splitlines()[:-1]]
    assert pids
    assert all(map(is_alive, pids))
    return pids


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_end_of_one_is_not_the_others(attacked: Attacked, one: str, other: str) -> None:
    daemon = attacked(CONFIG)
    with frames(daemon.socket_path) as first, frames(daemon.socket_path) as second:
        firsts, seconds = hidden(first, one), hidden(second, other)
        first.socket.sendall(first.session.cancel())
        assert first.end().kind is OutcomeKind.CANCELLED
        wait_for_death(*firsts, seconds=1)
        assert all(map(is_alive, seconds))
        second.socket.sendall(second.session.cancel())
        assert second.end().kind is OutcomeKind.CANCELLED
        wait_for_death(*seconds, seconds=1)
