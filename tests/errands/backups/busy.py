"""A real server that has no time for one command, which may do better, and how often it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import pyftpdlib_running


@dataclass(frozen=True, slots=True)
class Busy:
    """
    One that runs.

    Attributes:
        url: of its folder, for `alice`.
        log: a line for each time that it had none.
    """

    url: str
    log: Path

    def asked(self) -> int:
        """How often it said that it has no time."""
        return len(self.log.read_text().splitlines())


@contextmanager
def busy(command: str) -> Iterator[Busy]:
    """Yield one that answers 451 to `command`."""
    with pyftpdlib_running(Security.NONE, command) as real:
        yield Busy(f"{real.server.url.replace('://', '://alice@')}/in", real.log)
