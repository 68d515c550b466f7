"""Reaching servers over TLS, real ones, good and bad."""

import contextlib
import shlex
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import PrivateFormat

from doorward.clients._asking import Kept, Reply, Request
from doorward.clients._endpoints import TlsEndpoint, parse_endpoint
from doorward.clients._trust import Trust, format_fingerprint
from doorward.clients.lines import asking
from doorward.clients.lines.asking import ask
from doorward.clients.lines.reaching import reach
from doorward.core.errors import ConnectError
from doorward.core.outcome import OutcomeKind
from doorward.core.secret import Secret
from tests.certificates import Authority, Written, expired, make_certificate, self_signed, server_context
from tests.clients.lines.peers import (
    BOUND_SECONDS,
    Handler,
    LoginServer,
    keeping_server,
    listening,
    listening_tls,
    old_server,
    read_line,
)
from tests.clients.lines.test_asking import never, no_login, stdin_of

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def at(url: str, trust: Trust | None = None, *, host: str = "") -> TlsEndpoint:
    endpoint = parse_endpoint(url)
    assert isinstance(endpoint, TlsEndpoint)
    return replace(endpoint, trust=trust or Trust(), host=host or endpoint.host)


def put(
    endpoint: TlsEndpoint,
    line: str = "df",
    *,
    password: str | None = None,
    input_descriptor: int | None = None,
    seconds: float = 10.0,
    timeout_seconds: float | None = None,
) -> tuple[Reply, bytes, bytes]:
    kept = Kept(1 << 26)
    request = Request(
        line=line,
        login=no_login if password is None else lambda _form: Secret(password),
        input_descriptor=input_descriptor,
        connect_seconds=seconds,
        timeout_seconds=timeout_seconds,
    )
    reply = ask(endpoint, request, kept, interruptible=never)
    return reply, bytes(kept.out), bytes(kept.err)


def greets(endpoint: TlsEndpoint) -> bool:
    """Whether the server is let through, and heard."""
    with contextlib.closing(reach(endpoint, within_seconds=10.0)) as wire:
        return bool(wire.receive())


def failure(endpoint: TlsEndpoint, *, seconds: float = 10.0) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        reach(endpoint, within_seconds=seconds)
    assert caught.value.address == endpoint.url
    return caught.value


@contextlib.contextmanager
def server_of(certificate: Written, handler: Handler = old_server) -> Iterator[str]:
    with listening_tls(handler, server_context(certificate)) as url:
        yield url


# Who is let through


def test_whom_the_system_trusts_is_let_through(
    root: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(root.file))
    with server_of(root.issue(tmp_path, "localhost")) as url:
        assert greets(at(url, host="localhost"))


def test_whom_the_named_file_vouches_for_is_let_through(root: Authority, tmp_path: Path) -> None:
    between = root.intermediate(tmp_path / "between")
    certificate = between.issue(tmp_path / "leaf", "127.0.0.1")
    with server_of(certificate) as url:
        assert greets(at(url, Trust(authorities=root.file)))
        # partial chains: what stands in the file is trusted, wherever in the chain it stands
        assert greets(at(url, Trust(authorities=between.file)))
        assert greets(at(url, Trust(authorities=certificate.file)))


def test_a_fingerprint_lets_through_whatever_name_and_dates_say(tmp_path: Path) -> None:
    certificate = expired(tmp_path, "elsewhere.example")
    with server_of(certificate) as url:
        assert greets(at(url, Trust(fingerprint=certificate.fingerprint)))


def test_a_certificate_of_ones_own_is_let_through_by_any_name(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "elsewhere.example")
    with server_of(certificate) as url:
        assert greets(at(url, Trust(own=(b"another", certificate.der))))


def test_a_daemon_of_ones_own_is_reached_with_one_connection(localhost: Written) -> None:
    count = 0

    def counted(peer: socket.socket) -> None:
        nonlocal count
        count += 1
        old_server(peer)

    with server_of(localhost, counted) as url:
        assert greets(at(url, Trust(own=(localhost.der,))))
    assert count == 1


