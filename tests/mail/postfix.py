"""Postfix: takes mail for alice and bob of example.org, offers STARTTLS, and writes mailboxes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Written
from tests.mail.mailboxes import Mailboxes
from tests.mail.processes import await_greeting, free_port, public_folder

_NOBODY = 65534

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = inline:{{ {{alice@example.org = alice}} {{bob@example.org = bob}} }}
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_chain_files = {folder}/chain.pem
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """
    One that runs.

    Attributes:
        port: of loopback.
        mailboxes: of alice and bob.
    """

    port: int
    mailboxes: Mailboxes


@contextmanager
def running_postfix(certificate: Written) -> Iterator[Postfix]:
    """One until the end; only root can start it."""
    with public_folder() as folder:
        port = free_port()
        configuration = _configured(folder, certificate, port)
        words = ["postfix", "-c", str(configuration)]
        process = subprocess.Popen([*words, "start-fg"], stderr=subprocess.DEVNULL)
        try:
            await_greeting(port, process)
            yield Postfix(port, Mailboxes(folder / "mail"))
        finally:
            subprocess.run([*words, "stop"], check=False, capture_output=True)
            process.wait(timeout=30)


def _configured(folder: Path, certificate: Written, port: int) -> Path:
    for name, owner in (("conf", "root"), ("spool", "root"), ("data", "postfix"), ("mail", "nobody")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    chain = folder / "chain.pem"
    chain.write_text(certificate.key.read_text() + certificate.file.read_text())
    chain.chmod(0o600)
    configuration = folder / "conf"
    (configuration / "main.cf").write_text(_MAIN.format(folder=folder))
    (configuration / "master.cf").write_text(_MASTER.format(port=port))
    os.chown(folder / "mail", _NOBODY, _NOBODY)
    return configuration
