"""A connection to a server that is trusted, which somebody has logged in on."""

import asyncio
import contextlib
import logging
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncssh

from doorward.clients._asking import LOGIN_SECONDS, Request
from doorward.clients._conversation import LoginRefused
from doorward.clients.ssh.configuration import Destination
from doorward.clients.ssh.hosts import Hosts, Verdict
from doorward.core.errors import ConnectError, DoorwardError
from doorward.core.secret import Secret, without
from doorward.core.units import KIB
from doorward.lines.frames import WITHOUT_NAME

WINDOW_BYTES = 256 * KIB
"""What a server may send before any of it was taken."""

_PACKET_BYTES = 32 * KIB
_KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org")
_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
_MACS = ("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com")
_SIGNATURES = (
    *("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
    *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"),
)
_ALIVE_SECONDS = 30
_ALIVE_PROBES = 3
_REASON_CHARACTERS = 200
_IS_IT_SSH = "Does a server of SSH listen there?"


def client_options(
    destination: Destination, hosts: Hosts, client: "Client"
) -> asyncssh.SSHClientConnectionOptions:
    """
    The options of one connection; private keys are read.

    Raises:
        ConnectError: a key that was named cannot be used.
    """
    quieten()
    endpoint = destination.endpoint
    keys = _keys_of(destination)
    try:
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            client_factory=lambda: client,
            client_version="Doorward",
            host=endpoint.host,
            port=endpoint.port,
            host_key_alias=destination.known_as,
            known_hosts=([], hosts.authorities, hosts.revoked, [], [], [], []),
            x509_trusted_certs=None,
            server_host_key_algs=hosts.kinds,
            kex_algs=_KEX,
            encryption_algs=_CIPHERS,
            mac_algs=_MACS,
            compression_algs=["none"],
            signature_algs=_SIGNATURES,
            username=destination.user,
            preferred_auth=["publickey", "password", "keyboard-interactive"],
            # None still lets the agent's be asked for; an empty list would mean the usual ones
            client_keys=keys or None,
            agent_path=None,
            agent_forwarding=False,
            host_based_auth=False,
            gss_host=None,
            gss_kex=False,
            gss_auth=False,
            pkcs11_provider=None,
            x11_forwarding=False,
            # whoever connects has a deadline
            connect_timeout=None,
            login_timeout=0,
            keepalive_interval=_ALIVE_SECONDS,
            keepalive_count_max=_ALIVE_PROBES,
            request_pty=False,
            env=(),
            send_env=(),
            encoding=None,
            window=WINDOW_BYTES,
            max_pktsize=_PACKET_BYTES,
        )
    except (ValueError, OSError, asyncssh.Error) as error:
        raise ConnectError(endpoint.url, "login", f"it cannot be asked: {error}") from error


