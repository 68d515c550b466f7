"""Listening sockets: what may be listened on, what is replaced, what is left alone."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.core.errors import ListenError
from doorward.core.limits import Limits
from doorward.gate.holders import holder_of
from doorward.gate.listeners import (
    Listener,
    _bind_for_everybody,
    forget_path,
    listen_somewhere,
    listen_tcp,
    listen_unix,
    tune,
)


@pytest.fixture
def opened() -> Iterator[list[Listener]]:
    listeners: list[Listener] = []
    yield listeners
    for listener in listeners:
        listener.socket.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="doorward-") as path:
        yield Path(path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield holder.getsockname()[1]


@pytest.mark.parametrize("text", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[2001:db8::1]:0", "10.0.0.1:7022"])
def test_a_door_without_login_listens_on_loopback_only(text: str) -> None:
    with pytest.raises(ListenError, match="loopback only") as caught:
        listen_tcp("tcp", text, only_loopback=True)
    assert "tcp" in str(caught.value)
    assert text in str(caught.value)


def test_a_door_with_login_may_listen_everywhere(opened: list[Listener]) -> None:
    opened.append(listen_tcp("tls", "0.0.0.0:0", only_loopback=False))
    assert opened[0].name.startswith("0.0.0.0:")


def test_what_is_no_address_names_the_door() -> None:
    with pytest.raises(ListenError, match=r"tcp.*'localhost:7022' is no address"):
        listen_tcp("tcp", "localhost:7022", only_loopback=True)


def test_port_zero_is_told_as_the_real_one(opened: list[Listener]) -> None:
    opened.append(listen_tcp("tcp", "127.0.0.1:0", only_loopback=True))
    assert opened[0].name == f"127.0.0.1:{opened[0].socket.getsockname()[1]}"
    assert not opened[0].socket.getblocking()


def test_a_taken_port_names_door_address_and_holder(taken: int) -> None:
    with pytest.raises(ListenError) as caught:
        listen_tcp("tcp", f"127.0.0.1:{taken}", only_loopback=True)
    comm = Path("/proc/self/comm").read_text().strip()
    text = str(caught.value)
    assert "tcp" in text
    assert f"127.0.0.1:{taken}" in text
    assert f"held by {comm} (pid {os.getpid()})" in text


def test_the_default_takes_a_free_port_in_place_of_a_taken_one(taken: int, opened: list[Listener]) -> None:
    listener, notice = listen_somewhere("tcp", f"127.0.0.1:{taken}")
    assert listener is not None
    opened.append(listener)
    assert listener.socket.getsockname()[1] != taken
    assert listener.name in notice
    assert f"127.0.0.1:{taken} is taken" in notice
    assert str(os.getpid()) in notice


def test_the_default_says_nothing_when_all_is_as_asked(opened: list[Listener]) -> None:
    listener, notice = listen_somewhere("tcp", "127.0.0.1:0")
    assert listener is not None
    opened.append(listener)
    assert notice == ""


def test_another_error_is_no_reason_to_listen_elsewhere() -> None:
    # TEST-NET-1 is no address of this machine
    with pytest.raises(ListenError, match="Cannot assign"):
        listen_somewhere("tcp", "192.0.2.1:0")


def test_a_port_that_nobody_holds_has_no_holder(opened: list[Listener]) -> None:
    opened.append(listen_tcp("tcp", "127.0.0.1:0", only_loopback=True))
    port = opened[0].socket.getsockname()[1]
    assert str(os.getpid()) in holder_of(port)
    opened.pop().socket.close()
    assert holder_of(port) == ""


def test_a_vanished_peer_is_noticed(opened: list[Listener]) -> None:
    opened.append(listen_tcp("tcp", "127.0.0.1:0", only_loopback=True))
    tune(opened[0].socket, Limits())
    opened[0].socket.setblocking(True)
    with socket.create_connection(opened[0].socket.getsockname()):
        accepted, _ = opened[0].socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 10, 3]


# The unix socket


def test_anybody_may_connect_to_the_socket(folder: Path, opened: list[Listener]) -> None:
    umask = os.umask(0o077)
    try:
        opened.append(listen_unix("unix", folder / "sub" / "sock"))
    finally:
        os.umask(umask)
    assert stat.S_IMODE((folder / "sub" / "sock").stat().st_mode) == 0o666


def test_what_other_threads_make_meanwhile_keeps_its_mode(
    folder: Path, opened: list[Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_mask: int) -> int:
        raise AssertionError("the umask is the whole process's")

    monkeypatch.setattr(os, "umask", change)
    opened.append(listen_unix("unix", folder / "sock"))


@pytest.mark.parametrize("other", ["link", "file", "linked socket"])
def test_what_somebody_put_in_the_place_of_the_socket_keeps_its_mode(folder: Path, other: str) -> None:
    private = folder / "private"

    class Raced(socket.socket):
        def bind(self, address: object) -> None:
            super().bind(address)  # type: ignore[arg-type]  # what any socket takes
            os.unlink(str(address))
            if other == "link":
                os.symlink(private, str(address))
            else:
                os.link(private, str(address))

    with socket.socket(socket.AF_UNIX) as victim, Raced(socket.AF_UNIX) as raced:
        if other == "file":
            private.touch()
        else:
            victim.bind(str(private))
        private.chmod(0o600)
        with pytest.raises(OSError, match="something else was put there"):
            _bind_for_everybody(raced, folder / "sock")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_socket_that_was_left_behind_is_replaced(folder: Path, opened: list[Listener]) -> None:
    path = folder / "sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    opened.append(listen_unix("unix", path))
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))


def test_only_a_path_that_is_still_ours_is_removed(folder: Path, opened: list[Listener]) -> None:
    ours, others = folder / "ours", folder / "others"
    opened += [listen_unix("unix", ours), listen_unix("unix", others)]
    with socket.socket(socket.AF_UNIX) as another:
        another.bind(str(folder / "new"))
        (folder / "new").rename(others)
        for listener in opened:
            forget_path(listener)
        assert not ours.exists()
        assert others.is_socket()


def test_a_path_that_cannot_be_removed_is_told_and_no_error(
    folder: Path, opened: list[Listener], caplog: pytest.LogCaptureFixture
) -> None:
    opened.append(listen_unix("unix", folder / "sub" / "sock"))
    forget_path(opened[0])
    forget_path(opened[0])
    assert caplog.text == ""
    (folder / "sub").rmdir()
    (folder / "sub").touch()
    forget_path(opened[0])
    assert f"the socket {folder}/sub/sock cannot be removed: Not a directory" in caplog.text


def test_an_inherited_socket_s_path_is_not_ours(folder: Path) -> None:
    path = folder / "sock"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        forget_path(Listener("unix", made, str(path)))
        assert path.is_socket()


def test_a_socket_that_somebody_listens_on_is_left_alone(folder: Path) -> None:
    path = folder / "sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen()
        inode = path.stat().st_ino
        with pytest.raises(ListenError, match="another program listens there"):
            listen_unix("unix", path)
        assert path.stat().st_ino == inode


def test_a_live_socket_whose_queue_is_full_is_left_alone(folder: Path) -> None:
    path = folder / "sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(path))
            with pytest.raises(ListenError, match="another program listens there"):
                listen_unix("unix", path)
        assert path.exists()


def test_what_is_no_socket_is_left_alone(folder: Path) -> None:
    for name, make in (("file", Path.touch), ("folder", Path.mkdir)):
        path = folder / name
        make(path)
        with pytest.raises(ListenError, match="no socket"):
            listen_unix("unix", path)
        assert path.exists()


def test_a_link_is_left_alone_and_not_followed(folder: Path) -> None:
    (folder / "target").write_text("kept")
    (folder / "sock").symlink_to(folder / "target")
    with pytest.raises(ListenError, match="no socket"):
        listen_unix("unix", folder / "sock")
    assert (folder / "target").read_text() == "kept"
    assert (folder / "sock").is_symlink()


def test_too_long_a_path_is_an_error(folder: Path) -> None:
    path = folder / ("x" * 120)
    with pytest.raises(ListenError, match="too long"):
        listen_unix("unix", path)
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_an_error(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ListenError, match="Not a directory"):
        listen_unix("unix", folder / "file" / "sub" / "sock")


# Without IPv6

_WITHOUT_IPV6 = """
import sys
from pathlib import Path
for family in ("all", "default", "lo"):
    Path(f"/proc/sys/net/ipv6/conf/{family}/disable_ipv6").write_text("1")
from doorward.core.errors import ListenError
from doorward.gate.listeners import listen_somewhere, listen_tcp
print(listen_somewhere("tcp", "[::1]:7022"))
try:
    listen_tcp("tcp", "[::1]:7022", only_loopback=True)
except ListenError as error:
    print(error)
"""


def test_without_ipv6_the_default_skips_it_and_a_configuration_fails() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a network without IPv6")
    words = ["unshare", "--net", "--mount-proc", "--fork", "--pid", sys.executable, "-c", _WITHOUT_IPV6]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip(f"this machine lets nobody make a network of their own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    skipped, failed = done.stdout.splitlines()
    assert skipped == "(None, 'the tcp door does not listen on [::1]:7022: there is no IPv6 here')"
    assert "tcp" in failed
    assert "[::1]:7022" in failed
    assert "Cannot assign requested address" in failed
