"""Peers whose link is cut: no word comes that they are gone, and they are noticed and let go all the same."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.networks import SERVER, SOURCES, Network
from tests.doors.daemon import Daemon, until
from tests.doors.peers import GREETING, address_of, dial, receive_until, status
from tests.doors.tls_peers import LOGIN, TLS, TlsAddress

pytestmark = pytest.mark.needs_program("ip", package="iproute2")

SLACK_SECONDS = 5.0
"""For a busy machine, and for the kernel, whose timer doubles from one try to the next."""

OUTSIDE = TLS.replace('"127.0.0.1:0"', f'"{SERVER}:0"')
COMMAND = """
[commands.talk]
run = ["sh", "-c", "while :; do echo x; sleep 0.1; done"]
timeout_seconds = 600
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """What is set, and how long a peer may stay who is silent, and one who does not acknowledge."""

    text: str
    silent_seconds: float
    unacknowledged_seconds: float


SHORT = Patience(
    "keepalive_idle_seconds = 1\nkeepalive_interval_seconds = 1\nkeepalive_probes = 2\n"
    "unacknowledged_seconds = 2.0\nstalled_write_seconds = 2.0\n",
    silent_seconds=3,
    unacknowledged_seconds=2,
)
SHIPPED = Patience("", silent_seconds=70, unacknowledged_seconds=30)
PATIENT = replace(
    SHORT, text=SHORT.text.replace("unacknowledged_seconds = 2.0", "unacknowledged_seconds = 20.0")
)

patiently = pytest.mark.parametrize(
    "patience",
    [
        SHORT,
        pytest.param(SHIPPED, marks=[pytest.mark.soak, pytest.mark.timeout(200)]),
    ],
    ids=["short", "as-shipped"],
)


def begin(attacked: Attacked, network: Network, patience: Patience) -> Daemon:
    limits = f"[limits]\nfirst_line_seconds = 600\nlinger_seconds = 0.2\n{patience.text}"
    return attacked(limits + COMMAND, session="keep", tls=OUTSIDE, below=network.below)


@contextmanager
def entered(daemon: Daemon, network: Network) -> Iterator[socket.socket]:
    """A peer on the other end of the link, greeted."""
    address = address_of(daemon, "tls")
    assert isinstance(address, TlsAddress)
    with ExitStack() as stack:
        with network.from_outside():
            peer = stack.enter_context(dial(replace(address, host=SERVER), source=SOURCES[0]))
        peer.sendall(LOGIN)
        receive_until(peer, GREETING)
        yield peer


def row_of_peer(daemon: Daemon) -> list[str]:
    """The connection of the peer outside as the kernel sees it; columns as `get_tcp4_sock()` has them."""
    rows = [line.split() for line in Path(f"/proc/{daemon.pid}/net/tcp").read_text().splitlines()]
    peer = socket.inet_aton(SOURCES[0])[::-1].hex().upper()
    (row,) = [row for row in rows if row[2].startswith(f"{peer}:")]
    return row


def unanswered_probes(daemon: Daemon) -> int:
    """How many probes the peer outside has not answered: `icsk_probes_out`."""
    return int(row_of_peer(daemon)[8])


def has_all_acknowledged(daemon: Daemon) -> bool:
    """The peer outside took note of all that was sent; while something is not, there are no probes."""
    return int(row_of_peer(daemon)[4].partition(":")[0], 16) == 0


def is_gone_within(daemon: Daemon, seconds: float) -> float:
    """Wait until nobody is there but who asks; how many seconds that took."""
    began_at = time.monotonic()
    until(
        lambda: status(daemon)["connections"] == 1,
        "the end of the half-open peer",
        seconds=seconds + SLACK_SECONDS,
    )
    return time.monotonic() - began_at


@patiently
def test_one_who_says_nothing_is_gone_after_the_probes(
    attacked: Attacked, network: Network, patience: Patience
) -> None:
    daemon = begin(attacked, network, patience)
    with entered(daemon, network):
        assert status(daemon)["connections"] == 2
        until(lambda: has_all_acknowledged(daemon), "the acknowledgement of the greeting")
        network.cut()
        assert is_gone_within(daemon, patience.silent_seconds) > 0.5


@patiently
def test_one_who_acknowledges_nothing_is_gone_and_its_run_with_it(
    attacked: Attacked, network: Network, patience: Patience
) -> None:
    daemon = begin(attacked, network, patience)
    with entered(daemon, network) as peer:
        peer.sendall(b"talk\n")
        receive_until(peer, b"x\nx\n")
        network.cut()
        assert is_gone_within(daemon, patience.unacknowledged_seconds) > 0.5
        until(lambda: status(daemon)["runs"]["live"] == 0, "the end of the run")


def test_one_who_is_silent_but_there_stays(attacked: Attacked, network: Network) -> None:
    daemon = begin(attacked, network, SHORT)
    with entered(daemon, network) as peer:
        end_at = time.monotonic() + SHORT.silent_seconds + 1
        # what passes the time comes by another door
        while time.monotonic() < end_at:
            assert status(daemon)["connections"] == 2
        peer.sendall(b"echo here\n")
        assert receive_until(peer, GREETING) == b"here\n" + GREETING


def test_a_lost_probe_ends_nobody_where_there_is_time_for_another(
    attacked: Attacked, network: Network
) -> None:
    daemon = begin(attacked, network, PATIENT)
    with entered(daemon, network) as peer:
        until(lambda: has_all_acknowledged(daemon), "the acknowledgement of the greeting")
        network.cut()
        until(lambda: unanswered_probes(daemon) >= 2, "two lost probes")
        network.mend()
        until(lambda: unanswered_probes(daemon) == 0, "one that is answered")
        peer.sendall(b"echo here\n")
        assert receive_until(peer, GREETING) == b"here\n" + GREETING
