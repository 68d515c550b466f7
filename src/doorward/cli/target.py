"""Which daemon is meant, and who asks it, as the options say."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    Which daemon, and who asks.

    Attributes:
        at: a URL; None to look for it.
        state: the daemon's state folder; None when it was not named.
        user: the name to log in with; None when the door knows it.
        password_file: None for the environment or a prompt.
        token_file: holds a token to log in with in place of a name and a password; None for the environment.
        may_be_overheard: a login may go unencrypted to another machine.
        may_prompt: a person waits for an answer, and can be asked for a password.
        ca: over TLS, a file of the only certificates that may vouch for the daemon; None for the system's.
        fingerprint: over TLS of the daemon's certificate, over SSH of its host key, in 64 hexadecimal
            digits; None for none.
        client_certificate: over TLS, a file to log in with; None for none.
        client_key: its private key; None when it stands in the same file.
        identity: over SSH, a file of the private key to log in with; None for the usual ones.
    """

    at: str | None = None
    state: str | None = None
    user: str | None = None
    password_file: Path | None = None
    token_file: Path | None = None
    may_be_overheard: bool = False
    may_prompt: bool = True
    ca: Path | None = None
    fingerprint: str | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    identity: Path | None = None
