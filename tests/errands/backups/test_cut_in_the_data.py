"""Files that break off anywhere on their way to real servers, and on their way back."""

from pathlib import Path

import pytest

from doorward.errands.backups.report import Did
from tests.clients.ftp.servers import needs_root
from tests.clients.relaying import AtByte, Then
from tests.errands.backups.broken_runs import offsets
from tests.errands.backups.places import content_of
from tests.errands.backups.relayed import CLEAR, ENCRYPTED, PLACES, SIZE_BYTES, Relayed

LOGIN_BYTES = 32_000
"""More than a server of SSH says before it sends a file."""

pytestmark = [needs_root, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("between", CLEAR, indirect=True)
@pytest.mark.parametrize("then", [Then.CUT, Then.END, Then.CUT_ALL])
def test_data_that_breaks_anywhere_is_made_good(between: Relayed, then: Then) -> None:
    for offset in offsets(PLACES, SIZE_BYTES):
        between.hold(AtByte(offset, then))


@pytest.mark.parametrize("between", [*CLEAR, *ENCRYPTED], indirect=True)
def test_a_backup_that_breaks_anywhere_on_its_way_back_comes_whole_or_not_at_all(
    between: Relayed, tmp_path: Path
) -> None:
    between.broken.begin()
    into = tmp_path / "restored"
    into.mkdir()
    is_data = between.broken.place.ftp is not None
    # behind the login, of a protocol that has one connection for both
    begins_at = 0 if is_data else LOGIN_BYTES
    for number, offset in enumerate(offsets(PLACES, SIZE_BYTES * 9 // 10 - begins_at)):
        # a little more than that goes over each connection
        then = (Then.CUT, Then.END, Then.CUT_ALL)[number % 3]
        fault = AtByte(begins_at + offset, then, is_data=is_data, is_from_client=False)
        entry = between.restore(into, fault, retries=0)
        assert entry.did is Did.FAILED, (fault, entry)
        assert not [*into.iterdir()]
        entry = between.restore(into, fault, retries=5)
        assert entry.did is Did.RESTORED, (fault, entry)
        (file,) = into.iterdir()
        assert file.read_bytes() == content_of("web.2", size_bytes=SIZE_BYTES)
        file.unlink()
