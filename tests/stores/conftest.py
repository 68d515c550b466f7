"""What tests of stores share."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; only root can make one."""
    with _mounted(tmp_path / "disk", "64k") as folder:
        yield folder


@pytest.fixture
def database_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB: a small database has room there. Only root can make one."""
    with _mounted(tmp_path / "disk", "256k") as folder:
        yield folder


@contextlib.contextmanager
def _mounted(folder: Path, size: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        # lazily: a test that failed may have left a file open in it
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


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
