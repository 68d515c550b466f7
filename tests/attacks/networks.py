"""
Two network namespaces with a cable between them: the daemon in the one, its peers in the other.

Loopback is exempt from what holds for each source, and never loses its link; here there are sources by the
dozen, and a link that can be cut.
"""

import ctypes
import os
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SERVER = "192.0.2.1"
SERVER_IPV6 = "2001:db8::1"
SOURCES = tuple(f"192.0.2.{number}" for number in range(10, 30))
NEIGHBOURS = ("2001:db8:0:1::a", "2001:db8:0:1::b")
"""Two addresses of one /64: one source."""
STRANGER = "2001:db8:0:2::a"
"""An address of another /64."""

_PEERS = (*(f"{each}/24" for each in SOURCES), *(f"{each}/32" for each in (*NEIGHBOURS, STRANGER)))

_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Network:
    """
    The two namespaces.

    Attributes:
        server: the name of the daemon's; its address there is `SERVER`.
        peers: the name of the peers', who have all of `SOURCES`.
    """

    server: str
    peers: str

    @property
    def below(self) -> tuple[str, ...]:
        """What the daemon is to be started below."""
        return ("ip", "netns", "exec", self.server)

    @contextmanager
    def from_outside(self) -> Iterator[None]:
        """Within this, sockets that this thread makes are the peers'."""
        with ExitStack() as stack:
            here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            stack.callback(os.close, here)
            there = os.open(f"/run/netns/{self.peers}", os.O_RDONLY)
            stack.callback(os.close, there)
            _enter(there)
            stack.callback(_enter, here)
            yield

    def cut(self) -> None:
        """Have no word come from the peers any more, not even that they are gone."""
        # the link stays up, and the server's machine has no way to know
        _ip("-n", self.peers, "address", "flush", "dev", "peers")

    def mend(self) -> None:
        """Undo `cut`."""
        _batch(self.peers, "peers", _PEERS)


@contextmanager
def joined_namespaces() -> Iterator[Network]:
    """A network that is gone afterwards; for root only."""
    name = f"doorward-{secrets.token_hex(4)}"
    network = Network(f"{name}-server", f"{name}-peers")
    try:
        for each in (network.server, network.peers):
            _ip("netns", "add", each)
            _ip("-n", each, "link", "set", "lo", "up")
        _ip(*("-n", network.server, "link", "add", "server", "type", "veth"), *("peer", "peers"))
        _ip("-n", network.server, "link", "set", "peers", "netns", network.peers)
        _batch(network.server, "server", [f"{SERVER}/24", f"{SERVER_IPV6}/32"])
        _batch(network.peers, "peers", _PEERS)
        yield network
    finally:
        for each in (network.server, network.peers):
            if Path("/run/netns", each).exists():
                with suppress(subprocess.CalledProcessError):
                    _ip("netns", "del", each)


def _batch(namespace: str, link: str, addresses: Iterable[str]) -> None:
    """Give a link its addresses and take it up, in one call of `ip`."""
    lines = [f"address add {each} dev {link}{' nodad' if ':' in each else ''}\n" for each in addresses]
    lines.append(f"link set {link} up\n")
    _ip("-n", namespace, "-batch", "-", stdin="".join(lines))


def _ip(*words: str, stdin: str = "") -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, input=stdin, text=True, timeout=20)


def _enter(namespace: int) -> None:
    # os.setns comes with Python 3.12
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")
