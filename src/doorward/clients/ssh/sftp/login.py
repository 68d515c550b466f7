"""A client of SFTP, logged in at a server that is trusted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncssh

from doorward.clients._asking import LOGIN_SECONDS, Request, nobody_there
from doorward.clients._connecting import connect
from doorward.clients._conversation import LoginRefused
from doorward.clients._endpoints import CONNECT_SECONDS, SshEndpoint
from doorward.clients._trouble import trouble_of_connection
from doorward.clients.ssh.configuration import Destination, destination_of
from doorward.clients.ssh.connecting import Client, client_options, log_in
from doorward.clients.ssh.hosts import Hosts, UnreadableHosts
from doorward.clients.ssh.sftp.telling import reason_of
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpServer:
    """
    A server of SSH, and who asks there.

    Attributes:
        endpoint: where, with what is known of the server and of whoever asks; its URL has no name in it.
        password: for servers that take no key of ours; None for none.
        confirm: asks a person whether an unknown server is the right one; None where nobody can be asked.
        connect_seconds: for the connection, and again for agreeing on keys.
    """

    endpoint: SshEndpoint
    password: Secret | None = None
    confirm: Callable[[str], bool | None] = nobody_there
    connect_seconds: float = CONNECT_SECONDS


async def log_in_for_files(
    server: SftpServer,
) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
    """
    Connect, log in and begin SFTP; closing the connection ends both.

    Raises:
        StoreError: one of them failed; permanent where the server is not trusted or lets nobody in.
    """
    url = server.endpoint.url
    try:
        connection = await _connected(server)
    except LoginRefused as error:
        step = "Is the user right, and does the server know the key?"
        raise StoreError(url, "login", str(error), step, trouble=Trouble.PERMANENT) from error
    except ConnectError as error:
        trouble = _trouble_of(error)
        raise StoreError(
            error.address, error.phase, error.problem, error.next_step, trouble=trouble
        ) from error
    try:
        async with asyncio.timeout(LOGIN_SECONDS):
            return connection, await connection.start_sftp_client(path_encoding=None)
    except (asyncssh.Error, OSError) as error:
        # the library calls it refused, too, when the connection was lost meanwhile
        is_refused = isinstance(error, asyncssh.ChannelOpenError) and not connection.is_closed()
        connection.abort()
        said = reason_of(error, server.password) or f"no answer within {LOGIN_SECONDS:g} s"
        raise StoreError(
            url,
            "login",
            f"it does not begin SFTP: {said}",
            "Does the server offer it to this user?" if is_refused else "",
            trouble=Trouble.PERMANENT if is_refused else Trouble.TEMPORARY,
        ) from error
    except BaseException:
        connection.abort()
        raise


async def _connected(server: SftpServer) -> asyncssh.SSHClientConnection:
    def login(_form: str) -> Secret:
        if server.password is None:
            problem = "the server takes no key of ours, and wants a password"
            raise ConnectError(server.endpoint.url, "login", problem, "Give it a key, or give a password.")
        return server.password

    request = Request(
        line="",
        connect_seconds=server.connect_seconds,
        login=login,
        confirm=server.confirm,
    )
    # files are read, keys are unlocked, names are resolved
    destination, hosts = await asyncio.to_thread(_known, server.endpoint)
    client = Client(destination, hosts, request)
    options = await asyncio.to_thread(client_options, destination, hosts, client)
    connected = await asyncio.to_thread(connect, destination.endpoint, within_seconds=server.connect_seconds)
    try:
        return await log_in(destination, options, client, connected, within_seconds=server.connect_seconds)
    except BaseException:
        connected.close()
        raise


def _known(endpoint: SshEndpoint) -> tuple[Destination, Hosts]:
    destination = destination_of(endpoint)
    try:
        return destination, Hosts(destination)
    except UnreadableHosts as error:
        raise ConnectError(endpoint.url, "SSH", str(error)) from error


def _trouble_of(error: ConnectError) -> Trouble:
    if isinstance(error.__cause__, asyncssh.ConnectionLost):
        return Trouble.TEMPORARY  # as when more knock than it lets in
    return trouble_of_connection(error)
