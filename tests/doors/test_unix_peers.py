"""Who comes by the unix door: the kernel says which uid it is."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.daemon import BOUND_SECONDS, Daemon, running
from tests.doors.peers import GREETING, answer

ALICE, STRANGER = 54321, 54322

pytestmark = [
    pytest.mark.needs_program("nc", package="netcat-openbsd"),
    pytest.mark.needs_program("setpriv", package="util-linux"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="doorward-") as folder:
        Path(folder).chmod(0o755)
        config = (
            f'[doors.unix]\nlisten = "{folder}/sock"\n[users.alice]\nuid = {ALICE}\nroles = ["operator"]\n'
        )
        with running(tmp_path_factory.mktemp("unix"), config) as started:
            yield started


def heard_by(uid: int, daemon: Daemon, line: str) -> str:
    words = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    nc = ["nc", "-N", "-U", daemon.socket_path]
    done = subprocess.run(
        [*words, *nc], input=f"{line}\n".encode(), capture_output=True, timeout=BOUND_SECONDS, check=False
    )
    return done.stdout.decode()


def test_the_socket_is_open_to_everybody(daemon: Daemon) -> None:
    assert stat.S_IMODE(Path(daemon.socket_path).stat().st_mode) == 0o666


def test_root_is_admin(daemon: Daemon) -> None:
    assert b"you are admin at the unix door" in answer(daemon.socket_path, "whoami")


def test_a_users_uid_is_that_user(daemon: Daemon) -> None:
    heard = heard_by(ALICE, daemon, "whoami")
    assert heard.startswith(GREETING.decode())
    assert f"Your address is uid {ALICE}, you are alice (operator) at the unix door." in heard
    assert daemon.audited(event="login", who="alice")["from"] == f"uid {ALICE}"


def test_a_user_may_not_do_what_only_admin_may(daemon: Daemon) -> None:
    assert "Uh?" in heard_by(ALICE, daemon, "status")


def test_a_stranger_is_told_and_asks_for_nothing(daemon: Daemon) -> None:
    assert heard_by(STRANGER, daemon, "whoami").startswith("Uh? uid ")
    line = {"event": "refusal", "door": "unix", "from": f"uid {STRANGER}"}
    assert daemon.audited(**line)["reason"].endswith(f"doorward user add NAME --uid {STRANGER}")