def test_a_daemon_of_ones_own_is_reached_by_its_name_with_one_handshake(tmp_path: Path) -> None:
    # a way here that nobody takes for this machine without looking it up; made as a daemon makes its own
    own = make_certificate("localhost", names=("localhost", "127.1"), is_authority=False)
    context = server_context(own.written(tmp_path))
    handshakes = 0

    def handle(peer: socket.socket) -> None:
        nonlocal handshakes
        handshakes += 1
        with context.wrap_socket(peer, server_side=True) as secured:
            old_server(secured)

    with listening(handle) as url:
        endpoint = at(url.replace("tcp", "tls"), Trust(own=(b"another", own.der)), host="127.1")
        assert greets(endpoint)
        assert handshakes == 1
        other = make_certificate("localhost", names=("localhost", "127.1"), is_authority=False)
        assert "self-signed" in failure(replace(endpoint, trust=Trust(own=(other.der,)))).problem


def test_a_daemon_of_ones_own_is_reached_by_another_name_with_two(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "elsewhere.example")
    with server_of(certificate) as url:
        assert greets(at(url, Trust(own=(certificate.der,)), host="127.1"))


def test_beside_ones_own_the_system_is_still_believed(
    localhost: Written, root: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(root.file))
    with server_of(root.issue(tmp_path, "127.0.0.1")) as url:
        assert greets(at(url, Trust(own=(localhost.der,))))


def test_ipv6_and_its_certificate(localhost: Written) -> None:
    def handle(peer: socket.socket) -> None:
        with server_context(localhost).wrap_socket(peer, server_side=True) as secured:
            secured.sendall(b"here\n")

    try:
        with listening(handle, family=socket.AF_INET6) as url:
            assert greets(at(url.replace("tcp", "tls"), Trust(authorities=localhost.file)))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


# Who is not


def test_a_stranger_is_told_with_the_fingerprint_that_it_showed(localhost: Written) -> None:
    with server_of(localhost) as url:
        error = failure(at(url))
    assert error.phase == "TLS"
    assert "self-signed" in error.problem
    assert f"--fingerprint {format_fingerprint(localhost.der)}" in error.next_step


def test_another_fingerprint_is_a_stranger(localhost: Written) -> None:
    with server_of(localhost) as url:
        error = failure(at(url, Trust(fingerprint="0" * 64, own=(localhost.der,))))
    assert f"has another fingerprint: {format_fingerprint(localhost.der)}" in error.problem


def test_what_another_authority_vouches_for_is_a_stranger(
    root: Authority, localhost: Written, tmp_path: Path
) -> None:
    with server_of(root.issue(tmp_path, "127.0.0.1")) as url:
        error = failure(at(url, Trust(authorities=localhost.file, own=(localhost.der,))))
    assert f"none of those of {localhost.file} vouches" in error.problem
    assert "--fingerprint" in error.next_step


def test_a_name_that_the_certificate_does_not_have_is_told(root: Authority, tmp_path: Path) -> None:
    with server_of(root.issue(tmp_path, "elsewhere.example")) as url:
        error = failure(at(url, Trust(authorities=root.file)))
        assert "for another name" in error.problem
        assert "127.0.0.1" in error.problem
        assert ".." not in str(error)
        assert "for another name" in failure(at(url, Trust(authorities=root.file), host="localhost")).problem


def test_an_expired_certificate_is_told(tmp_path: Path) -> None:
    certificate = expired(tmp_path, "127.0.0.1")
    with server_of(certificate) as url:
        assert "has expired" in failure(at(url, Trust(authorities=certificate.file))).problem


def test_ones_own_vouches_for_itself_alone(tmp_path: Path) -> None:
    own = make_certificate("localhost")
    signed_by_it = make_certificate(names=("127.0.0.1",), signer=own)
    with server_of(signed_by_it.written(tmp_path)) as url:
        assert "vouches" in failure(at(url, Trust(own=(own.der,)))).problem


