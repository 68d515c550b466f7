"""A program that vanished, or changed, after the start: its asker is told why, and the daemon goes on."""

from pathlib import Path

import pytest

from doorward.core.outcome import OutcomeKind
from tests.attacks.conftest import Attacked
from tests.doors.peers import answer, frames


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\necho here\n")
    path.chmod(0o755)
    return path


def test_it_is_told_in_one_line_and_works_again_when_it_is_back(attacked: Attacked, program: Path) -> None:
    daemon = attacked(f'[commands.mine]\nrun = ["{program}"]\nroles = ["guest"]\n', session="once")
    address = ("127.0.0.1", daemon.port)
    assert answer(address, "mine") == b"here\n"
    text = program.read_text()
    program.unlink()
    assert answer(address, "mine") == b"Uh? No such file or directory\n"
    program.mkdir()
    assert answer(address, "mine") == b"Uh? Permission denied\n"
    program.rmdir()
    program.write_text(text)
    program.chmod(0o644)
    assert answer(address, "mine") == b"Uh? Permission denied\n"
    program.chmod(0o755)
    assert answer(address, "mine") == b"here\n"
    with frames(address) as peer:
        program.unlink()
        outcome = peer.ask("mine")
        assert (outcome.kind, outcome.exit_status) == (OutcomeKind.FAILED, 125)
