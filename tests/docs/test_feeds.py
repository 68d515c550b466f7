"""docs/feeds.md is played: what it shows comes out, and its configuration is one."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.cli.errands import command as errands
from doorward.cli.feed import command as feed
from doorward.cli.root import run
from doorward.config import load_settings
from tests.cli.publishing import Publisher, publishing
from tests.errands.feeds.documents import NVD

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
SITE = "https://feeds.example.org"


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({"/nvd.xml": ("application/rdf+xml", NVD.read_bytes())}) as server:
        yield server


def test_what_is_typed_prints_what_is_shown(
    publisher: Publisher, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    steps = re.split(r"^\$ ", block("console"), flags=re.MULTILINE)[1:]
    assert len(steps) == 2
    for step in steps:
        line, _, told = step.partition("\n")
        program, *words = shlex.split(line.replace(SITE, publisher.url))
        assert program == "doorward"
        assert run(words) == 0
        assert capsys.readouterr() == (told.replace(SITE, publisher.url), "")


def test_every_option_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, flags=re.MULTILINE))
    declared = {name for each in feed.params for name in each.opts if name.startswith("--")}
    assert rows == declared


def test_its_configuration_is_one(tmp_path: Path) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(block("toml"))
    file.chmod(0o600)
    assert set(load_settings(file).errands) == {"feed.nvd", "feed.ours"}


def test_the_errands_that_it_names_can_be_gone_on() -> None:
    named = set(re.findall(r"^    doorward errands ([a-z]+)", PAGE, flags=re.MULTILINE))
    assert named == set(errands.commands)
