"""Mail servers of Debian as children of a test, each with a spool, a configuration and a port of its own."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30.0


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that system users reach too, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="mail-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_greeting(port: int, process: subprocess.Popen[bytes], *, greeting: bytes = b"220") -> None:
    """Wait until a mail server says `greeting` first at `port`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as peer:
                if peer.recv(len(greeting)) == greeting:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the mail server does not greet: {process.args!r}")
