import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients._asking import Descriptors, Kept, Reply, Request
from doorward.clients._endpoints import HttpEndpoint, LineEndpoint, SshEndpoint, TlsEndpoint, parse_endpoint
from doorward.clients._trust import Trust
from doorward.clients.lines import asking, conversation
from doorward.clients.lines.asking import ask
from doorward.core.errors import BadArgument, ConnectError
from doorward.core.launch import Stream
from doorward.core.outcome import OutcomeKind
from doorward.core.secret import Secret
from tests.certificates import Written, server_context
from tests.clients.lines.peers import (
    LoginServer,
    keeping_server,
    listening,
    listening_at,
    listening_tls,
    old_server,
    read_line,
    says,
)
from tests.daemon import RunningDaemon

READY = b"What can I do for you?\nready 0\n"


@contextlib.contextmanager
def never(_cancel: Callable[[], bool]) -> Iterator[None]:
    yield


def no_login(_form: str) -> Secret:
    raise AssertionError("no login was expected")


def line_endpoint(url: str) -> LineEndpoint:
    endpoint = parse_endpoint(url)
    assert not isinstance(endpoint, HttpEndpoint | SshEndpoint)
    return endpoint


def put(
    url: str,
    line: str,
    *,
    login: Callable[[str], Secret] = no_login,
    trust: Trust | None = None,
    input_descriptor: int | None = None,
    connect_seconds: float = 10.0,
    timeout_seconds: float | None = None,
    most_bytes: int = 1 << 26,
) -> tuple[Reply, bytes, bytes]:
    kept = Kept(most_bytes)
    request = Request(
        line=line,
        login=login,
        input_descriptor=input_descriptor,
        connect_seconds=connect_seconds,
        timeout_seconds=timeout_seconds,
    )
    endpoint = line_endpoint(url)
    if isinstance(endpoint, TlsEndpoint) and trust is not None:
        endpoint = replace(endpoint, trust=trust)
    reply = ask(endpoint, request, kept, interruptible=never)
    return reply, bytes(kept.out), bytes(kept.err)


@contextlib.contextmanager
def stdin_of(data: bytes) -> Iterator[int]:
    """A descriptor that reads as `data`."""
    descriptor = os.memfd_create("stdin")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


# Frames


def test_both_streams_and_the_exit_status_are_true(daemon: RunningDaemon) -> None:
    for url in (daemon.unix_url, daemon.tcp_url):
        reply, out, err = put(url, "echo hello")
        assert (reply.outcome is not None and reply.outcome.is_success, out, err) == (True, b"hello\n", b"")
    reply, out, err = put(daemon.unix_url, "fail")
    assert reply.outcome is not None
    assert (reply.outcome.exit_status, out, err) == (3, b"out\n", b"err\n")
    assert reply.number > 0


def test_input_goes_to_a_run_that_takes_it_and_comes_back_whole(daemon: RunningDaemon) -> None:
    data = os.urandom(700_000)
    with stdin_of(data) as descriptor:
        reply, out, _ = put(daemon.unix_url, "copy", input_descriptor=descriptor)
    assert out == data
    assert reply.outcome is not None
    assert reply.outcome.is_success


def test_input_stays_unread_when_the_run_takes_none(daemon: RunningDaemon) -> None:
    with stdin_of(b"mine") as descriptor:
        put(daemon.unix_url, "echo x", input_descriptor=descriptor)
        assert os.read(descriptor, 10) == b"mine"


def test_an_absent_input_is_an_empty_one(daemon: RunningDaemon) -> None:
    assert put(daemon.unix_url, "copy")[1] == b""


def test_a_slow_reader_of_the_output_holds_up_neither_input_nor_end(daemon: RunningDaemon) -> None:
    data = b"x" * 600_000
    reader, writer = os.pipe()
    with stdin_of(data) as descriptor:
        child = os.fork()
        if child == 0:
            try:
                request = Request(line="copy", login=no_login, input_descriptor=descriptor)
                url = line_endpoint(daemon.unix_url)
                ask(url, request, Descriptors(writer, writer), interruptible=never)
                os._exit(0)
            finally:
                os._exit(1)
        os.close(writer)
        with open(reader, "rb", buffering=0) as output:
            got = b"".join(iter(lambda: output.read(1000), b""))
        assert os.waitpid(child, 0)[1] == 0
    assert got == data


def test_the_time_limit_cancels_the_run(daemon: RunningDaemon) -> None:
    reply, out, _ = put(daemon.unix_url, "wait", timeout_seconds=0.5)
    assert reply.was_out_of_time
    assert reply.outcome is not None
    assert reply.outcome.kind is OutcomeKind.CANCELLED
    assert out == b"begun\n"


