"""docs/configuration.md tells every key, type and limit, as they are."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doorward.config import Machine, load_settings
from doorward.config.command_settings import RESOURCES
from doorward.config.parameter_settings import keys_of
from doorward.config.ranges import plain
from doorward.config.shapes import (
    BackupShape,
    CommandShape,
    CveShape,
    CveSourceShape,
    FeedShape,
    FileShape,
    MailShape,
    MountShape,
    ParameterShape,
    ScheduleShape,
    ServerShape,
    SshShape,
    TcpShape,
    TlsShape,
    UnixShape,
    UserShape,
)
from doorward.core.addresses import SOCKET_PATH_BYTES
from doorward.core.builtin_commands import PROGRAMS, verb_commands
from doorward.core.launch import EXECUTABLE_PATH
from doorward.core.limits import Limits, PenaltyLimits, facts
from doorward.core.parameter_types import TYPES
from doorward.core.settings import DOOR_KINDS
from tests.config.conftest import WriteConfiguration

REFERENCE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")

_SECTIONS = {
    "## `[server]`": ServerShape,
    "### `[doors.tcp]`": TcpShape,
    "### `[doors.tls]`": TlsShape,
    "### `[doors.web.files]`": MountShape,
    "### `[doors.unix]`": UnixShape,
    "### `[doors.ssh]`": SshShape,
    "## `[users.NAME]`": UserShape,
    "## `[commands.NAME]`": CommandShape,
    "## `[schedules.NAME]`": ScheduleShape,
    "## `[mail]`": MailShape,
    "## `[errands.feed.NAME]`": FeedShape,
    "## `[errands.cve.NAME]`": CveShape,
    "### A source": CveSourceShape,
    "## `[errands.backup.NAME]`": BackupShape,
    "### Parameters": ParameterShape,
}


def _section(heading: str) -> str:
    assert heading in REFERENCE
    level = heading.partition(" ")[0]
    return re.split(rf"(?m)^#{{2,{len(level)}}} ", REFERENCE.split(heading + "\n")[1])[0]


def _cells(section: str) -> dict[str, list[str]]:
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row for row in rows}


@pytest.mark.parametrize(("heading", "shape"), _SECTIONS.items())
def test_every_key_stands_there_with_its_type(heading: str, shape: type[msgspec.Struct]) -> None:
    rows = _cells(_section(heading).split("| type | its own keys")[0].split("\n### ")[0])
    declared: dict[str, Any] = {
        field.encode_name: field.type.__metadata__[0].description for field in msgspec.structs.fields(shape)
    }
    assert {name: row[1] for name, row in rows.items()} == declared


def test_every_table_has_a_section() -> None:
    for name in FileShape.__struct_fields__:
        assert re.search(rf"(?m)^## `\[{name}[\].]", REFERENCE), name


def test_every_type_of_a_parameter_stands_there_with_its_keys() -> None:
    rows = _cells("| type |" + _section("### Parameters").split("| type | its own keys")[1])
    shared = {"type", "summary", "required", "default"}
    own = {name: set(keys_of(kind)) - shared for name, kind in TYPES.items()}
    assert {
        name: set(re.findall("`([a-z]+)`", row[1])) if len(row) > 2 else set() for name, row in rows.items()
    } == own


@pytest.mark.parametrize(
    ("heading", "table"), [("## `[limits]`", Limits), ("### `[limits.penalties]`", PenaltyLimits)]
)
def test_every_limit_stands_there_with_its_facts(
    heading: str, table: type[Limits] | type[PenaltyLimits]
) -> None:
    rows = [
        f"| `{name}` | {plain(default)} | {plain(about.least)} to {plain(about.most)} "
        f"| {about.unit} | {about.source} |"
        for name, default, about in facts(table)
    ]
    section = _section(heading).split("\n### ")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == rows


@pytest.mark.parametrize("block", re.findall(r"(?s)```toml\n(.*?)```", REFERENCE))
def test_its_examples_load(write_configuration: WriteConfiguration, block: str) -> None:
    assert load_settings(write_configuration(block), machine=Machine(uid=0)).notices == ()


def test_names_and_numbers_in_its_sentences_are_true() -> None:
    for folder in EXECUTABLE_PATH.split(":"):
        assert f"`{folder}`" in REFERENCE
    for name in (*DOOR_KINDS, *PROGRAMS, *(command.name for command in verb_commands())):
        assert f"`{name}`" in REFERENCE
    assert f"at most {SOCKET_PATH_BYTES} bytes" in REFERENCE
    assert {"nofile", "as", "cpu", "nproc"} <= set(RESOURCES)
