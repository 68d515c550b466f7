"""Both ends of TLS wired together in memory, over every version that is spoken."""

import contextlib
import random
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorward.core.errors import TlsFailed
from doorward.lines.tls import TlsLayer
from tests.certificates import Authority, Written, client_context, self_signed, server_context
from tests.lines.dialogue import cut_at, one_by_one, whole

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
CUTS = [whole, one_by_one]

Cut = Callable[[bytes], list[bytes]]
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]

# the fixtures do not change from example to example
unchanged = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
# seeded and not drawn: how long a handshake is differs from time to time, as signatures do
seeds = st.integers(0, 2**32).map(random.Random)


@dataclass
class Pair:
    """
    A client and a server, and what each said to the other.

    Attributes:
        cut: what a network does to the pieces.
    """

    client: TlsLayer
    server: TlsLayer
    cut: Cut = whole
    client_heard: bytearray = field(default_factory=bytearray)
    server_heard: bytearray = field(default_factory=bytearray)

    def flow(self) -> None:
        """Carry everything over until both are silent."""
        while (to_server := self.client.bytes_to_send()) or (to_client := self.server.bytes_to_send()):
            if to_server:
                self._carry(to_server, self.server, self.server_heard)
            else:
                self._carry(to_client, self.client, self.client_heard)

    def _carry(self, data: bytes, end: TlsLayer, heard: bytearray) -> None:
        for piece in self.cut(data):
            try:
                end.receive_data(piece)
            finally:
                heard += end.take_plain()


def randomly(chances: random.Random) -> Cut:
    def cut(data: bytes) -> list[bytes]:
        return cut_at(data, [chances.randrange(len(data)) for _ in range(chances.randrange(20))])

    return cut


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def contexts(request: pytest.FixtureRequest, localhost: Written) -> Contexts:
    """A client's and a server's that trust each other."""
    return (
        client_context(localhost.file, version=request.param),
        server_context(localhost, version=request.param),
    )


def pair_of(contexts: Contexts, *, cut: Cut = whole, name: str = "localhost") -> Pair:
    return Pair(
        TlsLayer(contexts[0], server_side=False, server_hostname=name),
        TlsLayer(contexts[1], server_side=True),
        cut,
    )


def established(contexts: Contexts, *, cut: Cut = whole) -> Pair:
    pair = pair_of(contexts, cut=cut)
    pair.flow()
    assert pair.client.is_established
    assert pair.server.is_established
    return pair


def has_ended(end: TlsLayer) -> bool:
    # asked by call: a type checker takes a property for unchanged
    return end.peer_has_ended


payloads = st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 50_000).map(bytes)), max_size=5)


@unchanged
@given(payloads, payloads, seeds, st.booleans())
def test_what_each_end_says_arrives_whole_in_any_chunking(
    contexts: Contexts,
    questions: list[bytes],
    answers: list[bytes],
    chances: random.Random,
    is_early: bool,  # noqa: FBT001 - Hypothesis names its arguments
) -> None:
    pair = pair_of(contexts, cut=randomly(chances))
    if not is_early:
        pair.flow()
    for data in questions:
        pair.client.send(data)
    for data in answers:
        pair.server.send(data)
    pair.client.close_sending()
    pair.server.close_sending()
    pair.flow()
    assert pair.server_heard == b"".join(questions)
    assert pair.client_heard == b"".join(answers)
    for end in (pair.client, pair.server):
        assert end.peer_has_ended
        end.receive_eof()
        assert not end.was_cut


@pytest.mark.parametrize("cut", CUTS)
def test_a_client_that_ended_its_side_reads_the_answer(contexts: Contexts, cut: Cut) -> None:
    pair = established(contexts, cut=cut)
    pair.client.send(b"df\n")
    pair.client.close_sending()
    pair.flow()
    assert pair.server.peer_has_ended
    assert pair.server_heard == b"df\n"
    for _ in range(3):
        pair.server.send(b"x" * 40_000)
        pair.flow()
    assert len(pair.client_heard) == 120_000
    assert not has_ended(pair.client)
    pair.server.close_sending()
    pair.flow()
    assert has_ended(pair.client)


@pytest.mark.parametrize("cut", CUTS)
def test_a_server_that_ended_its_side_hears_the_client_out(contexts: Contexts, cut: Cut) -> None:
    pair = established(contexts, cut=cut)
    pair.server.send(b"bye\n")
    pair.server.close_sending()
    pair.flow()
    assert pair.client.peer_has_ended
    pair.client.send(b"still here\n")
    pair.client.close_sending()
    pair.flow()
    assert pair.client_heard == b"bye\n"
    assert pair.server_heard == b"still here\n"
    assert pair.server.peer_has_ended


