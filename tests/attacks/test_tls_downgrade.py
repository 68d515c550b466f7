"""Weaker TLS than Mozilla's intermediate profile, cut connections, and what is no TLS."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from doorward.cli.openssl import VARIABLE, openssl_configuration
from tests.doors.daemon import BOUND_SECONDS, TCP, UNIX, Daemon, running, until
from tests.doors.peers import (
    GREETING,
    address_of,
    ask,
    dial,
    hears_the_end,
    raw_address_of,
    receive_until,
    status,
)
from tests.doors.tls_peers import LOGIN, TLS, TlsAddress

pytestmark = pytest.mark.needs_program("openssl", package="openssl")

COMMANDS = """
[limits]
linger_seconds = 0.2
[limits.penalties]
exempt = ["127.0.0.1"]
[commands.count]
run = ["wc", "-c"]
input = true
[commands.touch]
run = ["sh", "-c", "cat >/dev/null && echo all of it > {folder}/taken"]
input = true
"""

# the client gives up all that it would refuse by itself
ANYTHING = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One that was started as the command line starts it: the groups stand in OpenSSL's own configuration."""
    folder = tmp_path_factory.mktemp("downgrade")
    config = TCP + UNIX + TLS + COMMANDS.replace("{folder}", str(folder))
    with running(folder, config, environment={VARIABLE: str(openssl_configuration())}) as started:
        yield started


