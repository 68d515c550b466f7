"""What this machine has installed, and machines that cannot say."""

import asyncio
import shutil
from pathlib import Path

import pytest

from doorward.compose import installed
from doorward.compose.installed import installed_packages
from doorward.core.errors import SourceError

DPKG_QUERY = shutil.which("dpkg-query")
needs_dpkg = pytest.mark.skipif(DPKG_QUERY is None, reason="dpkg is missing")


@needs_dpkg
async def test_what_dpkg_has_installed_is_counted_by_source() -> None:
    found = await installed_packages()
    by_binary = {binary: package for package in found.packages for binary in package.binaries}
    assert by_binary["libc6"].name == "glibc"
    assert by_binary["dpkg"].name == "dpkg"
    assert found.suite


@needs_dpkg
async def test_a_rebuilt_binary_counts_by_the_version_of_its_source(tmp_path: Path) -> None:
    """A database such as dpkg keeps it, with `+b1` behind a version."""
    folder = tmp_path / "dpkg"
    await asyncio.to_thread(folder.mkdir)
    status = (
        "Package: libfoo1\nStatus: install ok installed\nMaintainer: x\nArchitecture: all\n"
        "Source: foo (1.2-3)\nVersion: 1.2-3+b1\nDescription: x\n\n"
        "Package: bar\nStatus: deinstall ok config-files\nMaintainer: x\nArchitecture: all\n"
        "Version: 1\nDescription: x\nConfig-Version: 1\n\n"
        "Package: baz\nStatus: install ok installed\nMaintainer: x\nArchitecture: all\n"
        "Version: 1:2.0-1+b2\nDescription: x\n"
    )
    await asyncio.to_thread((folder / "status").write_text, status)
    program = tmp_path / "dpkg-query"
    script = f'#!/bin/sh\nexec {DPKG_QUERY} --admindir={folder} "$@"\n'
    await asyncio.to_thread(program.write_text, script)
    await asyncio.to_thread(program.chmod, 0o700)
    found = await installed_packages(program=str(program))
    assert [(each.name, each.version, each.binaries) for each in found.packages] == [
        # without a field Source nobody can tell that it is a rebuild; dpkg has it as the version of both
        ("baz", "1:2.0-1+b2", ("baz",)),
        ("foo", "1.2-3", ("libfoo1",)),
    ]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo no; exit 3", r"dpkg-query: it ended with status 3: "),
        ("echo 'cannot open the database' >&2; exit 2", "status 2: cannot open the database"),
        ("echo hello", "what it says cannot be read"),
        ("exit 0", "no package is installed"),
    ],
)
async def test_a_dpkg_that_does_not_answer_is_told(tmp_path: Path, script: str, problem: str) -> None:
    program = tmp_path / "dpkg-query"
    await asyncio.to_thread(program.write_text, f"#!/bin/sh\n{script}\n")
    await asyncio.to_thread(program.chmod, 0o700)
    with pytest.raises(SourceError, match=problem):
        await installed_packages(program=str(program))


async def test_a_machine_without_dpkg_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "EXECUTABLE_PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"this machine has no dpkg.*Take the source `debian`"):
        await installed_packages()
    with pytest.raises(SourceError, match="cannot be started: No such file"):
        await installed_packages(program=str(tmp_path / "gone"))


@needs_dpkg
async def test_a_machine_that_names_no_release_has_none(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    await asyncio.to_thread(release.write_text, "ID=debian\nVERSION_CODENAME=trixie\n")
    missing = str(tmp_path / "missing")
    assert (await installed_packages(os_release=(missing, str(release)))).suite == "trixie"
    assert (await installed_packages(os_release=(missing,))).suite == ""
