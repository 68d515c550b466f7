"""Dovecot: IMAP and POP3 for alice, with STARTTLS and over TLS from the start."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Written
from tests.mail.processes import await_greeting, free_port, public_folder

PASSWORD = "open-sesame"
_NOBODY = 65534

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
protocols = imap pop3
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/cert.key
mail_location = maildir:{folder}/mail/%n
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/mail
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """
    One that runs.

    Attributes:
        imap, imaps, pop3, pop3s: ports of loopback.
        authority: a file of the certificates to trust.
    """

    imap: int
    imaps: int
    pop3: int
    pop3s: int
    authority: Path


@contextmanager
def running_dovecot(certificate: Written, authority: Path) -> Iterator[Dovecot]:
    """One until the end; only root can start it."""
    with public_folder() as folder:
        ports = {name: free_port() for name in ("imap", "imaps", "pop3", "pop3s")}
        (folder / "mail").mkdir()
        os.chown(folder / "mail", _NOBODY, _NOBODY)
        (folder / "cert.pem").write_bytes(certificate.file.read_bytes())
        (folder / "cert.key").write_bytes(certificate.key.read_bytes())
        (folder / "cert.key").chmod(0o600)
        configuration = folder / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(folder=folder, password=PASSWORD, nobody=_NOBODY, **ports)
        )
        process = subprocess.Popen(["dovecot", "-F", "-c", str(configuration)], stderr=subprocess.DEVNULL)
        try:
            await_greeting(ports["imap"], process, greeting=b"* OK")
            yield Dovecot(**ports, authority=authority)
        finally:
            process.terminate()
            process.wait(timeout=30)
