"""Backups carried away as an errand wants it: compared by their content, and tried again so often."""

import asyncio
from pathlib import Path

import pytest

from doorward.compose.backups import carry
from doorward.core.backup_errands import Access, BackupErrand, Check
from doorward.core.backups import backup_of, partial_name
from doorward.core.schedules import Every
from doorward.errands.backups.report import Report
from doorward.errands.backups.sending import END_BYTES
from tests.clients.ftp.servers import PASSWORD
from tests.errands.backups.busy import busy
from tests.errands.backups.places import content_of, fill, told, touch


def carried(
    here: Path, url: str, *, access: Access | None = None, check: Check = Check.SIZE, retries: int = 0
) -> Report:
    errand = BackupErrand(
        name="nightly",
        folder=str(here),
        destination=url,
        keep=2,
        timing=Every(60),
        access=access or Access(),
        check=check,
        retries=retries,
    )
    return asyncio.run(carry(errand, {}))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check.SIZE, {"web.3": "sent", "web.2": "kept", "web.1": "removed"}),
        (Check.HASH, {"web.3": "sent", "web.2": "failed", "web.1": "skipped"}),
    ],
)
def test_what_is_to_stay_is_compared_as_the_errand_has_it_before_something_goes(
    here: Path, away: Path, check: Check, expected: dict[str, str]
) -> None:
    fill(here, "web.2", "web.3")
    fill(away, "web.1")
    (away / "web.2").write_bytes(content_of("web.2").swapcase())
    report = carried(here, away.as_uri(), check=check)
    assert told(report) == expected
    assert (away / "web.1").exists() == (check is Check.HASH)


@pytest.mark.parametrize("check", Check)
def test_what_is_sent_is_compared_as_the_errand_has_it(here: Path, away: Path, check: Check) -> None:
    """The beginning of a part that is gone on with is not looked at: only a hash tells of it."""
    size_bytes = END_BYTES + 1000
    fill(here, "web.1", size_bytes=size_bytes)
    touch(here / "web.1", 0)
    backup = backup_of("web.1", size_bytes, (here / "web.1").stat().st_mtime_ns)
    assert backup is not None
    content = content_of("web.1", size_bytes=size_bytes)
    spoilt = b"X" + content[1:]
    (away / partial_name(backup)).write_bytes(spoilt[:-10])
    assert told(carried(here, away.as_uri(), check=check)) == {"web.1": "sent"}
    assert (away / "web.1").read_bytes() == (content if check is Check.HASH else spoilt)


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("command", ["STOR", "MLSD"])
def test_it_is_tried_again_as_often_as_the_errand_has_it(
    here: Path, tmp_path: Path, command: str, retries: int
) -> None:
    fill(here, "web.1")
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    with busy(command) as server:
        report = carried(here, server.url, access=Access(password_file=str(file)), retries=retries)
        assert not report.is_success
        assert server.asked() == 1 + retries
