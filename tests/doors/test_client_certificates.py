"""Users who log in with a certificate, at the real door."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.certificates import Made, make_certificate
from tests.doors.daemon import UNIX, Daemon, running
from tests.doors.peers import GREETING, address_of, dial, frames, receive_all, receive_until, status
from tests.doors.tls_peers import TLS, TlsAddress

Dial = Callable[[Daemon, Made], TlsAddress]

BOB = """
[users.bob]
certificate = "bob.pem"
roles = ["admin"]
"""


@pytest.fixture(scope="module")
def bob() -> Made:
    return make_certificate("bob")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, bob: Made) -> object:
    folder = tmp_path_factory.mktemp("certificates")
    bob.written(folder, "bob")
    with running(folder, UNIX + TLS + BOB) as daemon:
        yield daemon


@pytest.fixture
def dial_as(tmp_path: Path) -> Dial:
    def address(daemon: Daemon, made: Made) -> TlsAddress:
        file = tmp_path / "client.pem"
        file.write_text(made.pem + made.key_pem)
        found = address_of(daemon, "tls")
        assert isinstance(found, TlsAddress)
        return replace(found, client=file)

    return address


def test_nothing_is_asked_and_the_trail_says_how(daemon: Daemon, bob: Made, dial_as: Dial) -> None:
    with dial(dial_as(daemon, bob)) as peer:
        peer.sendall(b"whoami\n")
        heard = receive_all(peer)
    assert heard.startswith(GREETING)
    assert b"bob" in heard
    daemon.audited(event="login", who="bob", how="certificate", door="tls")


def test_programs_have_frames_at_once(daemon: Daemon, bob: Made, dial_as: Dial) -> None:
    with frames(dial_as(daemon, bob)) as peer:
        assert peer.ask("status").is_success


def test_without_one_the_password_is_asked_for(daemon: Daemon) -> None:
    with dial(address_of(daemon, "tls")) as peer:
        assert receive_until(peer, b"\n") == b"Password?\n"


def test_a_stranger_s_ends_the_handshake(daemon: Daemon, dial_as: Dial) -> None:
    with dial(dial_as(daemon, make_certificate("bob"))) as peer:
        peer.settimeout(10)
        assert receive_all(peer) == b""


def test_what_a_user_signed_is_nobody(daemon: Daemon, bob: Made, dial_as: Dial) -> None:
    with dial(dial_as(daemon, make_certificate("mallory", signer=bob))) as peer:
        assert receive_until(peer, b"\n") == b"Password?\n"
    daemon.audited(event="refusal", how="certificate")


def test_one_that_tls_refuses_is_in_the_trail_with_the_reason(daemon: Daemon, dial_as: Dial) -> None:
    with dial(dial_as(daemon, make_certificate("stranger"))) as peer:
        assert receive_all(peer) == b""
    line = daemon.audited(event="refusal", how="certificate", door="tls", **{"from": "127.0.0.1"})
    assert "certificate" in line["reason"]


def test_a_session_that_is_resumed_proves_nothing_of_its_certificate(
    daemon: Daemon, bob: Made, dial_as: Dial
) -> None:
    address = dial_as(daemon, bob)
    context = address.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    heard = []
    for _ in range(2):
        with (
            dial((address.host, address.port)) as raw,
            context.wrap_socket(raw, session=session) as peer,
        ):
            heard.append((peer.session_reused, receive_until(peer, b"\n")))
            session = peer.session
    assert heard == [(False, GREETING), (True, b"Password?\n")]


def test_who_logs_in_so_is_not_taken_for_one_who_did_not(daemon: Daemon, bob: Made, dial_as: Dial) -> None:
    for _ in range(40):
        with dial(dial_as(daemon, bob)) as peer:
            assert receive_until(peer, b"\n") == GREETING
    assert status(daemon)["shut_out"] == 0
