"""`ftps://` at real servers: TLS from the first byte on, or from `AUTH TLS` on, and nothing in the clear."""

import asyncio
import socket
from dataclasses import replace

import pytest

from doorward.clients.ftp import entering, settings
from doorward.clients.ftp.session import Session
from doorward.clients.ftp.settings import FtpServer, Security
from doorward.clients.ftp.store import FtpStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.errors import ConnectError
from tests.clients.ftp.servers import (
    RealServer,
    needs_proftpd,
    needs_pureftpd,
    needs_root,
    needs_vsftpd,
    proftpd_running,
    pureftpd_running,
    pyftpdlib_running,
    vsftpd_running,
)
from tests.fetch_servers import free_ports

EXPLICIT, IMPLICIT = Security.EXPLICIT, Security.IMPLICIT


def found_at(server: FtpServer) -> Security:
    return asyncio.run(found(server))


async def found(server: FtpServer) -> Security:
    session = Session(server)
    try:
        conversation = await session.conversation()
        assert conversation.session is not None
        assert conversation.server.is_encrypted
        await session.quit()
        return conversation.server.security
    finally:
        await session.close()


def either(real: RealServer) -> FtpServer:
    server = replace(real.server, security=Security.EITHER)
    assert server.url == f"ftps://{server.host}:{server.port}"
    return server


@needs_root
@needs_vsftpd
@pytest.mark.parametrize("security", [EXPLICIT, IMPLICIT])
def test_vsftpd_is_entered_in_the_way_it_is_set_up_for(security: Security) -> None:
    with vsftpd_running(security) as real:
        assert found_at(either(real)) is security


@needs_root
@needs_proftpd
def test_proftpd_is_entered_by_auth_tls() -> None:
    with proftpd_running(EXPLICIT) as real:
        assert found_at(either(real)) is EXPLICIT


@needs_root
@needs_pureftpd
def test_pure_ftpd_is_entered_by_auth_tls() -> None:
    with pureftpd_running(EXPLICIT) as real:
        assert found_at(either(real)) is EXPLICIT


@needs_root
@needs_vsftpd
@pytest.mark.parametrize("security", [EXPLICIT, IMPLICIT])
def test_without_a_port_both_usual_ones_are_tried(
    security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nobody,) = free_ports(1)
    with vsftpd_running(security) as real:
        server = replace(either(real), port=0)
        use_ports(monkeypatch, {EXPLICIT: nobody, IMPLICIT: nobody, security: real.server.port})
        assert found_at(server) is security


def test_where_neither_usual_port_takes_a_connection_both_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = free_ports(2)
    use_ports(monkeypatch, {IMPLICIT: first, EXPLICIT: second})
    with pytest.raises(ConnectError) as caught:
        found_at(FtpServer(host="127.0.0.1", security=Security.EITHER))
    assert str(caught.value) == (
        "ftps://127.0.0.1: connect: port 990: connection refused; port 21: connection refused. "
        "Does a server of FTP run there, and on this port?"
    )


def test_a_port_that_was_named_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody, usual = free_ports(2)
    use_ports(monkeypatch, {IMPLICIT: usual, EXPLICIT: usual})
    with socket.create_server(("127.0.0.1", usual)) as listening:
        listening.setblocking(False)
        with pytest.raises(ConnectError, match="connection refused"):
            found_at(FtpServer(host="127.0.0.1", port=nobody, security=Security.EITHER))
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_server_without_tls_hears_no_name_and_no_password() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        with pytest.raises(ConnectError) as caught:
            found_at(either(real))
        said = real.log.parent.joinpath("output").read_text()
    assert "the server answered 500 to AUTH" in str(caught.value)
    assert "alice" not in said


@needs_root
@needs_vsftpd
def test_a_server_that_greets_in_the_clear_at_990_is_spoken_to_there(monkeypatch: pytest.MonkeyPatch) -> None:
    (nobody,) = free_ports(1)
    with vsftpd_running(EXPLICIT) as real:
        server = replace(either(real), port=0)
        use_ports(monkeypatch, {EXPLICIT: nobody, IMPLICIT: real.server.port})
        assert found_at(server) is EXPLICIT


def test_a_server_that_does_not_greet_is_told_as_busy_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (nobody,) = free_ports(1)
    deadlines = settings.Deadlines(reply_seconds=0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_ports(monkeypatch, {IMPLICIT: nobody, EXPLICIT: silent.getsockname()[1]})
        store = FtpStore(FtpServer(host="127.0.0.1", security=Security.EITHER, deadlines=deadlines), "in")
        with pytest.raises(StoreError) as caught:
            asyncio.run(entered_twice(store))
    assert caught.value.trouble is Trouble.TEMPORARY
    assert str(caught.value) == (
        "ftps://127.0.0.1: connect: port 990: connection refused; port 21: nothing came within 0.5 s. "
        "Is it busy?"
    )


@needs_root
@needs_vsftpd
def test_a_store_finds_the_way_once() -> None:
    with vsftpd_running(EXPLICIT) as real:
        store = FtpStore(either(real), real.inside)
        asyncio.run(entered_twice(store))
        connections = real.log.read_text().count("CONNECT:")
    assert connections == 4, "one of whoever waited for it to listen, one for the first byte, then two"
    assert store.address.startswith("ftps://")


async def entered_twice(store: FtpStore) -> None:
    async with store.connect(), store.connect():
        pass


def use_ports(monkeypatch: pytest.MonkeyPatch, ports: dict[Security, int]) -> None:
    """Have these be the usual ones: those of IANA are others' on this machine."""
    ports = {**ports, Security.EITHER: ports[IMPLICIT]}
    monkeypatch.setattr(entering, "EXPLICIT_PORT", ports[EXPLICIT])
    monkeypatch.setattr(settings, "_USUAL_PORTS", {**settings._USUAL_PORTS, **ports})
