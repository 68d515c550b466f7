"""Runs to real servers through what breaks connections, and the next ones past it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from doorward.clients.folder.store import FolderStore
from doorward.clients.ftp.settings import Security
from doorward.clients.ftp.store import FtpStore
from doorward.clients.ssh.sftp.store import SftpStore
from doorward.core.backup_store import BackupStore
from doorward.core.backups import backup_of
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.report import Entry, Report
from doorward.errands.backups.restoring import Restoring
from doorward.errands.backups.watching import Nobody
from tests.clients.ftp.servers import PATIENT
from tests.clients.relaying import IN_BETWEEN, Fault, Relay, free_range, relaying
from tests.clients.ssh.sftp_server import server_of
from tests.errands.backups.broken_runs import WISH, Broken
from tests.errands.backups.places import quick_patience, run_of
from tests.errands.backups.real_places import Kind, place_running, server
from tests.plugins.soak import IS_SOAK

SIZE_BYTES = 600_000
PLACES = 50 if IS_SOAK else 2
DATA_PORTS = 16

SOON_SECONDS = 3.0
"""For what never comes."""

_PASSIVE = {
    "vsftpd": ("pasv_min_port={0}", "pasv_max_port={1}"),
    "proftpd": ("PassivePorts {0} {1}",),
    "pure-ftpd": ("--passiveportrange={0}:{1}",),
}

CLEAR = [
    server("vsftpd", Kind("vsftpd"), is_soak=False),
    server("proftpd", Kind("proftpd")),
    server("pure-ftpd", Kind("pure-ftpd")),
]
ENCRYPTED = [
    server("vsftpd-tls", Kind("vsftpd", Security.EXPLICIT)),
    server("proftpd-tls", Kind("proftpd", Security.EXPLICIT), is_soak=False),
    server("pure-ftpd-tls", Kind("pure-ftpd", Security.EXPLICIT)),
    server("sftp", Kind("sftp"), is_soak=False),
]


@dataclass(frozen=True, slots=True)
class Relayed:
    """
    A place, and runs that get at it through what is between.

    Attributes:
        broken: the place, and what goes there.
        data_ports: those that it gives for data.
    """

    broken: Broken
    data_ports: range

    def push(self, *faults: Fault, retries: int, is_soon: bool = False) -> Report:
        """Carry `web.3` there while these happen; each has to, or the test shows nothing."""
        return asyncio.run(self._push(faults, retries=retries, is_soon=is_soon))[0]

    def hold(self, fault: Fault, *, is_soon: bool = False) -> None:
        """A run with retries makes it good itself; one without leaves what the next one makes good."""
        self.broken.begin()
        report = self.push(fault, retries=5, is_soon=is_soon)
        assert report.is_success, (fault, report)
        self.broken.check_end()
        self.broken.begin()
        report = self.push(fault, retries=0, is_soon=is_soon)
        if report.is_success:
            self.broken.check_end()
        else:
            self.broken.make_good()

    def measured(self) -> Mapping[tuple[bool, bool], int]:
        """How many bytes come through one connection when all is well, as `Relay.most_bytes` has it."""
        return asyncio.run(self._push((), retries=0, is_soon=False))[1].most_bytes

    def restore(self, into: Path, *faults: Fault, retries: int) -> Entry:
        """Bring `web.2` back to a folder while these happen."""
        return asyncio.run(self._restore(into, faults, retries=retries))

    async def _push(self, faults: Sequence[Fault], *, retries: int, is_soon: bool) -> tuple[Report, Relay]:
        async with self._past(faults) as relay:
            store = await asyncio.to_thread(self._store, relay.port, is_soon=is_soon)
            run = run_of(self.broken.here, store, WISH, retries=retries, at_once=1, is_in_small_pieces=True)
            return await run.push(), relay

    async def _restore(self, into: Path, faults: Sequence[Fault], *, retries: int) -> Entry:
        pace, patience = Pace(0, monotonic=lambda: 0.0), quick_patience(retries)
        restoring = Restoring(pace=pace, watcher=Nobody(), patience=patience)
        async with self._past(faults) as relay:
            store = await asyncio.to_thread(self._store, relay.port, is_soon=False)
            async with store.connect() as there, FolderStore(into).connect() as here:
                backup = backup_of("web.2", self.broken.size_bytes)
                assert backup is not None
                return await restoring.restore(there, backup, here)

    @asynccontextmanager
    async def _past(self, faults: Sequence[Fault]) -> AsyncIterator[Relay]:
        place = self.broken.place
        if place.ftp is not None:
            port, is_clear = place.ftp.server.port, place.ftp.server.security is Security.NONE
        else:
            assert place.sshd is not None
            port, is_clear = place.sshd.port, False
        async with relaying(port, faults, data_ports=self.data_ports, is_clear=is_clear) as relay:
            yield relay
            assert not relay.faults

    def _store(self, port: int, *, is_soon: bool) -> BackupStore:
        place = self.broken.place
        if place.ftp is not None:
            deadlines = replace(PATIENT, reply_seconds=SOON_SECONDS, data_seconds=SOON_SECONDS)
            between = replace(place.ftp.server, host=IN_BETWEEN, port=port)
            return FtpStore(replace(between, deadlines=deadlines) if is_soon else between, "in")
        assert place.sshd is not None
        sshd = replace(place.sshd, host=IN_BETWEEN, port=port)
        with (sshd.folder / "known_hosts").open("a") as known:
            known.write(sshd.known_line)
        reply_seconds = SOON_SECONDS if is_soon else PATIENT.reply_seconds
        return SftpStore(server_of(sshd), str(place.folder), reply_seconds=reply_seconds)


@contextmanager
def relayed(kind: Kind, tmp_path: Path, here: Path) -> Iterator[Relayed]:
    """Yield what `kind` says, with ports for data that are known."""
    data_ports = range(0)
    if kind.program in _PASSIVE:
        data_ports = free_range(DATA_PORTS)
        options = tuple(each.format(data_ports[0], data_ports[-1]) for each in _PASSIVE[kind.program])
        kind = replace(kind, options=(*kind.options, *options))
    with place_running(kind, tmp_path) as place:
        yield Relayed(Broken(place, here, SIZE_BYTES), data_ports)
