"""What root is told of certificates that the daemon's user has to read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.cli.certificate_looks import looked_over
from doorward.config import Machine
from doorward.core.settings import DoorSettings, Settings
from tests.certificates import make_certificate

DAEMON_UID = 65_533

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root looks for another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="doorward-") as made:
        os.chmod(made, 0o755)  # noqa: S103 - what it is for
        yield Path(made)


def notices(folder: Path) -> tuple[str, ...]:
    door = DoorSettings(
        name="tls", listen=(), certificate=str(folder / "door.pem"), key=str(folder / "door.key")
    )
    machine = Machine(uid=DAEMON_UID)
    found = looked_over(Settings(file="x", doors={"tls": door}), None, (), machine=machine)
    assert found.problems == ()
    # those that tests make end tomorrow
    return tuple(each for each in found.notices if not each.endswith("renew it"))


def test_a_key_of_the_daemon_s_user_is_no_notice(folder: Path) -> None:
    _, key = make_certificate().written(folder, "door")
    os.chown(key, DAEMON_UID, DAEMON_UID)
    assert notices(folder) == ()


def test_a_key_that_root_alone_can_read_is_told(folder: Path) -> None:
    _, key = make_certificate().written(folder, "door")
    assert notices(folder) == (
        f"{key}: uid {DAEMON_UID}, whom the daemon runs as, seems not to be able to read it",
    )


def test_a_folder_that_root_alone_can_enter_is_told(folder: Path) -> None:
    live = folder / "live"
    live.mkdir(mode=0o700)
    certificate, key = make_certificate().written(live, "door")
    os.chown(key, DAEMON_UID, DAEMON_UID)
    for file in (certificate, key):
        (folder / file.name).symlink_to(file)
    assert notices(folder) == tuple(
        f"{folder / file.name}: uid {DAEMON_UID}, whom the daemon runs as, "
        f"seems not to be able to read it, as it may not enter {live}"
        for file in (certificate, key)
    )