def quieten() -> None:
    """Have AsyncSSH say nothing by itself: what is the matter is told in a line of ours."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)


async def log_in(
    destination: Destination,
    options: asyncssh.SSHClientConnectionOptions,
    client: "Client",
    connected: socket.socket,
    *,
    within_seconds: float,
) -> asyncssh.SSHClientConnection:
    """
    Agree on keys over `connected` within so many seconds, and log in.

    Raises:
        LoginRefused: nobody is let in.
        ConnectError: the server is not trusted, not understood or too slow.
        DoorwardError: there is no password to be had.
    """
    with _told(destination, client, within_seconds):
        async with asyncio.timeout(within_seconds) as deadline:
            client.deadline = deadline
            return await asyncssh.connect(
                destination.endpoint.host,
                destination.endpoint.port,
                sock=connected,
                config=None,
                options=options,
            )


class Client(asyncssh.SSHClient):
    """
    What AsyncSSH asks about a server.

    Questions to a person are asked while the loop stands still: nothing else goes on there, and the time that
    they take to answer does not count.

    Args:
        destination: the server.
        hosts: what is known of it.
        request: whoever asks.

    Attributes:
        deadline: of what is under way.
        password: that the server was told, and may repeat; None for none.
        problem: why it has to end, when that is not the server's matter.
        is_known: the server has shown that it is the right one.
    """

    def __init__(self, destination: Destination, hosts: Hosts, request: Request) -> None:
        self._destination = destination
        self._hosts = hosts
        self._request = request
        self._agent: asyncssh.SSHAgentClient | None = None
        self._agent_asked = False
        self._is_password_asked = False
        self.password: Secret | None = None
        self.deadline: asyncio.Timeout | None = None
        self.problem: Exception | None = None
        self.is_known = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        verdict = self._hosts.judge(key)
        if verdict is Verdict.UNKNOWN and (answer := self._ask_person(key)) is not None:
            if answer:
                self._remember(key)
                return True
            self.problem = self._error("SSH", "you did not believe its host key")
            return False
        if verdict is not Verdict.TRUSTED:
            self.problem = self._error("SSH", *self._hosts.words_of(verdict, key))
        return verdict is Verdict.TRUSTED

    def begin_auth(self, username: str) -> None:
        self.is_known = True
        self._allow(LOGIN_SECONDS)

    async def public_key_auth_requested(self) -> Sequence[asyncssh.SSHKeyPair] | None:
        """The keys of the agent, after those of files."""
        if self._agent_asked or not self._destination.agent:
            return None
        self._agent_asked = True
        try:
            self._agent = await asyncssh.connect_agent(self._destination.agent)
            keys = await self._agent.get_keys()
        except (OSError, ValueError):
            return None  # it is gone
        if self._destination.shows_agents_keys:
            return keys
        wanted = set(_public_halves(self._destination.keys))
        return [key for key in keys if key.public_data in wanted]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._agent is not None:
            self._agent.close()

    def password_auth_requested(self) -> str | None:
        if self._is_password_asked or self.problem is not None:
            return None
        self._is_password_asked = True
        try:
            self.password = self._request.login(WITHOUT_NAME)
            return self.password.revealed
        except DoorwardError as error:
            self.problem = error
            return None
        finally:
            self._allow(LOGIN_SECONDS)

    def kbdint_auth_requested(self) -> str | None:
        return None if self._is_password_asked or self.problem is not None else ""

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> Sequence[str] | None:
        if not prompts:
            return []
        # one question, whose answer is not shown: a password, as of PAM
        password = self.password_auth_requested() if len(prompts) == 1 and not prompts[0][1] else None
        return None if password is None else [password]

    def _ask_person(self, key: asyncssh.SSHKey) -> bool | None:
        kind = key.get_algorithm().removeprefix("ssh-").upper()
        try:
            return self._request.confirm(
                f"{self._hosts.name} is not known. Its {kind} host key is\n  {key.get_fingerprint()}\n"
                "Compare that with what its keeper says. Is it right, now and from now on? (yes/no): "
            )
        finally:
            self._allow(LOGIN_SECONDS)

    def _remember(self, key: asyncssh.SSHKey) -> None:
        # it was believed, if for this time alone
        with contextlib.suppress(OSError):
            self._hosts.remember(key)

    def _allow(self, seconds: float) -> None:
        if self.deadline is not None and not self.deadline.expired():
            self.deadline.reschedule(asyncio.get_running_loop().time() + seconds)

    def _error(self, phase: str, problem: str, step: str = "") -> ConnectError:
        return ConnectError(self._destination.endpoint.url, phase, problem, step)


@contextlib.contextmanager
def _told(destination: Destination, client: Client, within_seconds: float) -> Iterator[None]:
    """Translate what AsyncSSH raises."""
    url = destination.endpoint.url
    try:
        yield
    except TimeoutError as error:
        if client.is_known:
            problem, phase = f"no answer to the login within {LOGIN_SECONDS:g} s", "login"
        else:
            problem, phase = f"no agreement on keys within {within_seconds:g} s", "SSH"
        raise ConnectError(url, phase, problem, _IS_IT_SSH) from error
    except Exception as error:
        # whatever its parser tripped over is handed on as it is, and what a server says can be anything
        if client.problem is not None:
            raise client.problem from error
        if isinstance(error, asyncssh.PermissionDenied):
            raise LoginRefused("the login was refused") from error
        phase = "login" if client.is_known else "SSH"
        raise ConnectError(url, phase, *_words_of(error, client)) from error


def _words_of(error: Exception, client: Client) -> tuple[str, str]:
    is_known = client.is_known
    said = " ".join(without(client.password, str(error)).split())[:_REASON_CHARACTERS]
    match error:
        case asyncssh.ConnectionLost() | ConnectionError():
            return "the server closed the connection", "" if is_known else _IS_IT_SSH
        case asyncssh.KeyExchangeFailed():
            return f"no algorithms in common: {said}", "Is it older than OpenSSH 7.4?"
        case asyncssh.HostKeyNotVerifiable():
            return f"its certificate is not believed: {said}", "Ask its keeper, or use --fingerprint."
        case asyncssh.DisconnectError():
            return f"it ended: {said}", "" if is_known else _IS_IT_SSH
        case _:
            return f"what the server says is not understood: {said or type(error).__name__}", _IS_IT_SSH


def _keys_of(destination: Destination) -> list[asyncssh.SSHKeyPair]:
    """The keys to show; one that was named has to be good, others are passed over."""
    is_named = destination.endpoint.identity.key_file is not None
    pairs: list[asyncssh.SSHKeyPair] = []
    for file in destination.keys:
        try:
            if not is_named and _is_open_to_others(file):
                continue
            pairs += asyncssh.load_keypairs(str(file))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError, ValueError) as error:
            # an agent may hold one that has a passphrase
            held = _has_passphrase(error) and destination.agent and list(_public_halves([file]))
            if is_named and not held:
                raise ConnectError(destination.endpoint.url, "login", *_words_of_key(file, error)) from error
    return pairs


def _public_halves(files: Sequence[Path]) -> Iterator[bytes]:
    """Yield the public keys that lie beside private ones."""
    for file in files:
        with contextlib.suppress(asyncssh.KeyImportError, OSError, ValueError):
            yield asyncssh.read_public_key(f"{file}.pub").public_data


def _is_open_to_others(file: Path) -> bool:
    return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def _has_passphrase(error: Exception) -> bool:
    return isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error).lower()


def _words_of_key(file: Path, error: Exception) -> tuple[str, str]:
    if isinstance(error, OSError):
        return f"{file} cannot be read: {(error.strerror or str(error)).lower()}", ""
    if _has_passphrase(error):
        return f"the private key in {file} has a passphrase", f"Have an agent hold it: ssh-add {file}"
    return f"there is no private key in {file}: {error}", ""
