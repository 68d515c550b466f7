"""A server that `ask` takes for one of SSH does all it can: the client soon ends, and says why in a line."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

import asyncssh
import pytest

from doorward.clients._asking import Kept, Reply, Request
from doorward.clients._endpoints import SshEndpoint, SshIdentity
from doorward.clients.ssh import connecting
from doorward.clients.ssh.asking import ask
from doorward.core.errors import ConnectError
from doorward.core.outcome import OutcomeKind
from doorward.core.secret import Secret
from doorward.core.told_ends import TOLD
from tests.clients.lines.peers import BOUND_SECONDS
from tests.clients.lines.test_asking import never

Process = asyncssh.SSHServerProcess[bytes]
_KEY = asyncssh.generate_private_key("ssh-ed25519")
_FINGERPRINT = sha256(_KEY.public_data).hexdigest()


class Open(asyncssh.SSHServer):
    """Lets in everybody."""

    def begin_auth(self, username: str) -> bool:
        return False


class Closed(asyncssh.SSHServer):
    """Has a password asked for, and never says what comes of it."""

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        await asyncio.Event().wait()
        return False


@contextmanager
def serving(
    handle: Callable[[Process], None], *, server: type[asyncssh.SSHServer] = Open, version: str = "Doorward"
) -> Iterator[SshEndpoint]:
    """Yield the endpoint of a server in a thread whose commands end as `handle` has it."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=server,
            server_host_keys=[_KEY],
            server_version=version,
            process_factory=handle,
            encoding=None,
            config=None,
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(BOUND_SECONDS)
    try:
        yield endpoint(acceptor.get_port())
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        asyncio.run_coroutine_threadsafe(end(), loop).result(BOUND_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(BOUND_SECONDS)
        loop.close()


async def end() -> None:
    """Have all that goes on give up."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def raw(handle: Callable[[socket.socket], None]) -> Iterator[SshEndpoint]:
    """Yield the endpoint of a peer that may not even speak SSH."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    handle(peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield endpoint(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(BOUND_SECONDS)


def endpoint(port: int) -> SshEndpoint:
    identity = SshIdentity(user="alice", local_user="alice")
    return SshEndpoint(f"ssh://127.0.0.1:{port}", "127.0.0.1", port, identity, _FINGERPRINT)


def asked(where: SshEndpoint, kept: Kept | None = None, *, seconds: float = 5) -> Reply:
    request = Request(
        line="df", input_descriptor=None, connect_seconds=seconds, login=lambda _form: Secret("sesame")
    )
    return ask(where, request, kept or Kept(1024 * 1024), interruptible=never)


def drip(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"welcome\r\n")
        time.sleep(0.02)


def is_silent(peer: socket.socket) -> None:
    while peer.recv(4096):
        pass


def test_a_banner_without_end_is_left_in_time_and_one_without_lines_at_once() -> None:
    with raw(drip) as where, pytest.raises(ConnectError, match=r"SSH: no agreement on keys within 0.5 s"):
        asked(where, seconds=0.5)
    with raw(lambda peer: peer.sendall(b"x" * 10_000_000)) as where, pytest.raises(ConnectError, match="SSH"):
        asked(where)


def test_one_that_is_silent_or_speaks_something_else_is_told() -> None:
    with raw(is_silent) as where:  # noqa: SIM117
        with pytest.raises(ConnectError, match=r"SSH: no agreement on keys within 0.3 s"):
            asked(where, seconds=0.3)
    with raw(lambda peer: peer.sendall(b"SSH-2.0-x\r\n\x7f\xff\xff\xff" + b"x" * 100)) as where:  # noqa: SIM117
        with pytest.raises(ConnectError, match="SSH: "):
            asked(where)


def test_a_login_without_end_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "LOGIN_SECONDS", 0.5)
    with serving(lambda _: None, server=Closed) as where:  # noqa: SIM117
        with pytest.raises(ConnectError, match=r"login: no answer to the login within 0.5 s"):
            asked(where)


def test_output_without_end_is_not_kept_without_end() -> None:
    tasks: list[asyncio.Task[None]] = []

    def flood(process: Process) -> None:
        async def write() -> None:
            with suppress(asyncssh.Error, OSError):
                while True:
                    process.stdout.write(b"x" * 32768)
                    await process.stdout.drain()

        tasks.append(asyncio.get_running_loop().create_task(write()))

    with (
        serving(flood) as where,
        pytest.raises(ConnectError, match="read: the output is too long to be kept"),
    ):
        asked(where)


@pytest.mark.parametrize(
    "told", ["", "{}", "[]", "[" * 50_000, '{"kind":"exited","status":300}', '{"kind":"exited","run":-1}']
)
def test_an_end_that_is_not_understood_is_no_success(told: str) -> None:
    with serving(lambda process: process.channel.exit_with_signal(TOLD, msg=told[:20_000])) as where:  # noqa: SIM117
        with pytest.raises(ConnectError, match="read: how the command ended is not understood"):
            asked(where)


def test_no_end_and_a_lost_connection_are_no_success() -> None:
    for leave in (lambda process: process.close(), lambda process: process.channel.get_connection().abort()):
        with serving(leave) as where, pytest.raises(ConnectError, match="read: the "):
            asked(where)


def test_another_server_cannot_tell_an_end_as_a_daemon_does() -> None:
    told = '{"kind":"exited","run":7}'
    with serving(lambda process: process.channel.exit_with_signal(TOLD, msg=told), version="x") as where:
        reply = asked(where)
    assert reply.outcome is not None
    assert (reply.outcome.kind, reply.number) == (OutcomeKind.FAILED, 0)
    with serving(lambda process: process.channel.exit_with_signal("\x1b[2J\n"), version="x") as where:
        reply = asked(where)
    assert reply.outcome is not None
    assert reply.outcome.reason.isprintable()
