"""Two folders, for whoever carries backups from one to the other."""

from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty folder in which backups are made."""
    folder = tmp_path / "backup"
    folder.mkdir()
    return folder


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """An empty folder in which they are kept."""
    folder = tmp_path / "away"
    folder.mkdir()
    return folder
