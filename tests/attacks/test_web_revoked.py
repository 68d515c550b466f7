"""Whoever is removed is out at once: their cookie is worth nothing, and what streams to them ends."""

import signal
from pathlib import Path

from tests.doors.daemon import config_file, running
from tests.doors.peers import dial
from tests.doors.web.house import request, web_address
from tests.doors.web_pages.site import CONFIG, Site


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
            configuration = config_file(daemon.state)
            text = configuration.read_text()
            configuration.write_text(text.replace("[users.alice]", "[users.alicia]"))
            daemon.signal(signal.SIGHUP)
            for stream in (peer, download):
                last = b""
                while data := stream.recv(65536):
                    last = data
                assert b"event: end" not in last
        assert site.get("/", cookie).header("Location").startswith("/signin")
        assert site.get("/", other).status == 200
