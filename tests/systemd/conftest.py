"""The booted machine with the units that the program writes there."""

from collections.abc import Iterator

import pytest

from tests.booted import PROGRAM, UNITS, Booted


@pytest.fixture(scope="session")
def written_units(booted: Booted) -> str:
    """A folder of the machine with what `doorward init --systemd` writes into the usual one."""
    booted.must(PROGRAM, "init", "--systemd")
    booted.must("sh", "-c", f"mkdir /run/written && mv {UNITS}/doorward* /run/written")
    return "/run/written"


@pytest.fixture
def units(booted: Booted, written_units: str) -> Iterator[Booted]:
    """The machine with fresh units, and nothing of them left for the next test."""
    booted.must("sh", "-c", f"cp {written_units}/* {UNITS}")
    yield booted
    left = f"{UNITS}/doorward* /etc/doorward /var/lib/doorward /run/doorward"
    booted.run("sh", "-c", f"systemctl stop doorward.service; rm -rf {left}; systemctl daemon-reload")
