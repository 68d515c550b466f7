"""docs/mail.md is played: its configurations load, and what it shows of a trial happens."""

import re
import select
import shlex
import signal
from pathlib import Path

import pytest

from doorward.cli.mail_queue import queue
from doorward.config import load_settings
from doorward.core.limits import Limits
from doorward.core.mail_settings import ANSWER_SECONDS, TRY_ANSWERS
from doorward.errands.composing import SUBJECT_CHARACTERS
from doorward.errands.delivery import LONGEST_PAUSE_SECONDS
from tests.daemon import ANSWER_SECONDS as PATIENCE_SECONDS
from tests.daemon import END_SECONDS, Shell
from tests.mail.processes import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")
TRIAL, REAL = re.findall(r"(?s)```toml\n(.*?)```", PAGE)


@pytest.mark.parametrize("block", [TRIAL, REAL])
def test_its_configurations_load(tmp_path: Path, block: str) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(block)
    assert load_settings(file).notices == ()


def test_its_trial_shows_the_envelope_and_the_text(shell: Shell) -> None:
    (sink,) = re.findall(r"(?m)^    doorward (mail sink .*)$", PAGE)
    (send,) = re.findall(r"(?m)^    df \| doorward (mail send .*)$", PAGE)
    port = str(free_port())
    (shell.folder / "doorward.toml").write_text(TRIAL.replace("8025", port))
    process = shell.start(*shlex.split(sink.replace("8025", port)))
    try:
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], PATIENCE_SECONDS)[0]
        process.stderr.readline()
        run = shell.run(*shlex.split(send), stdin="Filesystem\n")
        assert run.returncode == 0, run.stderr
    finally:
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=END_SECONDS)[0].decode()
    assert "--- message 1 from <bounces@example.org> to <alice@example.org>" in printed
    assert "From: Ops <ops@example.org>" in printed
    assert "Subject: Free space" in printed
    assert printed.endswith("Filesystem\n")


def test_its_verbs_of_the_queue_are_all_there_are() -> None:
    told = re.findall(r"(?m)^doorward mail queue ([a-z]+)", PAGE)
    assert sorted(told) == sorted(queue.commands)


def test_its_numbers_are_true() -> None:
    limits = Limits()
    assert (limits.mail_retry_seconds, limits.mail_retry_most_seconds) == (60, 4 * 3600)
    assert limits.mail_give_up_seconds == 5 * 24 * 3600
    assert LONGEST_PAUSE_SECONDS == 15 * 60
    assert ANSWER_SECONDS * TRY_ANSWERS == 30 * 60
    assert f"more than {SUBJECT_CHARACTERS} characters" in PAGE
