"""docs/backup.md is played: what it shows comes out, its configuration is one, and it has every option."""

import os
import re
import shlex
from pathlib import Path

import click
import pytest

from doorward.cli.backup import command as backup
from doorward.cli.errands import command as errands
from doorward.cli.root import run
from doorward.compose.backup_command import backup_command
from doorward.config import load_settings
from doorward.core.backup_errands import BackupErrand
from doorward.core.parameter_types import ChoiceType

PAGE = (Path(__file__).parents[2] / "docs" / "backup.md").read_text(encoding="utf-8")
SIZES = {"web": 4_404_019, "archives": 11_953_766}


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def fill(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.touch()
        os.truncate(path, SIZES[file.split(".")[0]])


def test_what_is_typed_prints_what_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folders = {name: tmp_path / name.strip("/") for name in ("/mnt/disk/backups", "/restored", "/backup")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    fill(folders["/backup"], "web.14", "web.15", "archives.17")
    fill(folders["/mnt/disk/backups"], "web.11", "web.12", "web.13", "archives.16")
    names = "|".join(map(re.escape, folders))

    def real(text: str) -> str:
        return re.sub(rf"({names})\b", lambda match: str(folders[match[1]]), text)

    steps = re.split(r"^\$ ", block("console"), flags=re.MULTILINE)[1:]
    assert len(steps) == 5
    for step in steps:
        line, _, told = step.partition("\n")
        program, *words = shlex.split(real(line))
        assert program == "doorward"
        assert run(words) == 0
        assert capsys.readouterr() == (real(told.rstrip("\n")) + "\n", "")


def test_every_option_has_its_row() -> None:
    rows = {
        option: row[1]
        for row in re.findall(r"^\| `(--[a-z0-9-]+)[^|]*\| ([a-z, ]+?) \|", PAGE, flags=re.MULTILINE)
        for option in [row[0]]
    }
    declared: dict[str, set[str]] = {}
    for name, each in backup.commands.items():
        for parameter in each.params:
            if isinstance(parameter, click.Option):
                declared.setdefault(parameter.opts[0], set()).add(name)
    all_of_them = set(backup.commands)
    assert {
        option: all_of_them if of == "all" else set(of.split(", ")) for option, of in rows.items()
    } == declared


def test_its_configuration_is_one(tmp_path: Path) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(block("toml"))
    file.chmod(0o600)
    errand = load_settings(file).errands["backup.nightly"]
    assert isinstance(errand, BackupErrand)
    command = backup_command({"nightly": errand})
    asked = set(re.findall(r"^    ssh .* backup nightly(?: ([a-z]+))? ", PAGE, flags=re.MULTILINE))
    what = command.parameters[1]
    assert isinstance(what.type, ChoiceType)
    assert asked - {""} | {what.default} == set(what.type.choices)


def test_the_commands_that_it_names_are_there() -> None:
    assert set(re.findall(r"^    doorward errands ([a-z]+)", PAGE, flags=re.MULTILINE)) <= set(
        errands.commands
    )
    assert set(re.findall(r"doorward backup ([a-z]+)", PAGE)) == set(backup.commands)
