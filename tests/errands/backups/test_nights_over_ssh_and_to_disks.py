"""Twenty nights over SFTP, and to a folder of this machine."""

from pathlib import Path

import pytest

from tests.errands.backups.nights import carry_for_nights
from tests.errands.backups.real_places import Kind, Place, server

pytestmark = pytest.mark.timeout(600)

SERVERS = [
    server("sftp", Kind("sftp"), is_soak=False),
    server("sftp-v6", Kind("sftp", host="::1"), is_soak=False),
    server("file", Kind("file"), is_soak=False),
]


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_twenty_nights_leave_the_newest_five(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carry_for_nights(place, here, monkeypatch, capsys)