def test_nothing_is_said_to_a_stranger(localhost: Written) -> None:
    said = bytearray()

    def listen(peer: socket.socket) -> None:
        while data := peer.recv(65536):
            said.extend(data)

    with server_of(localhost, listen) as url:
        for trust in (Trust(), Trust(fingerprint="0" * 64), Trust(own=(b"x",))):
            with pytest.raises(ConnectError):
                put(at(url, trust), password="secret")
    assert not said


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("missing.pem", None, "no such file"),
        ("text.pem", "no certificate\n", "holds no certificates to trust"),
    ],
)
def test_a_file_that_cannot_vouch_is_told(
    localhost: Written, tmp_path: Path, name: str, content: str | None, told: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content)
    with server_of(localhost) as url:
        error = failure(at(url, Trust(authorities=file)))
    assert str(file) in error.problem
    assert told in error.problem


# What is no TLS


def test_where_nobody_listens_no_tls_is_blamed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(at(f"tls://127.0.0.1:{port}"))
    assert (error.phase, error.problem) == ("connect", "connection refused")


def test_a_server_of_plain_text_is_told() -> None:
    with listening(old_server) as url:
        error = failure(at(url.replace("tcp", "tls")))
    assert error.phase == "TLS"
    assert "does not speak TLS" in error.problem
    assert "tcp://" in error.next_step


def closes(_peer: socket.socket) -> None:
    """Close at once, as a door does that is full."""


