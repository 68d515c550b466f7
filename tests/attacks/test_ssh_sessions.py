"""What somebody who has logged in can do to the ssh door: read nothing, open, ask and agree without end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from doorward.doors.ssh.options import PACKET_BYTES
from tests.attacks.ssh_clients import (
    MIB,
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_REQUEST,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    UNPUNISHED,
    connected,
    is_closed,
    pause,
    string,
    until_true,
)
from tests.attacks.worker import at_work
from tests.doors.daemon import TCP, Daemon, running
from tests.doors.ssh_peers import SSH, users

OUTPUT_BYTES = 20_000_000
CLIENTS = 8
HUGE_WINDOW = 2**31 - 1
GROWTH_BYTES = 20 * MIB

CONFIG = f"""
[commands.much]
run = ["head", "-c", "{OUTPUT_BYTES}", "/dev/zero"]
output_bytes = {OUTPUT_BYTES}
read_only = true
fresh_seconds = 1000
[commands.copy]
run = ["cat"]
input = true
[limits]
stalled_write_seconds = 2
early_refusals_from = 100
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    keep = TCP + 'session = "keep"\n'
    with running(tmp_path_factory.mktemp("ssh"), SSH + keep + users() + CONFIG + UNPUNISHED) as daemon:
        yield daemon


@asynccontextmanager
async def measured(daemon: Daemon, *, growth_bytes: int = GROWTH_BYTES) -> AsyncIterator[None]:
    """Nothing grows by more than this meanwhile."""
    before = daemon.forget_peak_memory()
    yield
    grown = daemon.memory_bytes("VmHWM") - before
    assert grown < growth_bytes, f"{grown / MIB:.0f} MiB more"


@pytest.mark.may_block("its /proc is read")
async def test_readers_that_never_read_are_bounded_and_ended(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        assert len((await connection.run("much", encoding=None)).stdout or b"") == OUTPUT_BYTES
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(connected(daemon)) for _ in range(CLIENTS)]
        async with measured(daemon):
            for connection in connections:
                # a young answer is given again, so that each has it whole without another copy
                _, _ = await connection.create_session(
                    asyncssh.SSHClientSession, "much", encoding=None, window=HUGE_WINDOW
                )
                pause(connection)
            await until_true(lambda: b"much" in _runs(daemon), "runs")
            await asyncio.sleep(1)
        # a reader that takes nothing for two seconds is ended, however large its window is
        with at_work(daemon, "tcp") as worker:
            worker.work()
            await asyncio.sleep(4)
            worker.work()
            assert worker.slowest_seconds < 1
            assert b"nobody else is connected" in worker.work("whoami")
        for connection in connections:
            connection.abort()


def _runs(daemon: Daemon) -> bytes:
    return (daemon.state / "audit.jsonl").read_bytes()


