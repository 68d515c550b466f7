"""Connections to real servers that break at a command or an answer, or fall silent: the run makes it good."""

import pytest

from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.clients.relaying import AtAnswer, AtByte, AtCommand, Then
from tests.errands.backups.real_places import Kind, server
from tests.errands.backups.relayed import CLEAR, SIZE_BYTES, Relayed
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(1200)]

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
SFTP = [server("sftp", Kind("sftp"), is_soak=False)]

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
        between.hold(fault)


@pytest.mark.parametrize("between", SILENT, indirect=True)
@pytest.mark.parametrize("then", [Then.SILENCE, Then.SILENCE_CONTROL])
def test_what_falls_silent_in_a_long_transfer_is_made_good(between: Relayed, then: Then) -> None:
    between.hold(AtByte(SIZE_BYTES // 2, then), is_soon=True)


@pytest.mark.parametrize("between", SFTP, indirect=True)
def test_a_connection_of_ssh_that_falls_silent_is_made_good(between: Relayed) -> None:
    between.hold(AtByte(SIZE_BYTES // 2, Then.SILENCE, is_data=False), is_soon=True)
