"""File systems so small that a test fills them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; only root can make one."""
    with small_file_system(tmp_path / "disk", "64k") as folder:
        yield folder


@pytest.fixture
def database_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 384 KiB: a small database has room there. Only root can make one."""
    with small_file_system(tmp_path / "disk", "384k") as folder:
        yield folder


@contextlib.contextmanager
def small_file_system(folder: Path, size: str) -> Iterator[Path]:
    """Yield a new folder with a file system of this size, as `64k`; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        # lazily: a test that failed may have left a file open in it
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
