"""Sources with real ends: files with keys, dpkg, the network."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from doorward.compose.cve_sources import cve_sources
from doorward.compose.installed import installed_packages
from doorward.core.cve_errands import CveSource, CveSourceKind
from doorward.core.errors import SourceError
from doorward.core.fetching import OutOfTime, TooLong
from doorward.core.limits import Limits
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate
from doorward.testing.clock import ManualClock
from tests.errands.cve.documents import said, tracker
from tests.errands.cve.nvd_server import nvd_server
from tests.fetch_servers import Connection, scripted

KEY = "canary-90be"


async def looked(source: CveSource, limits: Limits | None = None) -> list[CveUpdate]:
    async with cve_sources(limits or Limits(), ManualClock()) as sources:
        return [update async for update in sources.look(source, {})]


def write(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


async def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    file = await asyncio.to_thread(write, tmp_path / "key", f"{KEY}\n")
    async with nvd_server() as server:
        server.total = 1
        updates = await looked(CveSource(kind=CveSourceKind.NVD, url=server.url, key_file=file))
        assert [asked.headers["apikey"] for asked in server.server.asked] == [KEY]
    assert len(updates) == 1


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (f"{KEY}\n", 0o644, "it holds a key of NVD and others may read it. Type: chmod 600"),
        ("\n", 0o600, "its first line is no key of NVD"),
    ],
)
async def test_a_key_that_cannot_be_used_is_told_and_nobody_asked(
    tmp_path: Path, text: str, mode: int, problem: str
) -> None:
    file = await asyncio.to_thread(write, tmp_path / "key", text, mode)
    async with nvd_server() as server:
        with pytest.raises(SourceError, match=problem) as refused:
            await looked(CveSource(kind=CveSourceKind.NVD, url=server.url, key_file=file))
        assert server.server.asked == []
    assert KEY not in str(refused.value)


async def test_limits_of_a_document_hold(tmp_path: Path) -> None:
    file = await asyncio.to_thread(write, tmp_path / "kev.json", " " * 2_000_000)
    with pytest.raises(TooLong, match=r"longer than 1048576 bytes\. limits\.cve_bytes says"):
        await looked(CveSource(kind=CveSourceKind.KEV, url=f"file://{file}"), Limits(cve_bytes=1024 * 1024))

    async with scripted({"/kev": Connection.hang}) as server:
        with pytest.raises(OutOfTime, match=r"limits\.cve_seconds says"):
            await looked(CveSource(kind=CveSourceKind.KEV, url=f"{server.url}/kev"), Limits(cve_seconds=1))


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="dpkg is missing")
async def test_this_machine_is_judged_by_a_tracker(tmp_path: Path) -> None:
    installed = await installed_packages()
    suite = installed.suite or "bookworm"
    packages: dict[str, dict[str, Any]] = {
        package.name: {
            "CVE-2024-0001": said("resolved", f"{package.version}.1", suite=suite),
            "CVE-2024-0002": said("resolved", "0", suite=suite),
        }
        for package in installed.packages
    }
    file = await asyncio.to_thread((tmp_path / "tracker.json").write_bytes, tracker(packages))
    assert file > 10_000
    url = f"file://{tmp_path}/tracker.json"
    (update,) = await looked(CveSource(kind=CveSourceKind.DEBIAN, url=url, suite=suite))
    assert isinstance(update, AccountsUpdate)
    (account,) = update.accounts
    assert {each.package for each in account.exposures} == set(packages)
    assert all(each.has_fix for each in account.exposures)