@pytest.mark.may_block("its /proc is read")
async def test_a_session_whose_window_stays_shut_is_ended_and_the_connection_goes_on(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        channel, _ = await connection.create_session(
            asyncssh.SSHClientSession, "much", encoding=None, window=64 * 1024
        )
        channel.pause_reading()
        await asyncio.sleep(4)
        assert (await connection.run("echo still here")).stdout == "still here\n"
        async with asyncio.timeout(20):
            channel.resume_reading()
            await channel.wait_closed()
        assert channel.get_exit_status() is None


async def test_channels_without_end_are_refused_over_ten(daemon: Daemon) -> None:
    async with connected(daemon) as connection, AsyncExitStack() as stack:
        opened = 0
        for _ in range(10):
            process = await connection.create_process("copy")
            stack.callback(process.close)
            opened += 1
        for _ in range(100):
            with pytest.raises(asyncssh.ChannelOpenError, match="at most 10 sessions at once"):
                await connection.create_process("copy")
        assert opened == 10


async def test_sessions_that_follow_each_other_closely_are_none_too_many(daemon: Daemon) -> None:
    async with connected(daemon) as connection:

        async def go_on() -> None:
            for _ in range(50):
                await connection.run("echo 1", check=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(go_on())


async def _opens(connection: asyncssh.SSHClientConnection) -> bool:
    """Whether one more session can be opened."""
    try:
        await connection.create_session(asyncssh.SSHClientSession, "echo 1")
    except asyncssh.ChannelOpenError as error:
        return "sessions at once" not in error.reason
    return True


async def test_sessions_that_the_client_never_closes_are_bounded(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = {**asyncssh.SSHClientChannel._packet_handlers, MSG_CHANNEL_CLOSE: lambda *_: True}
    monkeypatch.setattr(asyncssh.SSHClientChannel, "_packet_handlers", deaf)
    async with connected(daemon) as connection:
        opened = 0
        while opened < 100 and await _opens(connection):
            opened += 1
            await asyncio.sleep(0.01)
        assert 10 <= opened <= 40
        connection.abort()


@pytest.mark.may_block("its /proc is read")
async def test_channels_that_come_and_go_leave_nothing(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        await connection.run("echo 1")
        async with measured(daemon, growth_bytes=5 * MIB):
            for _ in range(300):
                await connection.run("echo 1")


@pytest.mark.may_block("its /proc is read")
async def test_variables_of_the_environment_are_not_kept(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        process = await connection.create_process("copy", encoding=None)
        async with measured(daemon, growth_bytes=5 * MIB):
            for number in range(3000):
                name, value = string(b"NAME%d" % number), string(b"x" * 10_000)
                connection.send_packet(
                    MSG_CHANNEL_REQUEST, (0).to_bytes(4, "big"), string(b"env"), b"\0", name, value
                )
                if number % 20 == 0:
                    await asyncio.sleep(0)
            process.stdin.write(b"done")
            process.stdin.write_eof()
            assert await process.stdout.read() == b"done"


async def test_keys_agreed_anew_again_and_again_end_the_connection(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        for _ in range(60):
            if connection.is_closed():
                break
            if connection._kex_complete:
                connection._send_kexinit()
                connection._kexinit_sent = True
            await asyncio.sleep(0.02)
        assert await is_closed(connection)


async def test_keys_agreed_anew_with_every_packet_of_data_are_no_attack(daemon: Daemon) -> None:
    """
    OpenSSH does it while both directions are busy: what it held back meanwhile goes a packet at a time.

    Source: `ssh_packet_send2_wrapped` of packet.c, "queued packet triggered rekex".
    """
    async with connected(daemon) as connection:
        for _ in range(100):
            connection.send_packet(MSG_IGNORE, string(bytes(PACKET_BYTES)))
            connection._send_kexinit()
            connection._kexinit_sent = True
            await until_true(lambda: connection._kex_complete or connection.is_closed(), "new keys")
        assert (await connection.run("echo 1")).stdout == "1\n"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Daemon]:
    """With the usual time for what is stalled."""
    with running(tmp_path, SSH + TCP + users() + UNPUNISHED) as daemon:
        yield daemon


@pytest.mark.may_block("its /proc is read")
async def test_what_waits_for_keys_that_are_never_agreed_is_bounded(patient: Daemon) -> None:
    async with connected(patient) as connection:
        sent = 0
        async with measured(patient, growth_bytes=15 * MIB):
            connection._send_kexinit()
            # the keys that were are used on, and the server's answer is passed over
            connection._kex_complete = True
            connection._recv_data = lambda: None  # type: ignore[method-assign]
            while sent < 100_000 and not connection.is_closed():
                connection.send_packet(MSG_GLOBAL_REQUEST, string(b"keepalive@openssh.com"), b"\1")
                sent += 1
                if sent % 100 == 0:
                    await asyncio.sleep(0)
            assert await is_closed(connection)
        assert sent < 100_000


@pytest.mark.may_block("another door is asked")
async def test_small_packets_without_end_hold_up_nobody(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        with at_work(daemon, "tcp") as worker:
            for _ in range(60_000):
                connection.send_packet(MSG_IGNORE, string(b""))
            for _ in range(50):
                await asyncio.to_thread(worker.work)
            assert worker.slowest_seconds < 0.4
        assert (await connection.run("echo 1")).stdout == "1\n"


@pytest.mark.may_block("the audit trail is read")
async def test_what_is_not_there_is_refused_and_written_down(daemon: Daemon, tmp_path: Path) -> None:
    async with connected(daemon) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/x")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("", 0, "127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_path(str(tmp_path / "s"), "/run/x")
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_tun()
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()
        assert (await connection.run("echo still here")).stdout == "still here\n"
    asked = {
        "a forwarded port",
        "a forwarded socket",
        "a port to forward",
        "a socket to forward",
        "a tunnel",
        "the subsystem sftp",
    }
    await until_true(lambda: all(what.encode() in _runs(daemon) for what in asked), "the audit trail")