def test_a_line_that_fits_in_no_frame_is_refused_before_it_is_sent() -> None:
    with pytest.raises(BadArgument, match="at most 65536 bytes"):
        put("tcp://127.0.0.1:1", "x" * 70_000)


def test_more_output_than_is_kept_is_an_error(daemon: RunningDaemon) -> None:
    with pytest.raises(ConnectError, match="too long to be kept"):
        put(daemon.unix_url, "flood", most_bytes=10_000)


def test_a_connection_lost_in_the_middle_names_address_and_phase() -> None:
    with (
        listening(says(READY + b"run 1\n4out 3\nabc", then_waits=False)) as url,
        pytest.raises(ConnectError) as caught,
    ):
        put(url, "df")
    assert caught.value.address == url
    assert caught.value.phase == "read"
    assert "before the answer was complete" in caught.value.problem


def test_a_session_that_was_ended_alone_is_not_taken_for_the_daemon_s_end(localhost: Written) -> None:
    served: list[str] = []
    context = server_context(localhost)

    def handle(peer: socket.socket) -> None:
        if served:
            return  # a removed user's handshake comes to nothing
        served.append("df")
        with context.wrap_socket(peer, server_side=True) as secured:
            says(READY + b"run 1\n5")(secured)
            secured.unwrap()

    expected = r"not known: the daemon ended this session; the run may go on: `doorward runs` tells\."
    with listening(handle) as url, pytest.raises(ConnectError, match=expected):
        put(url.replace("tcp", "tls"), "df", trust=Trust(own=(localhost.der,)))


def test_a_daemon_that_greets_no_more_but_listens_is_not_taken_for_gone() -> None:
    served: list[str] = []

    def handle(peer: socket.socket) -> None:
        if not served:
            served.append("df")
            says(READY + b"run 1\n5")(peer)

    with (
        listening(handle) as url,
        pytest.raises(ConnectError, match=r"is not known; `doorward runs` may tell\."),
    ):
        put(url, "df")


def test_a_daemon_that_leaves_before_anything_was_asked_is_told(localhost: Written) -> None:
    leaves = says(b"What can I do for you?\nlogin 0\n")
    with (
        listening_tls(leaves, server_context(localhost)) as url,
        pytest.raises(ConnectError, match=r"login: .*closed the connection before anything was asked|lost"),
    ):
        put(url, "df", login=lambda _form: Secret("x"), trust=Trust(own=(localhost.der,)))


