"""What counts as mounted: a disk, and a folder of the same disk, as `mount --bind` has it."""

import subprocess
from pathlib import Path

import pytest

from doorward.clients.folder.mounting import is_mounted
from tests.clients.ftp.servers import needs_root
from tests.daemon import Shell
from tests.errands.backups.places import contents, fill

_BOUND = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
_HIDDEN = 'mount --bind "$1" "$2"; mount -t tmpfs none "${2%/*}"; mkdir "$2"; shift 2; exec "$@"'


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Where backups are, one on the disk, and one that a disk is to be mounted at."""
    made = {name: tmp_path / "of us" / name for name in ("here", "disk", "bound\n\\040 to")}
    for folder in made.values():
        folder.mkdir(parents=True)
    fill(made["here"], "web.1")
    return made


def pushed_with(
    shell: Shell, mounting: str, *, here: Path, disk: Path, bound: Path
) -> subprocess.CompletedProcess[str]:
    """Carry `here` to `bound`, where `mounting` has mounted `disk`, in a mount namespace of its own."""
    words = ("--to", bound.as_uri(), "--mount-point", str(bound), "--keep", "1")
    push = shell.words("backup", "push", "--from", str(here), *words)
    return subprocess.run(
        ["unshare", "--mount", "sh", "-ec", mounting, "sh", str(disk), str(bound), *push],
        check=False,
        capture_output=True,
        cwd=shell.folder,
        env=dict(shell.environment),
        text=True,
        timeout=60,
    )


@needs_root
def test_a_folder_of_the_same_disk_is_mounted_too(shell: Shell, folders: dict[str, Path]) -> None:
    here, disk, bound = folders.values()
    ran = pushed_with(shell, _BOUND, here=here, disk=disk, bound=bound)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {each.name: each.read_bytes() for each in disk.iterdir()} == contents("web.1")
    assert list(bound.iterdir()) == []


@needs_root
def test_what_another_mount_hides_is_not_mounted(shell: Shell, folders: dict[str, Path]) -> None:
    here, disk = folders["here"], folders["disk"]
    below = here.parent.parent / "below" / "bound"
    below.mkdir(parents=True)
    ran = pushed_with(shell, _HIDDEN, here=here, disk=disk, bound=below)
    assert ran.returncode == 125
    assert f"nothing is mounted at {below}" in ran.stderr
    assert list(disk.iterdir()) == []


def test_what_is_not_there_is_not_mounted(tmp_path: Path) -> None:
    assert not is_mounted(tmp_path / "missing")
    assert not is_mounted(tmp_path)
    assert is_mounted(Path("/"))
    assert is_mounted(Path("/proc"))