def s_client(daemon: Daemon, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What openssl says of the door."""
    host, port = raw_address_of(daemon, "tls")
    return subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"{host}:{port}",
            "-CAfile",
            str(daemon.state / "cert.pem"),
            *words,
        ],
        input=stdin,
        capture_output=True,
        timeout=BOUND_SECONDS,
        check=False,
        # the client's own configuration may be stricter than what is tried
        env={**os.environ, "OPENSSL_CONF": "/dev/null"},
    )


def negotiated(daemon: Daemon, *words: str) -> str:
    """`PROTOCOL CIPHER GROUP` of a handshake that came about; empty when none did."""
    said = s_client(daemon, *words).stdout.decode()
    found = [line for line in said.splitlines() if line.startswith("New, ") and "(NONE)" not in line]
    if not found:
        return ""
    _, protocol, cipher = found[0].split(", ")
    group = next((line for line in said.splitlines() if line.startswith("Server Temp Key: ")), "")
    return " ".join((protocol, cipher.removeprefix("Cipher is "), group.removeprefix("Server Temp Key: ")))


GOOD = [
    ((), "TLSv1.3"),
    (("-tls1_3",), "TLSv1.3 TLS_AES_256_GCM_SHA384 X25519"),
    (("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256"),
    (("-tls1_2",), "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 X25519"),
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"),
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"), "TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305"),
    (("-groups", "P-256"), "TLSv1.3 TLS_AES_256_GCM_SHA384 ECDH, prime256v1"),
    (("-tls1_2", "-groups", "P-384:P-256"), "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 ECDH, secp384r1"),
]

WEAK = [
    ("-tls1_1", *ANYTHING),
    ("-tls1", *ANYTHING),
    *(
        ("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        for cipher in (
            "ECDHE-ECDSA-AES128-SHA",
            "ECDHE-ECDSA-AES256-SHA384",
            "ECDHE-ECDSA-AES128-CCM",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "DHE-RSA-AES128-GCM-SHA256",
            "AES128-GCM-SHA256",
            "AES256-SHA",
            "PSK",
            "aNULL",
            "eNULL",
            "CAMELLIA",
        )
    ),
    ("-groups", "X448"),
    ("-groups", "P-521"),
    ("-tls1_2", "-groups", "P-521"),
    ("-groups", "ffdhe2048"),
]


@pytest.mark.parametrize(("words", "expected"), GOOD, ids=range(len(GOOD)))
def test_the_intermediate_profile_is_spoken(daemon: Daemon, words: tuple[str, ...], expected: str) -> None:
    assert negotiated(daemon, *words).startswith(expected)


@pytest.mark.parametrize("words", WEAK, ids=" ".join)
def test_nothing_weaker_is(daemon: Daemon, words: tuple[str, ...]) -> None:
    assert negotiated(daemon, *words) == ""


def test_neither_compression_nor_tickets_nor_early_data_are_given(daemon: Daemon) -> None:
    for version in ("-tls1_2", "-tls1_3"):
        said = s_client(daemon, version, stdin=b"wrong\n").stdout
        assert b"Compression: NONE" in said
        assert b"Secure Renegotiation IS" in said
        assert b"TLS session ticket:" not in said
        assert b"Max Early Data: 0" in said or b"Max Early Data" not in said


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_protocol_is_agreed_on_whatever_a_client_offers(daemon: Daemon, version: str) -> None:
    # what meant to speak to a web server hears of no agreement, and a handshake does not fail for it
    said = s_client(daemon, version, "-alpn", "h2,http/1.1,acme-tls/1,doorward/1").stdout
    assert b"No ALPN negotiated" in said
    assert b"Verify return code: 0 (ok)" in said


def works(daemon: Daemon) -> None:
    """Somebody who comes now is served."""
    with dial(address_of(daemon, "tls")) as peer:
        peer.sendall(LOGIN + b"echo 1\n")
        assert receive_until(peer, b"1\n") == b"Password?\n" + GREETING + b"1\n"


def logged_in(daemon: Daemon) -> ssl.SSLSocket:
    """A user of Python's own TLS, greeted."""
    address = address_of(daemon, "tls")
    assert isinstance(address, TlsAddress)
    peer = address.context().wrap_socket(dial((address.host, address.port)), server_hostname=address.host)
    peer.sendall(LOGIN)
    receive_until(peer, b"Password?\n" + GREETING)
    return peer


def test_an_input_that_is_cut_does_not_pass_for_all_of_it(daemon: Daemon) -> None:
    taken = daemon.state.parent / "taken"
    with logged_in(daemon) as peer:
        peer.sendall(b"touch\nhalf of it")
        run = until(lambda: status(daemon)["runs"]["live"], "the run")
        assert run == 1
        # a FIN of TCP, which anybody on the way can send, in the place of TLS's own end
        socket.socket.shutdown(peer, socket.SHUT_WR)
        with suppress(OSError):
            assert b"exit status 0" not in bytes(peer.recv(4096))
    until(lambda: status(daemon)["runs"]["live"] == 0, "the end of the run")
    assert not taken.exists()
    ended = daemon.audited(event="end", command="touch")
    assert ended["outcome"] == "cancelled"


def test_an_input_that_is_ended_by_tls_is_all_of_it(daemon: Daemon) -> None:
    with dial(address_of(daemon, "tls")) as peer:
        peer.sendall(LOGIN + b"count\nall of it")
        peer.shutdown(socket.SHUT_WR)
        receive_until(peer, GREETING)
        assert receive_until(peer, b"\n") == b"9\n"


@pytest.mark.parametrize(
    "said",
    [
        b"uptime\n",
        b"sesame\nuptime\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x80\x2e\x01\x00\x02" + b"\0" * 43,  # a hello of SSL 2
    ],
)
def test_what_is_no_tls_is_closed_and_tells_nothing(daemon: Daemon, said: bytes) -> None:
    with dial(raw_address_of(daemon, "tls")) as peer:
        peer.sendall(said)
        heard = b""
        with suppress(ConnectionError):
            while data := peer.recv(4096):
                heard += data
        # at most an alert of TLS
        assert len(heard) <= 7
        assert heard[:1] in {b"", b"\x15"}
    works(daemon)


@pytest.mark.parametrize("before", [b"", LOGIN], ids=["before-login", "after-login"])
def test_a_request_of_a_web_page_over_tls_is_closed_and_nothing_runs(daemon: Daemon, before: bytes) -> None:
    with dial(address_of(daemon, "tls")) as peer:
        peer.sendall(before + b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nuptime\nuptime\n")
        assert hears_the_end(peer)
    # what came before it stands before it in the trail
    assert ask(address_of(daemon, "tls"), LOGIN + b"df\n").startswith(b"Password?\n" + GREETING)
    daemon.audited(event="run", command="df")
    assert not any(line.get("command") == "uptime" for line in daemon.audit())
