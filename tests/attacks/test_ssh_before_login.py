"""What comes to the ssh door before a login: endless packets, slow handshakes, passwords without end."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest

from tests.attacks.passwords import USERS
from tests.attacks.ssh_clients import (
    MIB,
    MSG_USERAUTH_REQUEST,
    UNPUNISHED,
    dial,
    hears_the_end,
    string,
)
from tests.attacks.test_user_enumeration import counted_hashes, hashes
from tests.doors.daemon import TCP, Daemon, running, until
from tests.doors.peers import ask as ask_line
from tests.doors.peers import raw_address_of
from tests.doors.ssh_peers import SSH, Ssh, needs_ssh, port_of, users
from tests.doors.tls_peers import HASH

GROWTH_BYTES = 5 * MIB
TRIES = 6


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    further = "[limits]\nearly_refusals_from = 100\nlogin_seconds = 1.5\n"
    with running(tmp_path, SSH + TCP + users() + further + UNPUNISHED) as daemon:
        yield daemon


@pytest.mark.parametrize("length", [0x7FFFFFFF, 256 * 1024, 0])
def test_a_packet_without_end_is_not_kept(daemon: Daemon, length: int) -> None:
    before = daemon.forget_peak_memory()
    for _ in range(4):
        with dial(daemon) as peer:
            try:
                peer.sendall(b"SSH-2.0-attacker\r\n" + length.to_bytes(4, "big"))
                for _ in range(64):
                    peer.sendall(b"\0" * (64 * 1024))
            except ConnectionError:
                continue
            assert hears_the_end(peer)
    assert daemon.memory_bytes("VmHWM") - before < GROWTH_BYTES


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-slow\r\n", b"SSH-2.0-slow\r\n\0\0\1"])
def test_a_handshake_that_does_not_come_to_its_end_is_closed_in_time(daemon: Daemon, said: bytes) -> None:
    began_at = time.monotonic()
    with dial(daemon) as peer:
        peer.sendall(said)
        assert hears_the_end(peer)
    # the limit is 1.5 s, and deadlines are looked at each second
    assert 1 < time.monotonic() - began_at < 5


def test_a_line_without_end_before_the_version_is_closed(daemon: Daemon) -> None:
    with dial(daemon) as peer:
        peer.sendall(b"x" * 9000)
        assert hears_the_end(peer)


def test_more_bytes_than_a_login_takes_end_it_at_once(patient: Daemon) -> None:
    """Each packet is a good one, and AsyncSSH would read them for as long as they come."""
    ignored = bytes([0, 0, 0, 12, 6, 2, 0, 0, 0, 0]) + bytes(6)
    began_at = time.monotonic()
    with dial(patient) as peer:
        peer.sendall(b"SSH-2.0-talker\r\n" + ignored * (60 * 1024 // 16))
        with pytest.raises(ConnectionError):  # noqa: PT012 - whichever of them finds out
            for _ in range(200):
                peer.sendall(ignored * 64)
                time.sleep(0.01)
    assert time.monotonic() - began_at < 10


def transport_of(daemon: Daemon) -> paramiko.Transport:
    transport = paramiko.Transport(("127.0.0.1", port_of(daemon)))
    transport.start_client(timeout=20)
    return transport


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path, SSH + TCP + users() + UNPUNISHED) as daemon:
        yield daemon


def test_six_passwords_are_looked_at_on_one_connection(patient: Daemon) -> None:
    transport = transport_of(patient)
    refused = 0
    with pytest.raises((paramiko.SSHException, EOFError)):  # noqa: PT012 - whichever of them ends it
        for _ in range(500):
            try:
                transport.auth_password("alice", "wrong", fallback=False)
            except paramiko.AuthenticationException as error:
                if type(error) is not paramiko.AuthenticationException:
                    raise
                refused += 1
                if not transport.is_active():
                    raise EOFError from error
    transport.close()
    assert refused <= TRIES
    wrong = [line for line in patient.audit() if line.get("reason") == "wrong name or password"]
    assert len(wrong) <= TRIES


def test_six_keys_are_looked_at_on_one_connection(patient: Daemon) -> None:
    transport = transport_of(patient)
    shown = 0
    for _ in range(50):
        shown += 1
        try:
            transport.auth_publickey("alice", paramiko.ECDSAKey.generate())
        except (paramiko.SSHException, EOFError):
            if not transport.is_active():
                break
    transport.close()
    assert shown <= TRIES + 1
    # which is written down once, and costs once
    refusal = patient.audited(event="refusal", how="key")
    assert (refusal["tried"], refusal["keys"]) == ("alice", TRIES)


async def test_asking_for_the_ways_in_again_and_again_ends_it(patient: Daemon) -> None:
    connection = await begun(patient)
    try:
        for number in range(20):
            ask_to_log_in(connection, b"none", user=b"user%d" % number)
            await asyncio.sleep(0.02)
        await asyncio.wait_for(connection.wait_closed(), 20)
    finally:
        connection.abort()
        await connection.wait_closed()


async def begun(daemon: Daemon) -> asyncssh.SSHClientConnection:
    """A connection whose keys are agreed, and which leaves logging in to its caller."""
    loop = asyncio.get_running_loop()
    options = await asyncssh.SSHClientConnectionOptions.construct(
        known_hosts=None, config=None, agent_path=None, client_keys=None, username="alice"
    )
    ready = loop.create_future()

    class Idle(asyncssh.SSHClientConnection):
        def try_next_auth(self, *, next_method: bool = False) -> None:
            if not ready.done():
                ready.set_result(None)

    _, made = await loop.create_connection(lambda: Idle(loop, options), "127.0.0.1", port_of(daemon))
    await asyncio.wait_for(ready, 20)
    assert isinstance(made, asyncssh.SSHClientConnection)
    return made


def ask_to_log_in(
    connection: asyncssh.SSHClientConnection, method: bytes, *rest: bytes, user: bytes = b"alice"
) -> None:
    connection.send_packet(
        MSG_USERAUTH_REQUEST, string(user), string(b"ssh-connection"), string(method), *rest
    )


@pytest.mark.needs_program("strace", package="strace")
def test_passwords_that_are_sent_without_waiting_are_not_all_hashed(tmp_path: Path) -> None:
    async def flood(daemon: Daemon) -> None:
        connection = await begun(daemon)
        for number in range(50):
            ask_to_log_in(connection, b"password", b"\0", string(b"wrong %d" % number))
        await asyncio.wait_for(connection.wait_closed(), 20)

    with (
        running(tmp_path, SSH + TCP + USERS + UNPUNISHED) as daemon,
        counted_hashes(daemon, tmp_path) as calls,
    ):
        asyncio.run(flood(daemon))
        # one that nobody waits for is computed to its end, and those in line before this one's
        transport = transport_of(daemon)
        transport.auth_password("alice", "sesame")
        transport.close()
        assert hashes(calls) == 2


@pytest.mark.needs_program("strace", package="strace")
@needs_ssh
def test_each_wrong_password_costs_one_hash_and_ends_alike(tmp_path: Path) -> None:
    with running(tmp_path, SSH + TCP + USERS + UNPUNISHED) as daemon:
        heard = {}
        for name in ("nobody", "alice", "nologin"):
            with counted_hashes(daemon, tmp_path) as calls:
                ssh = Ssh(port=port_of(daemon), folder=tmp_path, user=name, password="wrong")
                run = ssh.run("whoami")
                until(lambda calls=calls: hashes(calls) or None, "a hash")  # type: ignore[misc]
                assert hashes(calls) == 1, name
            heard[name] = (run.returncode, run.stderr.replace(name.encode(), b"NAME"))
        assert len(set(heard.values())) == 1


def test_wrong_passwords_count_with_those_of_the_other_doors(tmp_path: Path) -> None:
    tls = '[doors.tls]\nlisten = ["127.0.0.1:0"]\n'
    with running(tmp_path, SSH + TCP + tls + users()) as daemon:
        ssh = Ssh(port=port_of(daemon), folder=tmp_path, password="wrong")
        tried = 0
        for _ in range(10):
            tried += 1
            if b"Permission denied" not in ssh.run("whoami").stderr:
                break
        assert 3 <= tried <= 7
        with dial(daemon) as peer:
            assert peer.recv(64) == b"too many connections, try again later\r\n"
        port = int(daemon.doors["tls"][0].rpartition(":")[2])
        refused = subprocess.run(
            ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}"],
            input=b"sesame\n",
            capture_output=True,
            check=False,
            timeout=20,
        )
        assert b"Password?" not in refused.stdout
        assert b"load average" in ask_line(raw_address_of(daemon, "tcp"), b"uptime\n")


def test_rsa_with_sha_1_does_not_let_in(tmp_path: Path) -> None:
    key = paramiko.RSAKey.generate(2048)
    table = f'[users.alice]\npassword = "{HASH}"\nkeys = ["ssh-rsa {key.get_base64()} a"]\n'
    with running(tmp_path, SSH + TCP + table + UNPUNISHED) as daemon:
        modern = transport_of(daemon)
        modern.auth_publickey("alice", key)
        assert modern.is_authenticated()
        modern.close()
        old = paramiko.Transport(
            ("127.0.0.1", port_of(daemon)), disabled_algorithms={"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}
        )
        old.start_client(timeout=20)
        with pytest.raises(paramiko.SSHException):
            old.auth_publickey("alice", key)
        assert not old.is_authenticated()
        old.close()
