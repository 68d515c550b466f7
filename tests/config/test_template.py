"""The commented configuration to begin with."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.config import Machine, load_settings
from doorward.config.cautions import warnings_of
from doorward.config.shapes import (
    CommandShape,
    CveShape,
    FeedShape,
    MailShape,
    ParameterShape,
    ScheduleShape,
    ServerShape,
    SshShape,
    TcpShape,
    TlsShape,
    UnixShape,
    UserShape,
)
from doorward.config.template import template_text
from doorward.core.command import NUMBERS
from doorward.core.limits import Limits, PenaltyLimits, facts
from doorward.core.parameter_types import TYPES
from tests.certificates import make_certificate
from tests.config.conftest import WriteConfiguration


@pytest.fixture(autouse=True)
def alice_has_a_certificate(tmp_path: Path) -> None:
    make_certificate("alice").written(tmp_path, "alice")


def _uncommented() -> str:
    return re.sub(r"(?m)^#(?=[^ \n])", "", template_text())


def test_as_it_stands_it_changes_nothing(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration(template_text()))
    default = load_settings(None)
    assert list(settings.catalogue) == list(default.catalogue)
    assert replace(settings, file="", catalogue=default.catalogue) == default


def test_with_every_example_it_is_valid(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration(_uncommented()), machine=Machine(uid=0))
    assert settings.notices == ()
    assert settings.limits == Limits(penalties=PenaltyLimits(exempt=("192.0.2.0/24", "2001:db8::7")))
    assert set(settings.schedules) == {"space", "nightly"}
    assert set(settings.errands) == {"feed.nvd", "cve.security", "backup.offsite"}
    assert {"df", "usage", "types"} <= set(settings.catalogue.commands)
    assert {type(parameter.type) for parameter in settings.catalogue.commands["types"].parameters} == set(
        TYPES.values()
    )


def test_its_examples_are_safe(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration(_uncommented()))
    assert [caution for caution in warnings_of(settings) if "usr/local" not in caution.what] == []


def test_every_key_stands_in_it() -> None:
    text = _uncommented()
    for shape in (
        ServerShape,
        TcpShape,
        TlsShape,
        UnixShape,
        SshShape,
        UserShape,
        CommandShape,
        MailShape,
        ParameterShape,
        ScheduleShape,
        FeedShape,
        CveShape,
    ):
        for name in shape.__struct_encode_fields__:
            assert re.search(rf"(?m)(^|[{{,] ){name} =|^\[.*\.{name}\]$", text), name


@pytest.mark.parametrize("table", [Limits, PenaltyLimits])
def test_every_limit_stands_in_it_with_its_facts(table: type[Limits] | type[PenaltyLimits]) -> None:
    text = template_text()
    for name, _, about in facts(table):
        assert re.search(
            rf"(?m)^# {re.escape(about.unit)}, from .*{re.escape(about.source)}.*\n#{name} = ", text
        )


def test_the_limits_that_a_command_has_too_are_shown_with_their_defaults(
    write_configuration: WriteConfiguration,
) -> None:
    command = load_settings(write_configuration(_uncommented())).catalogue.commands["usage"]
    for name in NUMBERS.keys() & {name for name, _, _ in facts()}:
        assert getattr(command, name) == getattr(Limits(), name)


def test_no_line_is_too_long_to_read() -> None:
    prose = [line for line in template_text().splitlines() if line.startswith("# ")]
    assert max(map(len, prose)) <= 120
