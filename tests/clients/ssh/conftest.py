import os
from collections.abc import Iterator

import pytest

from tests.clients.ssh.sftp_server import OPTIONS
from tests.clients.ssh.sshd import Sshd, sshd_running
from tests.daemon import Shell


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """OpenSSH's server with SFTP, and a client that has a key for it and knows it."""
    folder = tmp_path_factory.mktemp("sshd")
    home = tmp_path_factory.mktemp("home")
    shell = Shell(folder, {"HOME": str(home), "PATH": os.environ["PATH"]})
    with sshd_running(folder, shell, *OPTIONS) as running:
        yield running
