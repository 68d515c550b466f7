"""A head that comes again is answered without being read, and no decision about it is skipped for that."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.attacks.both_ways import LISTEN, config_for, connected
from tests.doors.daemon import Daemon, config_file, running, until
from tests.doors.web.house import basic

MIB = 1024 * 1024
LARGE_BYTES = 60_000
FRESH = f"""
[commands.mark]
run = ["sh", "-c", "echo mark $$ mark"]
read_only = true
fresh_seconds = 600
[commands.brief]
run = ["sh", "-c", "echo mark $$ mark"]
read_only = true
fresh_seconds = 0.2
[commands.large]
run = ["head", "--bytes={LARGE_BYTES}", "/dev/zero"]
read_only = true
fresh_seconds = 600
"""


@pytest.fixture(scope="module", params=LISTEN)
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("repeated"), config_for(request.param) + FRESH) as started:
        yield started


def head(path: str = "/mark", *fields: str, method: str = "GET", host: str = "127.0.0.1") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Authorization: {basic()}", *fields]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def heard(peer: socket.socket, said: bytes, times: int = 1) -> bytes:
    """What comes for `said`, up to the last of so many outputs."""
    peer.sendall(said)
    told = b""
    while told.count(b" mark\n") < times:
        data = peer.recv(65536)
        assert data, told
        told += data
    return told


def status_of(peer: socket.socket, said: bytes) -> int:
    """The status of the answer to `said`, all of which is taken."""
    return file_of(peer, said)[0]


def file_of(peer: socket.socket, said: bytes) -> tuple[int, bytes]:
    """The status of the answer to `said`, and its body."""
    peer.sendall(said)
    told = received(peer)
    while b"\r\n\r\n" not in told:
        told += received(peer)
    begun, _, body = told.partition(b"\r\n\r\n")
    size_bytes = int(begun.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    while len(body) < size_bytes:
        body += received(peer)
    return int(begun.split(b" ", 2)[1]), body


def received(peer: socket.socket) -> bytes:
    """What came next, of a connection that goes on."""
    data = peer.recv(65536)
    assert data, "the connection ended"
    return data


def mark_in(told: bytes) -> bytes:
    """The output in what came, which is a stream for whoever it is run for."""
    found = re.search(rb"mark \d+ mark", told)
    assert found, told
    return found[0]


@contextmanager
def reloaded(folder: Path, config: str, old: str, new: str) -> Iterator[tuple[socket.socket, bytes]]:
    """A connection that repeated a head, and what came, after a reload that made `new` of `old`."""
    with running(folder, config) as daemon, connected(daemon) as peer:
        told = [heard(peer, head()) for _ in range(4)]
        assert len({mark_in(each) for each in told}) == 1
        file = config_file(daemon.state)
        file.write_text(file.read_text().replace(old, new))
        before = daemon.log.count("reloaded")
        daemon.signal(signal.SIGHUP)
        until(lambda: daemon.log.count("reloaded") > before, "the reload")
        yield peer, mark_in(told[0])


def test_it_is_given_the_same_answer_as_the_first_time_and_each_is_counted(daemon: Daemon) -> None:
    with connected(daemon) as runs_it:
        heard(runs_it, head())
    with connected(daemon) as peer:
        first, *others = [heard(peer, head()) for _ in range(5)]
        date = first.partition(b"Date: ")[2][:29]
        for told in others:
            assert told.replace(told.partition(b"Date: ")[2][:29], date) == first
    daemon.audited(event="run", door="web", command="mark", shared=True)


def test_what_is_not_fresh_any_more_is_run_again(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        before = mark_in(heard(peer, head("/brief")))
        until(lambda: mark_in(heard(peer, head("/brief"))) != before, "another run")


def test_its_head_alone_has_no_body(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        length = len(mark_in(heard(peer, head())) + b"\n")
        for _ in range(3):
            peer.sendall(head(method="HEAD"))
            told = b""
            while b"\r\n\r\n" not in told:
                told += peer.recv(65536)
            assert told.endswith(b"\r\n\r\n")
            assert f"Content-Length: {length}\r\n".encode() in told
        assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_differs_in_its_host_or_site_alone_is_looked_at(daemon: Daemon) -> None:
    cross = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
    with connected(daemon) as peer:
        for _ in range(2):
            assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")
            assert status_of(peer, head(host="evil.test")) == 421
            assert status_of(peer, head(host="evil.test")) == 421
            assert status_of(peer, head("/mark", *cross)) == 403


def test_a_head_that_differs_in_its_password_alone_is_looked_at(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")
        assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")
        wrong = head().replace(basic().encode(), basic(password="sesamf").encode())
        assert status_of(peer, wrong) == 401
        assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")


def test_empty_lines_before_a_head_are_not_taken_for_it(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        for _ in range(2):
            assert heard(peer, b"\r\n\r\n" + head()).startswith(b"HTTP/1.1 200 ")
        heard(peer, head())
        peer.sendall(b"\r\n\r\n")
        assert heard(peer, head()).startswith(b"HTTP/1.1 200 ")
        peer.sendall(b"\r\n\r\n")
        # an answer to the empty lines would come before this one
        assert file_of(peer, head("/nothing-here"))[0] == 404


def test_in_pieces_and_many_at_once_each_is_answered_once(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        for cut in (1, 10, len(head()) - 1):
            peer.sendall(head()[:cut])
            assert heard(peer, head()[cut:]).count(b"HTTP/1.1 200 ") == 1
            assert heard(peer, head()).count(b"HTTP/1.1 200 ") == 1
        assert heard(peer, head() * 50, 50).count(b"HTTP/1.1 200 ") == 50
        assert heard(peer, head() + head("/brief"), 2).count(b"HTTP/1.1 200 ") == 2
        assert heard(peer, head()).count(b"HTTP/1.1 200 ") == 1


def test_who_takes_no_answer_is_kept_none_but_a_few(daemon: Daemon) -> None:
    with connected(daemon) as peer:
        for _ in range(3):
            told = b""
            peer.sendall(head("/large"))
            while told.count(b"\0") < LARGE_BYTES:
                told += peer.recv(65536)
        before_bytes = daemon.forget_peak_memory()
        peer.settimeout(0.3)
        with suppress(TimeoutError):
            for _ in range(100_000):
                peer.sendall(head("/large"))
        assert daemon.memory_bytes("VmHWM") - before_bytes < 8 * MIB


def test_a_removed_user_gets_nothing_more_for_it(tmp_path: Path) -> None:
    config = config_for(LISTEN[0]) + FRESH
    with reloaded(tmp_path, config, "[users.alice]", "[users.alicia]") as (peer, _):
        assert status_of(peer, head()) == 401


def test_who_may_not_ask_any_more_is_refused(tmp_path: Path) -> None:
    roles = '[commands.mark]\nroles = ["operator"]'
    with reloaded(tmp_path, config_for(LISTEN[0]) + FRESH, "[commands.mark]", roles) as (peer, _):
        assert status_of(peer, head()) == 403


def test_a_command_that_was_declared_anew_is_run(tmp_path: Path) -> None:
    config = config_for(LISTEN[0]) + FRESH
    with reloaded(tmp_path, config, "echo mark", "echo new mark") as (peer, before):
        assert mark_in(heard(peer, head())) != before


def test_a_folder_that_is_shown_in_its_place_is_shown(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "index.html").write_text("<p>a page</p>")
    mount = f'[doors.web.files]\n"/mark" = {{ root = "{root}", public = true }}\n[commands.mark]'
    config = config_for(LISTEN[0]) + FRESH
    with reloaded(tmp_path, config, "[commands.mark]", mount) as (peer, _):
        assert status_of(peer, head()) == 301


def test_a_file_is_given_again_as_it_is_now_and_to_whom_it_is_shown(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("own", "pub"):
        (root / name).write_text("before")
    mounts = f'[doors.web.files]\n"/files/own" = "{root}"\n"/files" = {{ root = "{root}", public = true }}\n'
    middling = bytes(range(256)) * 800
    (root / "middling").write_bytes(middling)
    with running(tmp_path, config_for(LISTEN[0]) + mounts) as daemon, connected(daemon) as peer:
        for _ in range(20):
            assert file_of(peer, head("/files/middling")) == (200, middling)
        for path in ("/files/pub", "/files/own/own"):
            name = path.rpartition("/")[2]
            for _ in range(5):
                assert file_of(peer, head(path)) == (200, b"before")
            (root / name).write_text("behind it")
            assert file_of(peer, head(path)) == (200, b"behind it")
            assert file_of(peer, head(path, "Range: bytes=0-1")) == (206, b"be")
            assert file_of(peer, head(path, "Range: bytes=0-1")) == (206, b"be")
            (root / name).unlink()
            assert status_of(peer, head(path)) == 404
            assert status_of(peer, head(path)) == 404
            (root / name).write_text("before")
            assert file_of(peer, head(path)) == (200, b"before")
        file = config_file(daemon.state)
        file.write_text(file.read_text().replace("[users.alice]", "[users.alicia]"))
        before = daemon.log.count("reloaded")
        daemon.signal(signal.SIGHUP)
        until(lambda: daemon.log.count("reloaded") > before, "the reload")
        assert status_of(peer, head("/files/own/own")) == 401
