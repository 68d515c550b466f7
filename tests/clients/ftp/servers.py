"""vsftpd and ProFTPD of Debian, each on a port of 127.0.0.1, with a folder and a user of its own."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from crypt import METHOD_SHA256, crypt
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from doorward.clients._trust import Trust
from doorward.clients.ftp.settings import Deadlines, FtpServer, Security
from doorward.core.secret import Secret
from tests.certificates import Written

OPEN_SECONDS = 30.0
PASSWORD = "open sesame"

PATIENT = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=30, data_seconds=30, total_seconds=300)
"""For servers that answer, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class RealServer:
    """
    A server that runs.

    Attributes:
        server: to be logged in at, over TLS from the start of the login.
        folder: on this machine, where `inside` leads to.
        inside: the folder at the server that may be written to.
        log: what it says about what it does.
    """

    server: FtpServer
    folder: Path
    inside: str
    log: Path

    def plain(self) -> FtpServer:
        """The same one unencrypted, where it lets that be."""
        return replace(self.server, security=Security.NONE)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
