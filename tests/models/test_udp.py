"""One datagram, one answer."""

import socket
from collections.abc import Iterator

import pytest

from tests.models.servers import started


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with started("udp", "once") as (_, address):
        yield address


@pytest.fixture
def peer(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(10)
        peer.connect(address)
        yield peer


def ask(peer: socket.socket, datagram: bytes) -> bytes:
    peer.send(datagram)
    return peer.recv(65536)


def test_a_line_is_answered_with_one_datagram_with_or_without_its_ending(peer: socket.socket) -> None:
    assert ask(peer, b"count 3\n") == b"1\n2\n3\n"
    assert ask(peer, b"count 3") == b"1\n2\n3\n"
    assert ask(peer, b"whoami\n") == b"Your address is 127.0.0.1:%d\n" % peer.getsockname()[1]


def test_only_the_first_line_of_a_datagram_is_answered(peer: socket.socket) -> None:
    assert ask(peer, b"count 1\ncount 2\n") == b"1\n"
    assert ask(peer, b"nothing-of-this-name") == b"I did not understand.\n"


def test_an_answer_that_fits_into_no_datagram_is_cut_and_says_so(peer: socket.socket) -> None:
    answer = ask(peer, b"count 100000")
    assert answer.startswith(b"1\n2\n3\n")
    assert answer.endswith(b"\noutput cut at 8192 bytes\n")
    assert len(answer) < 8300


def test_what_is_no_line_is_not_answered_and_the_next_one_is(peer: socket.socket) -> None:
    peer.send(b"")
    peer.send(b"x" * 9000)
    peer.send(b"GET / HTTP/1.1\r\n")
    heard = [peer.recv(65536), ask(peer, b"count 1")]
    assert heard == [b"Uh?\n", b"1\n"]


def test_a_slow_command_holds_up_whoever_asks_next_and_is_stopped(peer: socket.socket) -> None:
    peer.send(b"sleep 1000")
    peer.send(b"count 1")
    assert [peer.recv(65536), peer.recv(65536)] == [b"stopped after 0.6 s\n", b"1\n"]
