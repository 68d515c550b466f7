"""Tests of the plugins run pytest in a process of its own, which has to find the plugins."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _only_the_named_plugins_are_found_and_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
