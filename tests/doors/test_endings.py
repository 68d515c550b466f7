"""However a connection ends, its place is free again and neither descriptor nor command is left."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.doors.daemon import TCP, UNIX, Daemon, running, until, wait_for_death
from tests.doors.peers import (
    GREETING,
    Address,
    FramePeer,
    address_of,
    ask,
    dial,
    receive_all,
    receive_until,
    reset,
    status,
    wait_until_alone,
)

MOST = 5
CONFIG = f"""
{TCP}{UNIX}
[limits]
connections = {MOST}
linger_seconds = 0.2
grace_seconds = 0.2
[commands.hold]
run = ["sh", "-c", "echo $$; exec sleep 1000"]
roles = ["guest"]
[commands.talk]
run = ["sh", "-c", "echo $$; while :; do echo x; sleep 0.05; done"]
roles = ["guest"]
[commands.big]
run = ["head", "-c", "8388608", "/dev/zero"]
output_bytes = 8388608
roles = ["guest"]
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("few"), CONFIG) as started:
        ask(started.socket_path, b"uptime\n")
        yield started


def greeted(address: Address) -> socket.socket:
    peer = dial(address)
    receive_until(peer, GREETING)
    return peer


def _before_the_line(peer: socket.socket) -> None:
    peer.close()


def _in_mid_line(peer: socket.socket) -> None:
    peer.sendall(b"upti")
    reset(peer)


def _after_half_closing(peer: socket.socket) -> None:
    peer.shutdown(socket.SHUT_WR)
    receive_all(peer)
    peer.close()


def _reset_with_answer_unread(peer: socket.socket) -> None:
    peer.sendall(b"big\n")
    peer.recv(1000)
    reset(peer)


def _closed_with_answer_unread(peer: socket.socket) -> None:
    peer.sendall(b"big\n")
    peer.recv(1000)
    peer.close()


def _reset_in_mid_command(peer: socket.socket) -> None:
    peer.sendall(b"talk\n")
    receive_until(peer, b"x\n")
    reset(peer)


def _frames_closed_in_mid_command(peer: socket.socket) -> None:
    frames = FramePeer(peer)
    frames.session.receive_data(GREETING)
    frames.begin("hold")
    frames.first_line()
    peer.close()


def _http(peer: socket.socket) -> None:
    peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
    receive_all(peer)
    peer.close()


def _too_long(peer: socket.socket) -> None:
    peer.sendall(b"x" * 10_000)
    peer.close()


ENDINGS = [
    *(_before_the_line, _in_mid_line, _after_half_closing, _reset_with_answer_unread),
    *(_closed_with_answer_unread, _reset_in_mid_command, _frames_closed_in_mid_command, _http, _too_long),
]


@pytest.mark.parametrize("door", ["tcp", "unix"])
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__.strip("_"))
def test_the_place_is_free_again(daemon: Daemon, door: str, end: Callable[[socket.socket], None]) -> None:
    wait_until_alone(daemon)
    for _ in range(MOST + 2):
        until(lambda: status(daemon)["connections"] < MOST, "a free place")
        end(greeted(address_of(daemon, door)))
    wait_until_alone(daemon)
    until(lambda: status(daemon)["runs"]["live"] == 0, "the end of all runs")


def test_nothing_stays_open(daemon: Daemon) -> None:
    wait_until_alone(daemon)
    before = daemon.descriptors()
    for end in ENDINGS * 2:
        end(greeted(daemon.socket_path))
        wait_until_alone(daemon)
    until(lambda: status(daemon)["runs"]["live"] == 0, "the end of all runs")
    until(lambda: daemon.descriptors() <= before, f"{before} descriptors")


def test_a_full_door_turns_away_at_once_and_the_other_does_not(daemon: Daemon) -> None:
    wait_until_alone(daemon)
    turned_away = status(daemon)["turned_away"]
    inside = [greeted(("127.0.0.1", daemon.port)) for _ in range(MOST)]
    try:
        with dial(("127.0.0.1", daemon.port)) as late:
            assert receive_all(late) == b"Uh? too many connections, try again later\n"
        assert status(daemon)["turned_away"] == {"door full": turned_away.get("door full", 0) + 1}
        inside.pop().close()
        until(lambda: status(daemon)["connections"] == MOST, "a free place")
        inside.append(greeted(("127.0.0.1", daemon.port)))
    finally:
        for peer in inside:
            peer.close()


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_a_command_whose_reader_vanished_ends(daemon: Daemon, door: str) -> None:
    peer = greeted(address_of(daemon, door))
    peer.sendall(b"talk\n")
    pid = int(receive_until(peer, b"\n"))
    reset(peer)
    wait_for_death(pid)
    assert daemon.audited(event="end", command="talk")["outcome"] == "cancelled"
