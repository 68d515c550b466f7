"""TLS that never comes to its point: garbage, records without an end, floods of what TLS itself answers."""

import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.attacks.tls_bytes import RecordWriter, client_hello, log_in, send_raw, shaken
from tests.attacks.worker import at_work
from tests.doors.daemon import UNIX, Daemon, running
from tests.doors.peers import GREETING, address_of, dial, hears_the_end, raw_address_of, receive_until
from tests.doors.tls_peers import TLS, TlsAddress

MIB = 1024 * 1024
SENT_BYTES = 32 * MIB
PIECE_BYTES = 64 * 1024
PEERS = 4
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23

# a penalty for each, and another source works
UNPUNISHED = '[limits.penalties]\nexempt = ["127.0.0.1"]\n'


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def filled(record_bytes: bytes) -> bytes:
    """One record, over and over."""
    return record_bytes * (PIECE_BYTES // len(record_bytes) + 1)


# what comes first, and what comes then again and again
BEFORE_THE_HANDSHAKE = {
    "noise": (b"", secrets.token_bytes(PIECE_BYTES)),
    "a record that says it is as long as can be": (bytes([HANDSHAKE, 3, 1, 255, 255]), b"x" * PIECE_BYTES),
    "a hello of 16 MB in many records": (
        record(HANDSHAKE, b"\x01\xff\xff\xff" + b"x" * 16_000),
        filled(record(HANDSHAKE, b"x" * 16_000)),
    ),
    "empty handshake records": (b"", filled(record(HANDSHAKE, b""))),
    "empty data records": (b"", filled(record(APPLICATION_DATA, b""))),
    "warnings": (b"", filled(record(ALERT, b"\x01\x5a"))),
    "change cipher specs after a hello": (client_hello(), filled(record(CHANGE_CIPHER_SPEC, b"\x01"))),
    "hellos": (client_hello(), client_hello() * 50),
    "early data after a hello": (client_hello(), filled(record(APPLICATION_DATA, b"x" * 1000))),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    kept = TLS.replace("[doors.tls]\n", '[doors.tls]\nsession = "keep"\n')
    with running(tmp_path_factory.mktemp("guarded"), UNIX + kept + UNPUNISHED) as daemon:
        yield daemon


def pour(peer: socket.socket, first: bytes, pieces: Iterator[bytes]) -> int:
    """Send `first`, then `pieces` until the server has had enough; how many bytes went out."""
    sent_bytes = 0
    try:
        peer.sendall(first)
        while sent_bytes < SENT_BYTES:
            piece = next(pieces)
            peer.sendall(piece)
            sent_bytes += len(piece)
    except (ConnectionError, TimeoutError):
        pass
    return sent_bytes


def repeated(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def test_before_the_handshake_each_is_closed_and_memory_grows_by_less_than_5_mb(guarded: Daemon) -> None:
    with at_work(guarded, "tls") as worker:
        before_bytes = guarded.forget_peak_memory()
        for kind, (first, piece) in BEFORE_THE_HANDSHAKE.items():
            for _ in range(PEERS):
                with dial(raw_address_of(guarded, "tls")) as peer:
                    assert pour(peer, first, repeated(piece)) < SENT_BYTES, kind
                    assert hears_the_end(peer)
            worker.work()
            grown_bytes = guarded.memory_bytes("VmHWM") - before_bytes
            assert grown_bytes < 5 * MIB, kind
        assert worker.slowest_seconds < 1.0
    # refused with bytes of the peer in the reason, none of which is more than one clean line of the log
    assert all(line.isprintable() for line in guarded.log.splitlines())


def shaken_at(daemon: Daemon, folder: Path, stack: ExitStack) -> tuple[ssl.SSLSocket, RecordWriter]:
    address = address_of(daemon, "tls")
    assert isinstance(address, TlsAddress)
    raw = dial((address.host, address.port))
    stack.callback(raw.close)
    secured, writer = shaken(raw, address, folder / "keys")
    stack.enter_context(secured)
    return secured, writer


def flood(writer: RecordWriter, kind: str) -> Iterator[bytes]:
    while True:
        if kind == "key updates":
            yield b"".join(writer.key_update() for _ in range(500))
        elif kind == "empty records":
            yield b"".join(writer.record(b"") for _ in range(500))
        else:
            # a byte now and then, so that something is said
            yield writer.record(b"x") + b"".join(writer.key_update() for _ in range(500))


@pytest.mark.parametrize("kind", ["key updates", "key updates and a byte", "empty records"])
@pytest.mark.parametrize("moment", ["before-login", "after-login"])
def test_a_flood_within_tls_is_closed_and_memory_grows_by_less_than_5_mb(
    guarded: Daemon, tmp_path: Path, kind: str, moment: str
) -> None:
    with at_work(guarded, "tls") as worker, ExitStack() as stack:
        secured, writer = shaken_at(guarded, tmp_path, stack)
        if moment == "after-login":
            log_in(secured, writer)
        before_bytes = guarded.forget_peak_memory()
        assert pour_raw(secured, flood(writer, kind)) < MIB
        with suppress(ssl.SSLError):  # what OpenSSL itself does not take, it tells in an alert
            assert hears_the_end(secured)
        worker.work()
        assert worker.slowest_seconds < 1.0
    assert guarded.memory_bytes("VmHWM") - before_bytes < 5 * MIB


def test_a_peer_that_changes_keys_now_and_then_is_answered(guarded: Daemon, tmp_path: Path) -> None:
    with ExitStack() as stack:
        secured, writer = shaken_at(guarded, tmp_path, stack)
        log_in(secured, writer)
        for _ in range(1000):
            send_raw(
                secured, writer.key_update() + b"".join(writer.record(bytes([each])) for each in b"echo a\n")
            )
            assert receive_until(secured, GREETING) == b"a\n" + GREETING


def pour_raw(secured: ssl.SSLSocket, pieces: Iterator[bytes]) -> int:
    """Send until the server has had enough; how many bytes went out."""
    sent_bytes = 0
    with suppress(ConnectionError):
        while sent_bytes < MIB:
            piece = next(pieces)
            send_raw(secured, piece)
            sent_bytes += len(piece)
    return sent_bytes
