"""docs/cve.md is played: what it shows comes out, its tables are whole, and its configurations are some."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from doorward.cli.cve_counts import counts
from doorward.cli.cve_list import list_cves
from doorward.cli.cve_watch import watch
from doorward.config import load_settings
from doorward.core.cve_command import PARAMETERS
from doorward.core.cve_errands import CveSourceKind
from doorward.core.named_words import option_of
from doorward.core.policy import who_can
from doorward.core.vulnerabilities import Account, Exposure, Score, Vulnerability
from doorward.errands.cve.members import brief_members, whole_members
from tests.cli.publishing import Publisher, publishing
from tests.cve_states import DATA
from tests.daemon import fresh_shell

PAGE = (Path(__file__).parents[2] / "docs" / "cve.md").read_text(encoding="utf-8")
SITE = "https://feeds.example.org"
WHOLE = Vulnerability(
    id="CVE-2025-1",
    accounts=(
        Account(
            source="nvd",
            id="CVE-2025-1",
            scores=(Score(value=1.0, version="3.1", by="x"),),
            exposures=(Exposure(package="x", binaries=(), installed="1"),),
        ),
    ),
)


def blocks(language: str) -> list[str]:
    return [str(found) for found in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)]


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({"/kev.json": ("application/json", (DATA / "kev.json").read_bytes())}) as server:
        yield server


def pattern_of(told: str) -> str:
    """What has to come: `[...]` is any lines, and a time is any time."""
    pattern = re.escape(told).replace(re.escape("[...]\n"), r"(?:.*\n)+?")
    return re.sub(
        r"\d{4}\\-\d\d\\-\d\d\\ \d\d:\d\d\\ UTC", r"\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC", pattern
    )


def test_what_is_typed_prints_what_is_shown(publisher: Publisher, tmp_path: Path) -> None:
    shell = fresh_shell(tmp_path)
    (console,) = blocks("console")
    steps = re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]
    assert len(steps) == 3
    for step in steps:
        line, _, told = step.partition("\n")
        program, *words = shlex.split(line.replace(SITE, publisher.url))
        assert program == "doorward"
        ran = shell.run(*words)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert re.fullmatch(pattern_of(told.rstrip("\n")), ran.stdout.rstrip("\n")), ran.stdout


def options_of(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts if name.startswith("--")}


def test_every_option_has_its_row() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)", section("Listing"), flags=re.MULTILINE)
    assert set(rows) == options_of(list_cves) | options_of(counts)
    which, _, _ = section("Listing").partition("\n`--text` prints")
    assert which
    # WHICH of a watch is the first seven of them
    named = set(re.findall(r"--[a-z]+", section("Watching").split("\n\n", 1)[0]))
    assert options_of(watch) == named | set(rows[:7])


def test_every_option_but_those_of_a_terminal_goes_on_a_line_too() -> None:
    rows = set(re.findall(r"^\| `(--[a-z-]+)", section("Listing"), flags=re.MULTILINE))
    on_a_line = {option_of(parameter) for parameter in PARAMETERS}
    assert rows - on_a_line == {"--text", "--json", "--state"}
    assert on_a_line - rows == {"--what", "--id", "--form"}


def test_every_source_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z]+)`", section("Sources"), flags=re.MULTILINE)
    assert rows == [
        kind.value
        for kind in (
            CveSourceKind.KEV,
            CveSourceKind.NVD,
            CveSourceKind.EPSS,
            CveSourceKind.DEBIAN,
            CveSourceKind.FEED,
        )
    ]


def test_each_member_of_json_is_named() -> None:
    text = section("Listing").partition("`list --json` prints")[2]
    named = set(re.findall(r"`([a-z_]+)`", text))
    whole, brief = whole_members(WHOLE), brief_members(WHOLE)
    exposures = json.loads(json.dumps(whole["exposures"]))
    assert set(whole) | set(exposures[0]) <= named
    left_out = (
        section("At every door").partition("`list` has the shorter entries, without ")[2].split(",\nand")[0]
    )
    assert set(whole) - set(brief) == set(re.findall(r"`([a-z]+)`", left_out))


def test_its_configurations_are_some(tmp_path: Path) -> None:
    for number, block in enumerate(blocks("toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        file.chmod(0o600)
        settings = load_settings(file)
        if "commands.cve" in block:
            assert who_can(settings.catalogue.commands["cve"]) == "operator, and admin"
        else:
            assert set(settings.errands) == {"cve.security", "cve.ours"}
    assert len(blocks("toml")) == 2