def resets(peer: socket.socket) -> None:
    peer.recv(1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stops_in_the_middle(peer: socket.socket) -> None:
    peer.recv(65536)
    peer.sendall(b"\x16\x03\x03\x00\x7a\x02")


@pytest.mark.parametrize("handler", [closes, resets, stops_in_the_middle])
def test_a_door_that_closes_before_the_handshake_ended_is_told_as_full(handler: Handler) -> None:
    with listening(handler) as url:
        error = failure(at(url.replace("tcp", "tls")))
    assert error.phase == "TLS"
    assert "closed the connection before the end of the handshake" in error.problem
    assert "It may be full" in error.next_step


def test_a_handshake_that_never_ends_is_left() -> None:
    is_left = threading.Event()

    def wait(peer: socket.socket) -> None:
        while peer.recv(65536):
            pass
        is_left.set()

    with listening(wait) as url:
        error = failure(at(url.replace("tcp", "tls")), seconds=0.2)
        assert is_left.wait(BOUND_SECONDS)
    assert "no handshake within 0.2 s" in error.problem


def test_a_handshake_that_is_dripped_is_left_in_time() -> None:
    def drip(peer: socket.socket) -> None:
        peer.settimeout(0.02)
        peer.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xff")
        with contextlib.suppress(ConnectionError):
            while True:
                peer.sendall(b"\0")
                with contextlib.suppress(TimeoutError):
                    if not peer.recv(65536):
                        return

    with listening(drip) as url:
        error = failure(at(url.replace("tcp", "tls")), seconds=0.3)
    assert "no handshake within 0.3 s" in error.problem


# A client's certificate


def test_a_server_sees_the_certificate_that_a_client_shows(
    localhost: Written, root: Authority, tmp_path: Path
) -> None:
    alice = root.issue(tmp_path, "alice")
    shown: list[bytes | None] = []

    def handle(peer: socket.socket) -> None:
        assert isinstance(peer, ssl.SSLSocket)
        shown.append(peer.getpeercert(binary_form=True))
        peer.sendall(b"here\n")

    trust = Trust(authorities=localhost.file, client_certificate=alice.file, client_key=alice.key)
    for version in VERSIONS:
        context = server_context(localhost, version=version, client_authority=root.file)
        with listening_tls(handle, context) as url:
            assert greets(at(url, trust))
    assert shown == [alice.der, alice.der]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_is_shown_to_no_server_before_it_is_known(
    localhost: Written,
    root: Authority,
    tmp_path: Path,
    version: ssl.TLSVersion,
    known: bool,  # noqa: FBT001
) -> None:
    alice = root.issue(tmp_path, "alice")
    shown: list[bytes | None] = []

    def handle(peer: socket.socket) -> None:
        assert isinstance(peer, ssl.SSLSocket)
        shown.append(peer.getpeercert(binary_form=True))
        old_server(peer)

    context = server_context(localhost, version=version, client_authority=root.file)
    own = localhost.der if known else b"another"
    with listening_tls(handle, context) as url:
        for trust in (Trust(own=(own,)), Trust(fingerprint=sha256(own).hexdigest())):
            shows = replace(trust, client_certificate=alice.file, client_key=alice.key)
            if known and version is ssl.TLSVersion.TLSv1_3:
                assert greets(at(url, shows))
            else:
                failure(at(url, shows))
    assert shown == [alice.der, alice.der] * (known and version is ssl.TLSVersion.TLSv1_3)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_wants_a_certificate_says_so(
    localhost: Written, root: Authority, version: ssl.TLSVersion
) -> None:
    context = server_context(localhost, version=version, client_authority=root.file)
    with listening_tls(old_server, context) as url, pytest.raises(ConnectError) as caught:
        put(at(url, Trust(authorities=localhost.file)))
    assert caught.value.phase == "TLS"
    if version is ssl.TLSVersion.TLSv1_3:  # 1.2 has no alert of its own for that
        assert "--client-certificate" in caught.value.next_step


def test_a_certificate_that_the_server_does_not_know_is_told(
    localhost: Written, root: Authority, tmp_path: Path
) -> None:
    stranger = self_signed(tmp_path, "mallory")
    trust = Trust(authorities=localhost.file, client_certificate=stranger.file, client_key=stranger.key)
    context = server_context(localhost, client_authority=root.file)
    with listening_tls(old_server, context) as url, pytest.raises(ConnectError) as caught:
        put(at(url, trust))
    assert caught.value.problem == "the server does not know this client certificate"


def test_a_pair_that_cannot_be_used_is_told(localhost: Written, root: Authority, tmp_path: Path) -> None:
    alice = root.issue(tmp_path, "alice")
    endpoint = at("tls://127.0.0.1:1")

    def told(certificate: Path, key: Path | None = None) -> str:
        return str(failure(replace(endpoint, trust=Trust(client_certificate=certificate, client_key=key))))

    expected = f"the private key in {localhost.key} is not that of the certificate in {alice.file}"
    assert expected in told(alice.file, localhost.key)
    rsa = make_certificate(private_key=generate_private_key(65537, 2048)).written(tmp_path / "rsa")
    assert "is not that of the certificate" in told(alice.file, rsa.key)
    assert f"there is no private key in {alice.file}. It is to stand there in PEM. Name it" in told(
        alice.file
    )
    assert f"there is no certificate in {alice.key}" in told(alice.key, alice.key)
    assert f"{tmp_path}/none cannot be read: No such file" in told(alice.file, tmp_path / "none")


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("format_", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_a_key_with_a_passphrase_is_told_with_what_takes_it_off(
    tmp_path: Path, format_: PrivateFormat
) -> None:
    made = make_certificate()
    certificate, key = made.written(tmp_path)
    key.write_text(made.encrypted_key_pem(format_))
    error = failure(at("tls://127.0.0.1:1", Trust(client_certificate=certificate, client_key=key)))
    assert f"the private key in {key} has a passphrase" in error.problem
    line = error.next_step.removeprefix("This writes it without one: ")
    words = [*shlex.split(line), "-passin", "pass:sesame"]
    subprocess.run(words, check=True, cwd=tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    trust = Trust(client_certificate=certificate, client_key=tmp_path / "plain.key")
    assert failure(at(f"tls://127.0.0.1:{port}", trust)).phase == "connect"


# The protocol over it


@pytest.mark.parametrize("version", VERSIONS)
def test_login_frames_and_input_work_as_over_any_wire(localhost: Written, version: ssl.TLSVersion) -> None:
    server = LoginServer("alice sesame")
    data = bytes(range(256)) * 8000
    trust = Trust(authorities=localhost.file)
    with listening_tls(server, server_context(localhost, version=version)) as url:
        with stdin_of(data) as descriptor:
            reply, out, _ = put(at(url, trust), "take", password="alice sesame", input_descriptor=descriptor)
        assert (reply.number, out) == (7, b"take\n")
        reply, out, err = put(at(url, trust), "fail", password="alice sesame")
        assert reply.outcome is not None
        assert (reply.outcome.status, out, err) == (3, b"fail\n", b"no\n")
        reply, _, _ = put(at(url, trust), password="wrong")
        assert reply.outcome is not None
        assert reply.outcome.kind is OutcomeKind.REFUSED
        reply, _, _ = put(at(url, trust), "wait", password="alice sesame", timeout_seconds=0.2)
        assert reply.outcome is not None
        assert (reply.was_out_of_time, reply.outcome.kind) == (True, OutcomeKind.CANCELLED)
    assert bytes(server.taken) == data


def test_a_server_of_text_is_asked_again_in_text(localhost: Written) -> None:
    with server_of(localhost) as url:
        reply, out, _ = put(at(url, Trust(authorities=localhost.file)), "'two words'")
    assert (reply.outcome, out) == (None, b"Welcome.\nyou said 'two words'\n")


def test_a_server_of_text_that_waits_for_more_lines_hears_that_none_come(
    localhost: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "QUIET_SECONDS", 0.1)
    with server_of(localhost, keeping_server) as url:
        _, out, _ = put(at(url, Trust(authorities=localhost.file)), seconds=0.5)
    assert out == b"> you said df\n> "


def test_text_that_was_cut_is_shown_and_told(localhost: Written) -> None:
    def cut(peer: socket.socket) -> None:
        peer.sendall(b"Welcome.\n")
        line = read_line(peer)
        peer.sendall(b"Eh?\n" if line == b"doorward/1\n" else b"half an ans")
        peer.shutdown(socket.SHUT_RDWR)

    kept = Kept(1000)
    request = Request(line="df", login=no_login, input_descriptor=None)
    with server_of(localhost, cut) as url, pytest.raises(ConnectError, match="without the end") as caught:
        ask(at(url, Trust(authorities=localhost.file)), request, kept, interruptible=never)
    assert caught.value.next_step == "What came may be incomplete."
    assert kept.out == b"Welcome.\nhalf an ans"


def test_records_that_are_forged_end_it(localhost: Written) -> None:
    def forge(peer: socket.socket) -> None:
        read_line(peer)
        with socket.socket(fileno=peer.fileno()) as bare:
            bare.sendall(b"\x17\x03\x03\x00\x20" + b"\0" * 32)
            bare.detach()
        while peer.recv(65536):
            pass

    with server_of(localhost, forge) as url, pytest.raises(ConnectError) as caught:
        put(at(url, Trust(authorities=localhost.file)))
    assert caught.value.phase == "TLS"


# A foreign server


@contextlib.contextmanager
def s_server(certificate: Written, *options: str) -> Iterator[str]:
    """`openssl s_server` on a free port; yields the URL."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", *options]
    files = ["-cert", str(certificate.file), "-key", str(certificate.key)]
    with subprocess.Popen(
        [*command, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        try:
            for line in server.stdout:
                if line.startswith(b"ACCEPT"):
                    yield "tls://" + line.split()[1].decode()
                    break
        finally:
            server.kill()


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_as_a_server_that_turns_lines_around(
    localhost: Written, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "QUIET_SECONDS", 0.3)
    with s_server(localhost, "-rev", version) as url:
        reply, out, _ = put(at(url, Trust(fingerprint=localhost.fingerprint)), "uptime", seconds=1.0)
    assert (reply.outcome, out) == (None, b"emitpu\n")


@pytest.mark.needs_program("openssl", package="openssl")
def test_a_server_of_an_old_tls_is_refused(localhost: Written) -> None:
    with s_server(localhost, "-rev", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as url:
        error = failure(at(url, Trust(fingerprint=localhost.fingerprint)))
    assert error.phase == "TLS"
    assert "no TLS that is safe enough" in error.problem