def test_an_end_closes_while_half_a_record_of_the_other_is_under_way(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.server.send(b"an answer")
    record = pair.server.bytes_to_send()
    pair.client.receive_data(record[:9])
    pair.client.close_sending()
    pair.client.receive_data(record[9:])
    assert pair.client.take_plain() == b"an answer"
    pair.flow()
    assert pair.server.peer_has_ended


def test_what_came_with_the_end_is_taken_before_it_is_told(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.client.send(b"last words")
    pair.client.close_sending()
    pair.server.receive_data(pair.client.bytes_to_send())
    assert not has_ended(pair.server)
    assert pair.server.take_plain() == b"last words"
    assert has_ended(pair.server)


def test_what_is_sent_early_waits_for_the_handshake_in_its_order(contexts: Contexts) -> None:
    pair = pair_of(contexts)
    pair.server.send(b"one ")
    pair.server.send(b"two ")
    assert pair.server.bytes_to_send() == b""
    pair.server.send(b"three")
    pair.server.close_sending()
    pair.flow()
    assert pair.client_heard == b"one two three"
    assert pair.client.peer_has_ended


def test_closing_twice_ends_once_and_sending_afterwards_is_a_mistake(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.client.close_sending()
    assert pair.client.bytes_to_send()
    pair.client.close_sending()
    assert pair.client.bytes_to_send() == b""
    with pytest.raises(RuntimeError):
        pair.client.send(b"x")


@pytest.mark.parametrize("size_bytes", [1, 16_383, 16_384, 16_385, 3_000_000])
def test_much_at_once_arrives_whole(contexts: Contexts, size_bytes: int) -> None:
    pair = established(contexts)
    data = random.Random(size_bytes).randbytes(size_bytes)
    pair.client.send(data)
    pair.server.send(data)
    pair.flow()
    assert pair.client_heard == pair.server_heard == data


def test_a_batch_is_one_piece_for_the_wire_and_one_for_the_reader(contexts: Contexts) -> None:
    pair = established(contexts)
    for _ in range(100):
        pair.client.send(b"x")
    pair.server.receive_data(pair.client.bytes_to_send())
    assert pair.client.bytes_to_send() == b""
    assert pair.server.take_plain() == b"x" * 100
    assert pair.server.take_plain() == b""


def test_nothing_is_sent_for_nothing(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.client.send(b"")
    pair.client.receive_data(b"")
    assert pair.client.bytes_to_send() == b""
    assert pair.client.take_plain() == b""


def test_each_end_sees_the_certificate_of_the_other(
    localhost: Written, root: Authority, tmp_path: Path
) -> None:
    alice = root.issue(tmp_path, "alice")
    showing = client_context(localhost.file)
    showing.load_cert_chain(alice.file, alice.key)
    pair = pair_of((showing, server_context(localhost, client_authority=root.file)))
    pair.flow()
    assert pair.client.peer_certificate == localhost.der
    assert pair.server.peer_certificate == alice.der


def test_before_the_end_of_the_handshake_there_is_no_certificate(contexts: Contexts) -> None:
    assert pair_of(contexts).client.peer_certificate is None


def test_a_peer_that_shows_no_certificate_has_none(contexts: Contexts) -> None:
    assert established(contexts).server.peer_certificate is None


def test_a_client_resumes_a_session_on_another_connection(contexts: Contexts) -> None:
    assert pair_of(contexts).client.session is None
    first = established(contexts)
    assert not first.client.has_resumed
    again = Pair(
        TlsLayer(contexts[0], server_side=False, server_hostname="localhost", session=first.client.session),
        TlsLayer(contexts[1], server_side=True),
    )
    again.flow()
    assert again.client.has_resumed
    assert again.server.has_resumed


def test_a_session_of_another_context_is_a_mistake(contexts: Contexts, localhost: Written) -> None:
    session = established(contexts).client.session
    other = client_context(localhost.file)
    with pytest.raises(ValueError, match="different SSLContext"):
        TlsLayer(other, server_side=False, server_hostname="localhost", session=session)


# What goes wrong


def failure_of(pair: Pair) -> TlsFailed:
    with pytest.raises(TlsFailed) as caught:
        pair.flow()
    return caught.value


def test_a_certificate_that_is_not_trusted_is_told_to_both(
    contexts: Contexts, localhost: Written, tmp_path: Path
) -> None:
    stranger = self_signed(tmp_path, "localhost")
    pair = pair_of((client_context(stranger.file), contexts[1]))
    failed = failure_of(pair)
    assert failed.verify_code == 18  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    assert failed.reason == "self-signed certificate"
    assert not pair.client.is_established
    assert failure_of(pair).code == "TLSV1_ALERT_UNKNOWN_CA"
    assert not pair.server.is_established
    assert pair.client.peer_certificate is None


def test_a_certificate_for_another_name_fails(contexts: Contexts) -> None:
    failed = failure_of(pair_of(contexts, name="example.org"))
    assert failed.verify_code == 62  # X509_V_ERR_HOSTNAME_MISMATCH
    assert "example.org" in failed.reason


def test_after_a_failure_nothing_is_sent_and_nothing_is_heard(contexts: Contexts) -> None:
    pair = pair_of(contexts, name="example.org")
    pair.client.send(b"secret")
    failure_of(pair)
    alert = pair.client.bytes_to_send()
    assert 0 < len(alert) < 100
    pair.client.send(b"secret")
    pair.client.close_sending()
    pair.client.receive_data(b"anything")
    assert pair.client.bytes_to_send() == b""
    assert pair.client.take_plain() == b""


def test_what_came_before_a_failure_is_still_heard(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.server.send(b"heard")
    with pytest.raises(TlsFailed):
        pair.client.receive_data(pair.server.bytes_to_send() + b"\x17\x03\x03\x00\x20" + b"\0" * 32)
    assert pair.client.take_plain() == b"heard"
    assert pair.client.bytes_to_send()  # the alert


@pytest.mark.parametrize(
    "text", [b"What can I do for you?\n", b"df\n\n\n\n", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 9]
)
def test_plain_text_is_no_tls_for_either_end(contexts: Contexts, text: bytes) -> None:
    pair = pair_of(contexts)
    with pytest.raises(TlsFailed) as at_client:
        pair.client.receive_data(text)
    assert at_client.value.code
    with pytest.raises(TlsFailed) as at_server:
        pair.server.receive_data(text)
    assert at_server.value.code


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_wire_cut_in_the_handshake_is_told(contexts: Contexts, share: float) -> None:
    pair = pair_of(contexts)
    hello = pair.client.bytes_to_send()
    pair.server.receive_data(hello[: int(len(hello) * share)])
    pair.server.receive_eof()
    assert pair.server.was_cut
    assert not pair.server.is_established
    assert not pair.server.peer_has_ended


def test_a_wire_that_ends_without_a_word_is_cut_and_with_one_is_not(contexts: Contexts) -> None:
    pair = established(contexts)
    pair.client.send(b"df")
    pair.flow()
    pair.server.receive_eof()
    assert pair.server.was_cut
    assert not pair.server.peer_has_ended

    pair = established(contexts)
    pair.client.close_sending()
    pair.flow()
    pair.server.receive_eof()
    assert not pair.server.was_cut
    assert pair.server.peer_has_ended


@unchanged
@given(st.lists(st.binary(max_size=600), max_size=4), seeds)
def test_only_the_documented_error_escapes_from_garbage(
    contexts: Contexts, pieces: list[bytes], chances: random.Random
) -> None:
    pair = pair_of(contexts)
    hello = pair.client.bytes_to_send()
    for data in pieces:
        for end in (pair.client, pair.server):
            feed(end, data)
    at = chances.randrange(len(hello))
    damaged = hello[:at] + bytes([hello[at] ^ (1 << chances.randrange(8))]) + hello[at + 1 :]
    feed(pair_of(contexts).server, damaged)


@unchanged
@given(seeds)
def test_only_the_documented_error_escapes_from_a_damaged_record(
    contexts: Contexts, chances: random.Random
) -> None:
    pair = established(contexts)
    pair.client.send(b"a line\n")
    pair.client.close_sending()
    records = bytearray(pair.client.bytes_to_send())
    records[chances.randrange(len(records))] ^= 1 << chances.randrange(8)
    feed(pair.server, bytes(records))
    assert pair.server.take_plain() in {b"", b"a line\n"}


def feed(end: TlsLayer, data: bytes) -> None:
    with contextlib.suppress(TlsFailed):
        end.receive_data(data)
    end.bytes_to_send()
    end.close_sending()


def test_a_handshake_message_without_end_is_refused_by_its_header(contexts: Contexts) -> None:
    pair = pair_of(contexts)
    # a handshake message as long as its header can say
    with pytest.raises(TlsFailed):
        pair.server.receive_data(b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + b"\0" * 16_380)


def test_the_cost_grows_no_faster_than_the_chunks(contexts: Contexts) -> None:
    def seconds_for(size_bytes: int) -> float:
        pair = established(contexts)
        pair.client.send(bytes(size_bytes))
        records = one_by_one(pair.client.bytes_to_send())
        start = time.process_time()
        for piece in records:
            pair.server.receive_data(piece)
        taken = time.process_time() - start
        assert len(pair.server.take_plain()) == size_bytes
        return taken

    small = min(seconds_for(30_000) for _ in range(3))
    assert seconds_for(300_000) < 30 * small


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    A foreign client that is connected to us.

    Attributes:
        process: it; what is written to its stdin it takes for typed.
        peer: its connection.
    """

    process: subprocess.Popen[bytes]
    peer: socket.socket

    def type(self, data: bytes) -> None:
        """Have it take `data` for typed."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Nothing more is typed."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def shown(self) -> bytes:
        """Whatever it showed until its end."""
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextlib.contextmanager
def client_of(*words: str) -> Iterator[Foreign]:
    """Start a client; `ADDRESS` in its words is where we listen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "{}:{}".format(*listener.getsockname())
        command = [word.replace("ADDRESS", address) for word in words]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                listener.settimeout(10)
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(10)
                    yield Foreign(process, peer)
            finally:
                process.kill()


def s_client(*options: str) -> contextlib.AbstractContextManager[Foreign]:
    return client_of("openssl", "s_client", *options, "-connect", "ADDRESS")


def carry(peer: socket.socket, layer: TlsLayer) -> tuple[int, int]:
    """Bring over what came, and the answer back; gives how many bytes each was."""
    data = peer.recv(65_536)
    with contextlib.suppress(TlsFailed):
        layer.receive_data(data)
    answer = layer.bytes_to_send()
    peer.sendall(answer)
    return len(data), len(answer)


@pytest.mark.needs_program("openssl", package="openssl")
def test_wishes_for_new_keys_without_end_make_nothing_grow(localhost: Written) -> None:
    layer = TlsLayer(server_context(localhost), server_side=True)
    with s_client("-tls1_3") as client:
        while not layer.is_established:
            carry(client.peer, layer)
        came_bytes = answered_bytes = 0
        for _ in range(100):
            client.type(b"K\n")  # a KeyUpdate that asks for one
            came, answered = carry(client.peer, layer)
            came_bytes, answered_bytes = came_bytes + came, answered_bytes + answered
            assert layer.take_plain() == b""
        assert 0 < answered_bytes <= came_bytes
        client.type(b"df\n")
        carry(client.peer, layer)
        assert layer.take_plain() == b"df\n"


@pytest.mark.needs_program("openssl", package="openssl")
def test_another_handshake_within_the_first_is_declined(localhost: Written) -> None:
    layer = TlsLayer(server_context(localhost), server_side=True)
    with s_client("-tls1_2") as client:
        while not layer.is_established:
            carry(client.peer, layer)
        client.type(b"R\n")
        came_bytes, answered_bytes = carry(client.peer, layer)
        assert came_bytes > 100
        assert 0 < answered_bytes < 100


VERSION_OPTIONS = ["-tls1_2", "-tls1_3"]


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("version", VERSION_OPTIONS)
@pytest.mark.parametrize(("options", "hears_the_answer"), [(["-quiet"], True), ([], False)])
def test_openssl_s_client_hears_the_answer_after_its_input_ended_when_it_is_quiet(
    localhost: Written, version: str, options: list[str], *, hears_the_answer: bool
) -> None:
    layer = TlsLayer(server_context(localhost), server_side=True)
    with s_client(version, *options) as client:
        client.type(b"df\n")
        client.end_input()
        heard = b""
        while heard != b"df\n":
            carry(client.peer, layer)
            heard += layer.take_plain()
        while not (hears_the_answer or layer.peer_has_ended):
            carry(client.peer, layer)
        layer.send(b"the answer\n")
        layer.close_sending()
        with contextlib.suppress(ConnectionError):  # one that has left
            client.peer.sendall(layer.bytes_to_send())
        client.peer.shutdown(socket.SHUT_WR)
        assert (b"the answer\n" in client.shown()) is hears_the_answer


@pytest.mark.needs_program("socat", package="socat")
@pytest.mark.parametrize("version", ["TLS1.2", "TLS1.3"])
def test_socat_ends_its_side_and_hears_the_answer(localhost: Written, version: str) -> None:
    limits = f"openssl-min-proto-version={version},openssl-max-proto-version={version}"
    layer = TlsLayer(server_context(localhost), server_side=True)
    with client_of("socat", "-t10", "-", f"OPENSSL:ADDRESS,verify=0,{limits}") as client:
        client.type(b"df\n")
        client.end_input()
        heard = b""
        while not layer.peer_has_ended:
            carry(client.peer, layer)
            heard += layer.take_plain()
        assert heard == b"df\n"
        layer.send(b"the answer\n" * 10_000)
        layer.close_sending()
        client.peer.sendall(layer.bytes_to_send())
        client.peer.shutdown(socket.SHUT_WR)
        assert client.shown() == b"the answer\n" * 10_000
