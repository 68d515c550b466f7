"""Configuration files to load."""

from collections.abc import Callable
from pathlib import Path

import pytest

WriteConfiguration = Callable[..., Path]


@pytest.fixture
def write_configuration(tmp_path: Path) -> WriteConfiguration:
    """Write a text, or bytes, as a configuration; private unless another mode is given."""

    def write(text: str | bytes, *, mode: int = 0o600) -> Path:
        file = tmp_path / "doorward.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    return write
