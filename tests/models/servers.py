"""Models that serve, each in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorward.testing.model_contract import LIMITS

LAUNCHER = Path(__file__).with_name("launcher.py")


@contextmanager
def started(
    name: str, kind: str, *, output_bytes: int = LIMITS.output_bytes
) -> Iterator[tuple[int, tuple[str, int]]]:
    """A model's process, and where it listens; whatever it complained about fails the test."""
    with subprocess.Popen(
        [sys.executable, LAUNCHER, name, kind, str(output_bytes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            port = process.stdout.readline().strip()
            assert port.isdigit(), process.stderr.read()
            yield process.pid, ("127.0.0.1", int(port))
        finally:
            process.terminate()
            try:
                _, complaints = process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert (process.returncode, complaints) == (0, "")
