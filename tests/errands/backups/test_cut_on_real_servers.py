"""Connections to real servers that break at an exact place, and what the run or the next one makes of it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from doorward.errands.backups.report import Did
from tests.clients.ftp.servers import needs_root
from tests.clients.relaying import AtAnswer, AtByte, AtCommand, Fault, Then
from tests.errands.backups.broken_runs import offsets
from tests.errands.backups.places import content_of
from tests.errands.backups.real_places import Kind, server
from tests.errands.backups.relayed import Relayed, relayed
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(1200)]

SIZE_BYTES = 600_000
PLACES = 50 if IS_SOAK else 2

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

# vsftpd locks a file for as long as it waits for the rest of it
SOON_GIVEN_UP = ("data_connection_timeout=4",)
SILENT = [
    server("vsftpd", Kind("vsftpd", options=SOON_GIVEN_UP), is_soak=False),
    server("vsftpd-tls", Kind("vsftpd", Security.EXPLICIT, options=SOON_GIVEN_UP)),
    server("proftpd", Kind("proftpd")),
    server("proftpd-tls", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd")),
    server("pure-ftpd-tls", Kind("pure-ftpd", Security.EXPLICIT)),
]


@pytest.fixture
def between(request: pytest.FixtureRequest, tmp_path: Path, here: Path) -> Iterator[Relayed]:
    with relayed(request.param, tmp_path, here, size_bytes=SIZE_BYTES) as running:
        yield running


def hold(between: Relayed, fault: Fault, *, is_soon: bool = False) -> None:
    """A run with retries makes it good itself; one without leaves what the next one makes good."""
    between.broken.begin()
    report = between.push(fault, retries=5, is_soon=is_soon)
    assert report.is_success, (fault, report)
    between.broken.check_end()
    between.broken.begin()
    report = between.push(fault, retries=0, is_soon=is_soon)
    if report.is_success:
        between.broken.check_end()
    else:
        between.broken.make_good()


EXACT: list[AtCommand | AtAnswer] = [
    *(AtAnswer("STOR", "150", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtAnswer("STOR", "2", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtCommand("RNTO", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtAnswer("RNTO", "2", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtCommand("DELE", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtAnswer("DELE", "2", then) for then in (Then.CUT, Then.CLOSING)),
    *(AtCommand(verb, Then.CLOSING) for verb in ("CWD", "FEAT", "EPSV", "STOR", "SIZE", "RNFR")),
    *(AtAnswer(verb) for verb in ("USER", "PWD", "EPSV", "SIZE", "RNFR")),
]


@pytest.mark.parametrize("between", CLEAR, indirect=True)
def test_what_breaks_at_a_command_or_an_answer_is_made_good(between: Relayed) -> None:
    sample = EXACT if IS_SOAK else [each for each in EXACT if "RNTO" in each.verb or "STOR" in each.verb]
    for fault in sample:
        hold(between, fault)


@pytest.mark.parametrize("between", CLEAR, indirect=True)
@pytest.mark.parametrize("then", [Then.CUT, Then.END, Then.CUT_ALL])
def test_data_that_breaks_anywhere_is_made_good(between: Relayed, then: Then) -> None:
    for offset in offsets(PLACES, SIZE_BYTES):
        hold(between, AtByte(offset, then))


@pytest.mark.parametrize("between", SILENT, indirect=True)
@pytest.mark.parametrize("then", [Then.SILENCE, Then.SILENCE_CONTROL])
def test_what_falls_silent_in_a_long_transfer_is_made_good(between: Relayed, then: Then) -> None:
    hold(between, AtByte(SIZE_BYTES // 2, then), is_soon=True)


@pytest.mark.parametrize("between", ENCRYPTED, indirect=True)
def test_what_is_encrypted_and_breaks_anywhere_is_made_good(between: Relayed) -> None:
    chance = random.Random(None if IS_SOAK else 19)
    between.broken.begin()
    measured = between.measured()
    for is_data, is_from_client in ((True, True), (False, True), (False, False)):
        # some less, for the next one may have a little less to say; SFTP has one connection for all
        most = measured.get((is_data, is_from_client), 0) * 9 // 10
        for offset in offsets(PLACES, most) if most else ():
            then = chance.choice([Then.CUT, Then.END, Then.CUT_ALL])
            hold(between, AtByte(offset, then, is_data=is_data, is_from_client=is_from_client))


@pytest.mark.parametrize("between", ENCRYPTED[-1:], indirect=True)
def test_a_connection_of_ssh_that_falls_silent_is_made_good(between: Relayed) -> None:
    hold(between, AtByte(SIZE_BYTES // 2, Then.SILENCE, is_data=False), is_soon=True)


@pytest.mark.parametrize("between", [*CLEAR, *ENCRYPTED], indirect=True)
def test_a_backup_that_breaks_anywhere_on_its_way_back_comes_whole_or_not_at_all(
    between: Relayed, tmp_path: Path
) -> None:
    between.broken.begin()
    into = tmp_path / "restored"
    into.mkdir()
    is_data = between.broken.place.ftp is not None
    for number, offset in enumerate(offsets(PLACES, SIZE_BYTES * 9 // 10)):
        # a little more than that goes over each connection
        then = (Then.CUT, Then.END, Then.CUT_ALL)[number % 3]
        fault = AtByte(offset, then, is_data=is_data, is_from_client=False)
        entry = between.restore(into, fault, retries=0)
        assert entry.did is Did.FAILED, (fault, entry)
        assert not [*into.iterdir()]
        entry = between.restore(into, fault, retries=5)
        assert entry.did is Did.RESTORED, (fault, entry)
        (file,) = into.iterdir()
        assert file.read_bytes() == content_of("web.2", size_bytes=SIZE_BYTES)
        file.unlink()
