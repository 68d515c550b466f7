"""What tests of stores share."""

import os
from pathlib import Path

import pytest


def fill(path: Path) -> None:
    """Take all the room that is left on a file system, to the last byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for size_bytes in (4096, 1):
            try:
                while True:
                    os.write(descriptor, b"x" * size_bytes)
            except OSError:
                continue
    finally:
        os.close(descriptor)


@pytest.fixture
def private_folder(tmp_path: Path) -> Path:
    """A state folder, empty."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder
