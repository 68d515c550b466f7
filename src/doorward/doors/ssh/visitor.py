"""What AsyncSSH asks about a connection, and is told: logins, sessions, and that all else is not there."""

from collections.abc import Sequence

import asyncssh

from doorward.core.keys import AuthorizedKey
from doorward.doors.ssh.guarded import Guard, GuardedChannel, GuardedConnection
from doorward.doors.ssh.login import Login


class Visitor(asyncssh.SSHServer):
    """One client."""

    _connection: GuardedConnection
    _guard: Guard

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        if not isinstance(conn, GuardedConnection):
            raise TypeError("a connection that nobody watches over")
        self._connection = conn
        self._guard = conn.guard

    # Logging in

    def begin_auth(self, username: str) -> bool:
        login = self._guard.login
        if not login.name and self._guard.banner:
            self._connection.send_auth_banner(self._guard.banner)
        login.name = username
        self._connection.set_authorized_keys(_Keys(login))
        # False would mean that no login is needed
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._guard.login.try_password(password)

    def public_key_auth_supported(self) -> bool:
        return True

    def auth_completed(self) -> None:
        options = (
            self._connection.get_key_option("command"),
            self._connection.get_certificate_option("force-command"),
        )
        self._guard.logged_in(forced={command for command in options if isinstance(command, str)})

    # What may be opened

    def session_requested(self) -> tuple[GuardedChannel, asyncssh.SSHServerSession[bytes]]:
        return self._guard.open_session()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._guard.refused("a forwarded port")
        return False

    def unix_connection_requested(self, dest_path: str) -> bool:
        self._guard.refused("a forwarded socket")
        return False

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        self._guard.refused("a port to forward")
        return False

    def unix_server_requested(self, listen_path: str) -> bool:
        self._guard.refused("a socket to forward")
        return False

    def tun_requested(self, unit: int | None) -> bool:
        self._guard.refused("a tunnel")
        return False

    def tap_requested(self, unit: int | None) -> bool:
        self._guard.refused("a tunnel")
        return False


class _Keys(asyncssh.SSHAuthorizedKeys):
    """The keys of whoever wants to log in, in the place of a file."""

    def __init__(self, login: Login) -> None:
        super().__init__()
        self._login = login

    def validate(
        self,
        key: asyncssh.SSHKey,
        client_host: str,
        client_addr: str,
        cert_principals: Sequence[str] | None = None,
        ca: bool = False,  # noqa: FBT001, FBT002 - not ours
    ) -> dict[str, object] | None:
        found = self._login.find(key.public_data, (cert_principals or ()) if ca else None)
        return None if found is None else _options_of(found)

    def validate_x509(self, cert: object, client_host: str, client_addr: str) -> tuple[None, None]:
        return None, None


def _options_of(key: AuthorizedKey) -> dict[str, object]:
    """What AsyncSSH is to hold the session to, by the names of `authorized_keys`."""
    options: dict[str, object] = {"no-touch-required": not key.is_touched, "no-pty": not key.has_terminal}
    if key.command is not None:
        options["command"] = key.command
    if key.principals:
        # the names in the certificate were compared with these, and need not be the user's
        options["principals"] = list(key.principals)
    return options
