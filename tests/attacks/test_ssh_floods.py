"""What somebody who has logged in can send to the ssh door to have it answer, draw and cut up without end."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import asyncssh
import pytest

from tests.attacks.ssh_clients import (
    MIB,
    MSG_CHANNEL_OPEN,
    UNPUNISHED,
    connected,
    pause,
    string,
    until_true,
)
from tests.attacks.worker import at_work
from tests.doors.daemon import TCP, Daemon, running
from tests.doors.ssh_peers import SSH, port_of, users

CONFIG = """
[commands.much]
run = ["head", "-c", "1000000", "/dev/zero"]
[commands.stubborn]
run = ["sh", "-c", "trap '' TERM; sleep 4"]
input = true
[limits]
early_refusals_from = 100
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    keep = TCP + 'session = "keep"\n'
    with running(tmp_path, SSH + keep + users() + CONFIG + UNPUNISHED) as daemon:
        yield daemon


@pytest.mark.may_block("another door is asked")
@pytest.mark.parametrize("size", [1, 1023, 1024])
async def test_packets_of_next_to_nothing_hold_up_nobody(daemon: Daemon, size: int) -> None:
    """A client says how much it takes in one packet: a byte makes a million packets of one answer."""
    async with connected(daemon) as connection:
        with at_work(daemon, "tcp") as worker:
            worker.work()
            refused = pytest.raises(asyncssh.ChannelOpenError, match="at least 1024 bytes")
            with refused if size < 1024 else nullcontext():
                await connection.create_session(
                    asyncssh.SSHClientSession, "much", encoding=None, window=2**31 - 1, max_pktsize=size
                )
            for _ in range(20):
                await asyncio.to_thread(worker.work)
                await asyncio.sleep(0.05)
            assert worker.slowest_seconds < 0.4
        connection.abort()


@pytest.mark.may_block("its /proc is read")
async def test_answers_that_nobody_reads_are_bounded(daemon: Daemon) -> None:
    peer = socket.socket()
    # little of them stays in the kernel
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port_of(daemon)))
    async with connected(daemon, peer=peer) as connection:
        transport = connection._transport
        assert transport is not None
        before = daemon.forget_peak_memory()
        pause(connection)
        sent = 0
        while sent < 100_000 and transport.get_write_buffer_size() < 2 * MIB:
            for _ in range(200):
                # each is refused in 76 bytes
                connection.send_packet(MSG_CHANNEL_OPEN, string(b"x"), bytes(11) + b"\1")
                sent += 1
            await asyncio.sleep(0)
        await asyncio.sleep(1)
        assert daemon.memory_bytes("VmHWM") - before < 3 * MIB
        connection.abort()


@pytest.mark.may_block("its /proc is read")
@pytest.mark.parametrize("typed", [(b"x" * 4000 + b"\x15") * 8, b"\3" * 32_000])
async def test_what_is_typed_is_not_shown_without_end(daemon: Daemon, typed: bytes) -> None:
    async with connected(daemon) as connection:
        channel, _ = await connection.create_session(
            asyncssh.SSHClientSession, "stubborn", encoding=None, window=1024, term_type="vt100"
        )
        before = daemon.forget_peak_memory()
        channel.pause_reading()
        for _ in range(50):
            if channel.is_closing():
                # a cancelled run is killed after five seconds, and a busy machine may type more slowly
                break
            channel.write(typed)
            await until_true(lambda: channel.is_closing() or not channel.get_write_buffer_size(), "room")
        assert daemon.memory_bytes("VmHWM") - before < 3 * MIB
        connection.abort()


@pytest.mark.may_block("another door is asked")
async def test_blank_lines_hold_up_nobody(daemon: Daemon) -> None:
    async with connected(daemon) as connection:
        channel, _ = await connection.create_session(asyncssh.SSHClientSession, encoding=None)
        with at_work(daemon, "tcp") as worker:
            worker.work()
            for _ in range(60):
                channel.write(b"\n" * 256 * 1024)
            for _ in range(50):
                await asyncio.to_thread(worker.work)
            assert worker.slowest_seconds < 0.25
        connection.abort()
