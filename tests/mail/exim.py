"""Exim: takes mail from whoever logged in over TLS, and writes it into the mailbox of alice."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Written
from tests.mail.mailboxes import Mailboxes
from tests.mail.processes import await_greeting, free_port, public_folder

USER = "doorward"
PASSWORD = "hunter2"
MESSAGE_BYTES = 100_000

_SYSTEM_USER = "Debian-exim"

_CONFIGURATION = """
primary_hostname = exim.example
exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
pid_file_path =
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_certificate = {folder}/cert.pem
tls_privatekey = {folder}/cert.key
auth_advertise_hosts = ${{if def:tls_in_cipher {{*}}}}
message_size_limit = {message_bytes}
rfc1413_query_timeout = 0s
host_lookup =
acl_smtp_rcpt = recipients
acl_smtp_data = accept

begin acl
recipients:
  deny message = log in first
       !authenticated = *
  deny message = no such user
       local_parts = nobody
  accept domains = example.org
  deny message = relay not permitted

begin routers
all:
  driver = accept
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  file = {folder}/mail/alice
  user = {system_user}
  return_path_add

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


@dataclass(frozen=True, slots=True)
class Exim:
    """
    One that runs.

    Attributes:
        port: of loopback, where TLS begins with STARTTLS.
        tls_port: where it begins at once.
        mailboxes: that of alice.
    """

    port: int
    tls_port: int
    mailboxes: Mailboxes


@contextmanager
def running_exim(certificate: Written) -> Iterator[Exim]:
    """One until the end; only root can start it, and the system has to know its user."""
    exim = shutil.which("exim4")
    assert exim is not None
    with public_folder() as folder:
        port, tls_port = free_port(), free_port()
        configuration = _configured(folder, certificate, exim=exim, port=port, tls_port=tls_port)
        process = subprocess.Popen(
            [exim, "-C", str(configuration), "-bdf", "-q1m"],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await_greeting(port, process)
            yield Exim(port, tls_port, Mailboxes(folder / "mail"))
        finally:
            # its children too, which would go on to write into a folder that is gone
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)


def _configured(folder: Path, certificate: Written, *, exim: str, port: int, tls_port: int) -> Path:
    for name in ("spool", "mail"):
        (folder / name).mkdir()
        shutil.chown(folder / name, _SYSTEM_USER)
    for source, name in ((certificate.file, "cert.pem"), (certificate.key, "cert.key")):
        shutil.copy(source, folder / name)
        shutil.chown(folder / name, _SYSTEM_USER)
    # the daemon becomes this user, who writes the log
    shutil.chown(folder, _SYSTEM_USER)
    file = folder / "exim.conf"
    text = _CONFIGURATION.format(
        exim=exim,
        folder=folder,
        port=port,
        tls_port=tls_port,
        message_bytes=MESSAGE_BYTES,
        system_user=_SYSTEM_USER,
        user=USER,
        password=PASSWORD,
    )
    file.write_text(text)
    file.chmod(0o644)
    return file
