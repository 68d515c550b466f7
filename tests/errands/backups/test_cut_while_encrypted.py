"""Encrypted connections to real servers that break after any byte, of commands, of answers and of files."""

import random

import pytest

from tests.clients.ftp.servers import needs_root
from tests.clients.relaying import AtByte, Then
from tests.errands.backups.broken_runs import offsets
from tests.errands.backups.relayed import ENCRYPTED, PLACES, Relayed
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(1200)]


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
            between.hold(AtByte(offset, then, is_data=is_data, is_from_client=is_from_client))
