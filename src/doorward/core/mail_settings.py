"""Where mail goes, and whose it is."""

import enum
from dataclasses import dataclass

from doorward.core.mailboxes import Mailbox


class MailTls(enum.Enum):
    """When TLS begins on a connection to the mail server."""

    NONE = "none"
    STARTTLS = "starttls"
    """After the greeting; a server that does not offer it gets nothing."""
    IMPLICIT = "implicit"
    """With the first byte, RFC 8314."""


PORT = 25
SUBMISSION_PORT = 587
SUBMISSIONS_PORT = 465

ANSWER_SECONDS = 60.0
CONTENT_ANSWERS = 10
"""How many times as long the answer after a message may take: RFC 5321 section 4.5.3.2.6 has 10 minutes."""
TRY_ANSWERS = 30
"""How many times as long a whole try may take, with all its recipients."""


_OURS = Mailbox("doorward@localhost", "Doorward")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """
    The mail server, and the addresses of what is sent.

    Attributes:
        host: name or IP address of the server.
        port: of the server.
        tls: when it begins; the certificate is always checked.
        ca: the absolute path of certificates in PEM that may vouch for the server; empty for the system's.
        user: to log in as; empty for no login.
        password_file: the absolute path of a file whose first line is the password; empty without a login.
        sender: in the header's From.
        bounces_to: of the envelope, where failures are reported to; empty for the null sender.
        to: who gets what names no recipient.
        timeout_seconds: for each step to the server, and each of its answers.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    tls: MailTls = MailTls.NONE
    ca: str = ""
    user: str = ""
    password_file: str = ""
    sender: Mailbox = _OURS
    bounces_to: str = _OURS.address
    to: tuple[Mailbox, ...] = ()
    timeout_seconds: float = ANSWER_SECONDS

    @property
    def server(self) -> str:
        """`mail.example.org:587`, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def content_seconds(self) -> float:
        """For the server's answer to a whole message."""
        return self.timeout_seconds * CONTENT_ANSWERS

    @property
    def try_seconds(self) -> float:
        """What a whole try never exceeds."""
        return self.timeout_seconds * TRY_ANSWERS
