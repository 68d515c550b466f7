"""Streams of events and long outputs: readers who vanish, who take nothing, and who are removed meanwhile."""

import signal
from pathlib import Path

import pytest

from tests.attacks.api_house import CONFIG, asked, dialled, hear_until
from tests.doors.daemon import Daemon, config_file, running, until
from tests.doors.web_api.calls import Program, basic, read_event

MIB = 1024 * 1024
STALLED = "[limits]\nstalled_write_seconds = 0.5\nlinger_seconds = 0.5\n"


def readers_of(program: Program, number: int) -> int:
    runs = program.get("/api/v1/runs").json["runs"]
    return int(next(run["readers"] for run in runs if run["run"] == number))


@pytest.mark.parametrize("path", ["events", "output?offset=8&wait=60", "?wait=60"])
def test_a_client_that_vanishes_leaves_nothing_behind(tmp_path: Path, path: str) -> None:
    with running(tmp_path, STALLED + CONFIG) as daemon:
        alice = Program(daemon)
        number = alice.begin("hold")
        assert alice.get(f"/api/v1/runs/{number}/output?wait=15").body == b"holding\n"
        descriptors = daemon.descriptors()
        address = f"/api/v1/runs/{number}" + (path if path.startswith("?") else f"/{path}")
        peers = [asked(daemon, address) for _ in range(5)]
        until(lambda: readers_of(alice, number) == 5, "five readers")
        for peer in peers:
            peer.close()
        until(lambda: readers_of(alice, number) == 0, "all of them to leave")
        until(lambda: daemon.descriptors() <= descriptors, "their descriptors to be closed")
        ended = daemon.audited(event="end", run=number)
        assert ended["outcome"] == "cancelled"


def test_who_posts_and_vanishes_while_waiting_leaves_the_run_to_linger(tmp_path: Path) -> None:
    with running(tmp_path, STALLED + CONFIG) as daemon:
        peer = dialled(daemon)
        head = "POST /api/v1/commands/hold/runs?wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        peer.sendall(f"{head}Authorization: {basic('alice')}\r\n\r\n".encode())
        daemon.audited(event="run", command="hold")
        peer.close()
        assert daemon.audited(event="end", command="hold")["outcome"] == "cancelled"


@pytest.mark.parametrize("path", ["events", "output"])
def test_a_reader_who_takes_nothing_is_cut_off_and_makes_nothing_grow(tmp_path: Path, path: str) -> None:
    with running(tmp_path, STALLED + CONFIG) as daemon:
        alice = Program(daemon)
        number = alice.begin("flood")
        until(lambda: size_of(alice, number) == 64 * MIB, "an output of 64 MiB", seconds=45)
        before = daemon.forget_peak_memory()
        peers = [asked(daemon, f"/api/v1/runs/{number}/{path}", buffer_bytes=4096) for _ in range(10)]
        for peer in peers:
            hear_until(peer, b"\r\n\r\n")
        until(lambda: connections_of(daemon) == 0, "all of them to be cut off")
        assert daemon.memory_bytes("VmHWM") - before < 24 * MIB
        for peer in peers:
            peer.close()
        assert "Traceback" not in daemon.log


def size_of(program: Program, number: int) -> int:
    return int(program.get(f"/api/v1/runs/{number}").json["output_bytes"])


def connections_of(daemon: Daemon) -> int:
    """How many there are at the web door beside the one that asks."""
    heard = Program(daemon, "root").get("/api/v1/whoami").json
    return int(heard["connected"]) - 1


def test_a_slow_reader_of_an_endless_output_gets_every_byte_of_it(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        alice = Program(daemon)
        number = alice.ended("long")["run"]
        with asked(daemon, f"/api/v1/runs/{number}/output", buffer_bytes=4096) as peer:
            head, _, body = hear_until(peer, b"\r\n\r\n").partition(b"\r\n\r\n")
            assert b"Content-Length: 1048576\r\n" in head + b"\r\n"
            while len(body) < MIB:
                body += peer.recv(4096)
        assert body == b"y\n" * (MIB // 2)


def test_the_stream_of_a_removed_user_ends_at_once(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        alice, root = Program(daemon), Program(daemon, "root")
        number = alice.begin("hold")
        with (
            alice.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as gone,
            root.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as kept,
            alice.asking("HEAD", "/api/v1/whoami", headers={}),
        ):
            assert (read_event(gone).bytes, read_event(kept).bytes) == (b"holding\n", b"holding\n")
            waiting = asked(daemon, f"/api/v1/runs/{number}/output?offset=8&wait=60")
            until(lambda: readers_of(root, number) == 3, "three readers")
            path = config_file(daemon.state)
            path.write_text(path.read_text().replace("[users.alice]", "[users.carol]"))
            daemon.signal(signal.SIGHUP)
            # no end is told: for whoever is in, the run goes on
            assert gone.read() == b""
            assert hear_until(waiting, b"\r\n\r\n").startswith(b"HTTP/1.1 401 ")
            waiting.close()
            assert readers_of(root, number) == 1
            assert root.post(f"/api/v1/runs/{number}/cancel").status == 202
            assert read_event(kept).name == "end"
        assert "Traceback" not in daemon.log
