"""What the daemon answers to `cve`, on a loop that nothing may block."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from doorward.compose.cve_answers import CveAnswers
from doorward.compose.mail_watch import MailWatch
from doorward.core.builtin_commands import LATER
from doorward.core.cve_command import cve_command
from doorward.core.functions import arguments_of
from doorward.core.invocation import bind
from doorward.core.limits import Limits
from doorward.core.settings import Settings
from doorward.core.words import split_words
from doorward.stores.clock import SystemClock
from tests.cve_states import FIXABLE, UNFIXED, make_state

pytestmark = pytest.mark.needs_program("dpkg-query", package="dpkg")

COMMAND = cve_command(LATER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_state(tmp_path_factory.mktemp("known") / "state")


def answered(folder: Path, line: str) -> Any:
    return asyncio.run(_answered(folder, line))


async def _answered(folder: Path, line: str) -> Any:
    clock = SystemClock(asyncio.get_running_loop())
    mail = MailWatch(folder, Settings(), clock)
    said = bind(COMMAND, split_words(f"{line} form=json"), Limits()).values
    values = arguments_of(COMMAND.parameters, said)[1]
    try:
        return json.loads(await CveAnswers(folder, mail, clock, Limits).answer(**values))
    finally:
        await mail.close()


@pytest.mark.parametrize("line", ["list --limit 500", "list --installed", f"show {FIXABLE}", "counts --kev"])
def test_no_answer_holds_up_the_loop(folder: Path, line: str) -> None:
    assert answered(folder, line)


def test_packages_are_those_of_now(folder: Path) -> None:
    found = answered(folder, "list --installed")
    assert [each["id"] for each in found["vulnerabilities"]] == [FIXABLE, UNFIXED]
    assert found["vulnerabilities"][0]["exposures"][0]["installed"] != "0.1"


def test_where_nothing_was_kept_nothing_is_made(tmp_path: Path) -> None:
    assert (answered(tmp_path / "none", "list"))["is_empty"] is True
    assert not (tmp_path / "none").exists()
