"""What becomes of a failure: one error with the address, the phase and what a person can do."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from doorward.clients._streams import PLAIN_TEXT
from doorward.clients._trust import words_of_distrust
from doorward.clients.ftp.replies import Reply, words_of
from doorward.clients.ftp.settings import EXPLICIT_PORT, IMPLICIT_PORT, FtpServer, Security
from doorward.core.backup_store import MAKE_ROOM
from doorward.core.errors import ConnectError, PeerRefused, ProtocolError, TlsFailed
from doorward.core.secret import without

DISTRUST = "TLS"
"""The phase of a certificate that is not trusted, whatever connection it came on."""

NO_TLS = frozenset({PLAIN_TEXT, "WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE", "PACKET_LENGTH_TOO_LONG"})
"""The codes of a TlsFailed with a peer that says something in the clear, or in no TLS at all."""

_TLS_STEPS = dict.fromkeys(
    ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"),
    "TLS 1.2 is the least that will do.",
)

"""For a full disk or quota."""

_NEXT_STEPS = {
    421: "Try again later.",
    425: "Does a firewall let the ports for data through?",
    426: "Try again.",
    430: "Are the name and the password right?",
    450: "It may be in use: try again later.",
    452: MAKE_ROOM,
    502: "The server is too old, or not allowed to do that.",
    522: "Does the server want the session of TLS to be resumed, or another version?",
    530: "Are the name and the password right?",
    534: "The server wants the connection encrypted: write ftps:// in place of ftp://.",
    550: "Is it there, and may this user do that?",
    552: MAKE_ROOM,
    553: "Is the name allowed there?",
}

_STEP_OF_LOGIN = "Are the name and the password right?"
_STEP_WITHOUT_GREETING = "Is it busy, or does TLS begin there with the first byte? Then write ftps://."
_STEP_WHILE_BUSY = "Is it busy?"
_STEP_FROM_THE_FIRST_BYTE = "Does it speak TLS there? Where that begins with AUTH TLS, write ftpes://."
_STEP_WITHOUT_AUTH = "Does it speak TLS at all? Where it does from the first byte on, write ftps://."
_STEP_WITHOUT_TLS = "Does it speak TLS at all?"
_TLS_WORDS = ("tls", "ssl", "encrypt", "cleartext", "clear text")


def wants_tls(said: str) -> bool:
    """Whether a server that refuses a login says that it wants TLS first, for which each has another code."""
    return any(words in said.lower() for words in _TLS_WORDS)


class Teller:
    """
    Says what failed at one server, and puts an end to all waiting.

    Args:
        server: the one.

    Attributes:
        ends_at: when the time for everything is over, on the clock of the loop.
    """

    def __init__(self, server: FtpServer) -> None:
        self._server = server
        self._deadlines = server.deadlines
        self.ends_at = asyncio.get_running_loop().time() + server.deadlines.total_seconds

    def error(self, phase: str, problem: str, next_step: str = "") -> ConnectError:
        """The error that says so, without the password, which a server may repeat anywhere."""
        return ConnectError(self._server.url, phase, self._without_password(problem), next_step)

    def misunderstood(self, phase: str, error: ProtocolError, next_step: str = "") -> ConnectError:
        """The error that says what came and should have been something else."""
        return self.error(phase, words_of(error, self._server.password), next_step)

    def refusal(self, phase: str, verb: str, reply: Reply) -> PeerRefused:
        """The error that says how the server answered to `verb`."""
        problem = f"the server answered {reply.code} to {verb}: {self.shown(reply)}"
        step = self._step_of_login(reply) if phase == "login" else self.next_step(reply)
        if phase == "TLS" and (not step or reply.code == 530):
            # before anybody said who they are
            step = _STEP_WITHOUT_TLS if self._takes_either else _STEP_WITHOUT_AUTH
        return PeerRefused(self._server.url, phase, problem, step, code=reply.code)

    def login_refusal(self, reply: Reply) -> PeerRefused:
        """The error that says that nobody is let in with this name and this password."""
        problem = f"the login was refused: the server answered {reply.code}: {self.shown(reply)}"
        return PeerRefused(self._server.url, "login", problem, self._step_of_login(reply), code=reply.code)

    def _step_of_login(self, reply: Reply) -> str:
        is_plain = not self._server.is_encrypted
        if is_plain and wants_tls(self.shown(reply)):
            return "The server wants TLS: write ftps:// in place of ftp://."
        if reply.code != 530:
            return self.next_step(reply)
        source = self._server.password_from
        told = f"Are the name and the password right, which came from {source}?" if source else _STEP_OF_LOGIN
        return f"{told} If the server wants TLS, write ftps://." if is_plain else told

    @property
    def _takes_either(self) -> bool:
        """Whether whoever is to be told left open how TLS begins, and so is not to write it otherwise."""
        return self._server.security is Security.EITHER

    def no_greeting(self, error: ConnectError, *, port: int) -> ConnectError:
        """
        As `error`, which a greeting in the clear ended with that did not come in time at `port`.

        At the one for TLS from the first byte on it never will, and so nobody is to try again.
        """
        if port == IMPLICIT_PORT and not self._takes_either:
            step = "There TLS begins with the first byte: write ftps://."
            return self.error("TLS", f"port {IMPLICIT_PORT} sent no greeting in the clear", step)
        step = _STEP_WHILE_BUSY if self._takes_either else _STEP_WITHOUT_GREETING
        return self.error(error.phase, error.problem, step)

    def unreached(self, implicit: ConnectError, explicit: ConnectError) -> ConnectError:
        """The error that says that neither port of TLS leads anywhere."""
        ports = f"port {IMPLICIT_PORT}: {implicit.problem}; port {EXPLICIT_PORT}: {explicit.problem}"
        return self.error("connect", ports, explicit.next_step)

    def next_step(self, reply: Reply) -> str:
        """What a person can do about it."""
        return _NEXT_STEPS.get(reply.code, "")

    def shown(self, reply: Reply) -> str:
        """What the server said, without the password, which it may have repeated."""
        return replace(reply, lines=tuple(map(self._without_password, reply.lines))).shown

    def _without_password(self, text: str) -> str:
        return without(self._server.password, text)

    @asynccontextmanager
    async def phase(self, name: str, within_seconds: float) -> AsyncIterator[None]:
        """
        Give what is within so many seconds, and no more than are left of all.

        Raises:
            ConnectError: it took longer, or raised an OSError, a ProtocolError or a ValueError.
        """
        now = asyncio.get_running_loop().time()
        with self.told(name, within_seconds):
            async with asyncio.timeout_at(min(now + within_seconds, self.ends_at)):
                yield

    @contextmanager
    def told(self, name: str, within_seconds: float = 0.0) -> Iterator[None]:
        """As `phase`, for what does not wait, or has its own end after so many seconds."""
        try:
            yield
        except TimeoutError as error:
            raise self._timeout(name, within_seconds) from error
        except TlsFailed as error:
            raise self._tls_failure(name, error) from error
        except ProtocolError as error:
            raise self.misunderstood(name, error, "Does a server of FTP listen there?") from error
        except OSError as error:
            raise self.error(name, _words(error), _next_step(error)) from error
        except ValueError as error:  # of a host that cannot have a certificate
            raise self.error(name, str(error)) from error

    def _timeout(self, name: str, within_seconds: float) -> ConnectError:
        if asyncio.get_running_loop().time() >= self.ends_at:
            total_seconds = self._deadlines.total_seconds
            return self.error(name, f"not done within {total_seconds:g} s in all")
        step = "Is the host up, and does it let you through?" if name == "connect" else ""
        return self.error(name, f"nothing came within {within_seconds:g} s", step)

    def _tls_failure(self, phase: str, failed: TlsFailed) -> ConnectError:
        if failed.verify_code:
            return self.error(DISTRUST, *words_of_distrust(self._server.trust, failed, None))
        if failed.code in NO_TLS:
            step = _STEP_FROM_THE_FIRST_BYTE if phase == "TLS" else ""
            return self.error(phase, "the server sent something that is not TLS", step)
        return self.error(phase, f"TLS failed: {failed.reason}", _TLS_STEPS.get(failed.code, ""))


def _words(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name cannot be resolved: {error.strerror}"
    said = os.strerror(error.errno) if error.errno else str(error) or "the connection was lost"
    return said[:1].lower() + said[1:]


def _next_step(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "Look at how the host is written."
        case ConnectionRefusedError():
            return "Does a server of FTP run there, and on this port?"
        case _:
            return ""