def test_a_reset_connection_is_an_error_and_never_an_end() -> None:
    def reset(peer: socket.socket) -> None:
        read_line(peer)
        peer.sendall(READY)
        peer.recv(1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with listening(reset) as url, pytest.raises(ConnectError, match="connection was lost"):
        put(url, "df")


@pytest.mark.parametrize(
    "data", [b"nonsense\n", b"out 99999999\n", b"run x\n", b"run 1\nx", b"end 2\n{}", b"end 3\nxyz"]
)
def test_frames_that_break_the_rules_are_a_bad_reply(data: bytes) -> None:
    with (
        listening(says(READY + data, then_waits=True)) as url,
        pytest.raises(ConnectError, match="the peer broke the protocol"),
    ):
        put(url, "df")


def test_a_peer_that_says_nothing_is_not_waited_for_forever() -> None:
    with (
        listening(says(b"", then_waits=True)) as url,
        pytest.raises(ConnectError, match=r"no greeting came within 0.2 s"),
    ):
        put(url, "df", connect_seconds=0.2)


def test_the_end_of_a_cancelled_run_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", 0.1)
    with (
        listening(says(READY + b"run 1\n5", then_waits=True)) as url,
        pytest.raises(ConnectError, match="was cancelled and did not end"),
    ):
        put(url, "df", timeout_seconds=0.1)


class CancelsAtItsFirstOutput:
    """A sink that cancels, and whose output is read only a good while after that."""

    def __init__(self, descriptor: int, read: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._read = read
        self.cancel: Callable[[], bool] | None = None

    @contextlib.contextmanager
    def interruptible(self, cancel: Callable[[], bool]) -> Iterator[None]:
        self.cancel = cancel
        yield

    def take(self, stream: Stream, data: bytes) -> int | None:
        if self.cancel is not None:
            assert self.cancel()
            self.cancel = None
            threading.Timer(0.5, self._read).start()
        return self._descriptor


def test_an_end_that_waits_behind_a_slow_stdout_is_not_taken_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", 0.1)
    output = b"x" * 60_000
    end = b'{"kind":"cancelled","exit_status":143,"signal":15}'
    said = b"run 1\n1" + 3 * (b"out %d\n%b" % (len(output), output)) + b"end %d\n%b" % (len(end), end)
    reader, writer = os.pipe()  # which holds 65,536 bytes
    with open(reader, "rb") as slow, listening(says(READY + said, then_waits=True)) as url:
        sink = CancelsAtItsFirstOutput(writer, lambda: len(slow.read(3 * len(output))))
        request = Request(line="df", login=no_login, input_descriptor=None)
        reply = ask(line_endpoint(url), request, sink, interruptible=sink.interruptible)
        os.close(writer)
    assert reply.outcome is not None
    assert reply.outcome.kind is OutcomeKind.CANCELLED


# Login


@contextlib.contextmanager
def tls_door(server: LoginServer, certificate: Written) -> Iterator[tuple[str, Trust]]:
    """A door that asks for a login, and whom to trust for it."""
    with listening_tls(server, server_context(certificate)) as url:
        yield url, Trust(own=(certificate.der,))


def test_a_password_is_asked_for_when_the_peer_wants_one(localhost: Written) -> None:
    server = LoginServer("alice opensesame")
    with tls_door(server, localhost) as (url, trust):
        reply, out, _ = put(url, "df", login=lambda _form: Secret("alice opensesame"), trust=trust)
    assert (reply.number, out) == (7, b"df\n")
    assert server.logins == ["alice opensesame"]


def test_nobody_is_told_a_password_in_plain_text(tmp_path: Path) -> None:
    server = LoginServer("alice opensesame")
    with (
        listening(server) as url,
        pytest.raises(ConnectError, match=r"login: it asks for a password, .* none was sent\. A tls door is"),
    ):
        put(url, "df")
    with (
        listening_at(tmp_path / "s", server),
        pytest.raises(ConnectError, match=r"login: it asks for a password, .* none was sent\. A tls door is"),
    ):
        put(f"unix://{tmp_path}/s", "df")
    assert server.logins == []


def test_a_wrong_password_is_refused_and_nothing_is_asked(localhost: Written) -> None:
    server = LoginServer("right")
    with tls_door(server, localhost) as (url, trust):
        reply, out, _ = put(url, "df", login=lambda _form: Secret("wrong"), trust=trust)
    assert reply.outcome is not None
    assert (reply.outcome.kind, out) == (OutcomeKind.REFUSED, b"")


def test_input_reaches_the_far_side_in_order_however_long_it_is(localhost: Written) -> None:
    data = os.urandom(3_000_000)
    server = LoginServer("p")
    with tls_door(server, localhost) as (url, trust), stdin_of(data) as descriptor:
        put(url, "take", login=lambda _form: Secret("p"), trust=trust, input_descriptor=descriptor)
    assert bytes(server.taken) == data


# Peers without frames


def test_a_server_of_text_is_asked_again_in_text_and_its_status_is_unknown() -> None:
    with listening(old_server) as url:
        reply, out, _ = put(url, "'two words'")
    assert reply.outcome is None
    assert out == b"Welcome.\nyou said 'two words'\n"


def test_a_server_of_text_that_waits_for_more_lines_hears_that_none_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "QUIET_SECONDS", 0.1)
    with listening(keeping_server) as url:
        _, out, _ = put(url, "df", connect_seconds=0.3)
    assert out == b"> you said df\n> "


def test_a_line_break_never_becomes_a_second_line() -> None:
    with listening(old_server) as url, pytest.raises(BadArgument, match="line breaks"):
        put(url, "'one\ntwo'")


def test_a_server_of_text_that_never_ends_is_left_in_time() -> None:
    began = time.monotonic()
    with listening(keeping_server) as url, pytest.raises(ConnectError, match="not complete in time"):
        put(url, "df", connect_seconds=0.2, timeout_seconds=0.2)
    assert time.monotonic() - began < 5


def test_a_door_that_turns_one_away_at_once_is_believed() -> None:
    with listening(lambda peer: peer.sendall(b"Uh? nobody here has uid 99\n")) as url:
        reply, _, _ = put(url, "df")
    assert reply.outcome is not None
    assert (reply.outcome.kind, reply.outcome.reason) == (OutcomeKind.REFUSED, "nobody here has uid 99")


def test_ipv6_is_reached() -> None:
    try:
        with listening(old_server, family=socket.AF_INET6) as url:
            assert put(url, "df")[1] == b"Welcome.\nyou said df\n"
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
