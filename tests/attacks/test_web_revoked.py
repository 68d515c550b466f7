"""Whoever is removed is out at once: their cookie is worth nothing, and what streams to them ends."""

import signal
import socket
from pathlib import Path

import pytest

from tests.attacks.both_ways import LISTEN, config_for, connected
from tests.doors.daemon import Daemon, config_file, running
from tests.doors.peers import dial
from tests.doors.web.house import basic, request, web_address
from tests.doors.web_pages.site import CONFIG, Site

GIB = 1024**3
MOUNT = """
[doors.web.files]
"/own" = "{root}"
"/pub" = {{ root = "{root}", public = true }}
[limits]
stalled_write_seconds = 600
"""


def remove_alice(daemon: Daemon) -> None:
    configuration = config_file(daemon.state)
    text = configuration.read_text()
    configuration.write_text(text.replace("[users.alice]", "[users.alicia]"))
    daemon.signal(signal.SIGHUP)


def test_a_removed_users_session_and_its_stream_end_at_once(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        site = Site(daemon)
        cookie, other = site.signed_in(), site.signed_in("bob")
        token = site.token_in(site.get("/commands/tick/form", cookie))
        location = site.post("/commands/tick", {"_csrf": token}, cookie).header("Location")
        with dial(web_address(daemon)) as peer, dial(web_address(daemon)) as download:
            peer.sendall(request(f"{location}/stream?offset=0", cookie))
            download.sendall(request(f"{location}/download", cookie))
            heard = download.recv(65536)
            while b'"tick 2' not in heard and b"tick 2\n" not in heard:
                heard += peer.recv(65536) + download.recv(65536)
            remove_alice(daemon)
            for stream in (peer, download):
                last = b""
                while data := stream.recv(65536):
                    last = data
                assert b"event: end" not in last
        assert site.get("/", cookie).header("Location").startswith("/signin")
        assert site.get("/", other).status == 200


@pytest.mark.parametrize("listen", LISTEN)
def test_a_file_that_is_being_sent_to_a_removed_user_ends_and_one_for_everybody_goes_on(
    tmp_path: Path, listen: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with (root / "large").open("wb") as file:
        file.truncate(4 * GIB)
    with (
        running(tmp_path, config_for(listen) + MOUNT.format(root=root)) as daemon,
        connected(daemon) as own,
        connected(daemon) as public,
    ):
        for peer, path in ((own, "/own/large"), (public, "/pub/large")):
            peer.sendall(request(path, f"Authorization: {basic()}"))
            assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
        remove_alice(daemon)
        assert ended_after_bytes(own) < GIB
        assert public.recv(65536)
        # nothing of it is left at work
        assert daemon.stop() == 0


def ended_after_bytes(peer: socket.socket) -> int:
    """How much comes before the connection ends, up to `GIB`."""
    taken_bytes = 0
    try:
        while taken_bytes < GIB and (data := peer.recv(1024 * 1024)):
            taken_bytes += len(data)
    except ConnectionResetError:
        pass
    return taken_bytes


@pytest.mark.soak
def test_what_streams_to_a_session_ends_with_its_time(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG + "[limits]\nweb_seconds = 10\n") as daemon:
        site = Site(daemon)
        cookie = site.signed_in()
        token = site.token_in(site.get("/commands/tick/form", cookie))
        location = site.post("/commands/tick", {"_csrf": token}, cookie).header("Location")
        with dial(web_address(daemon)) as peer:
            peer.settimeout(30)
            peer.sendall(request(f"{location}/stream?offset=0", cookie))
            heard = b""
            while data := peer.recv(65536):
                heard += data
        assert b"tick 1" in heard
        assert b"event: end" not in heard
        assert site.get("/", cookie).header("Location").startswith("/signin")
