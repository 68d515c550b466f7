"""A real disk that fills while backups come to it."""

from pathlib import Path

from doorward.clients.folder.store import FolderStore
from doorward.errands.backups.planning import Wish
from tests.errands.backups.places import contents, fill, pushed, run_of, told


def test_a_full_disk_keeps_what_is_there_and_once_there_is_room_all_of_it_comes(
    tmp_path: Path, small_disk: Path
) -> None:
    here = tmp_path / "backup"
    here.mkdir()
    fill(here, "web.3", size_bytes=30_000)
    fill(small_disk, "web.1", "web.2", size_bytes=20_000)
    report = pushed(run_of(here, FolderStore(small_disk), Wish(keep=1)))
    assert told(report) == {"web.3": "failed", "web.2": "skipped", "web.1": "skipped"}
    assert report.entries[0].reason == "no space left on device. Make room there."
    kept = {each.name: each.read_bytes() for each in small_disk.iterdir() if each.suffix != ".part"}
    assert kept == contents("web.1", "web.2", size_bytes=20_000)

    (small_disk / "web.1").unlink()
    report = pushed(run_of(here, FolderStore(small_disk), Wish(keep=1)))
    assert report.is_success
    assert 0 < report.moved_bytes < 30_000
    found = {each.name: each.read_bytes() for each in small_disk.iterdir()}
    assert found == contents("web.3", size_bytes=30_000)
