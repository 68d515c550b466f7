"""OpenSSH's server as one of SFTP, for whoever runs the tests."""

import getpass

from doorward.clients._endpoints import SshEndpoint, SshIdentity
from doorward.clients.ssh.sftp.login import SftpServer
from tests.clients.ssh.sshd import Sshd

CONNECT_SECONDS = 60.0

OPTIONS = ("Subsystem sftp internal-sftp", "MaxStartups 100")
"""Lines of its configuration."""


def server_of(sshd: Sshd) -> SftpServer:
    """The server, and the user whose key it has."""
    identity = SshIdentity(user=getpass.getuser(), folder=sshd.folder)
    endpoint = SshEndpoint(f"sftp://{sshd.host}:{sshd.port}", sshd.host, sshd.port, identity)
    return SftpServer(endpoint=endpoint, connect_seconds=CONNECT_SECONDS)
