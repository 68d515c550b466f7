"""Quotas that real servers keep: told, nothing lost, and good once something was removed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.errands.backups.planning import Wish
from doorward.errands.backups.report import Report
from tests.clients.ftp.servers import PASSWORD, needs_proftpd, needs_pureftpd, needs_root, program
from tests.errands.backups.broken_runs import named_of
from tests.errands.backups.places import contents, fill, pushed, run_of, told
from tests.errands.backups.real_places import Kind, Place, place_running

pytestmark = [needs_root, pytest.mark.timeout(120)]

SIZE_BYTES = 900_000
QUOTA_BYTES = 2 * 1024 * 1024
"""Room for two of them."""


def proftpd_with_quota(folder: Path) -> Kind:
    limits, tallies = folder / "limits", folder / "tallies"
    of_alice = ("--name=alice", "--quota-type=user", "--limit-type=hard", f"--bytes-upload={QUOTA_BYTES}")
    for words in (
        ("--create-table", "--type=limit", f"--table-path={limits}"),
        ("--create-table", "--type=tally", f"--table-path={tallies}"),
        ("--add-record", "--type=limit", f"--table-path={limits}", "--units=byte", *of_alice),
    ):
        subprocess.run([program("ftpquota"), *words], check=True, capture_output=True)
    options = (
        *("LoadModule mod_quotatab.c", "LoadModule mod_quotatab_file.c", "QuotaEngine on"),
        *(f"QuotaLimitTable file:{limits}", f"QuotaTallyTable file:{tallies}"),
    )
    return Kind("proftpd", options=options)


def pureftpd_with_quota(_folder: Path) -> Kind:
    return Kind("pure-ftpd", options=("--quota", f"1000:{QUOTA_BYTES // 1024 // 1024}"))


@pytest.fixture(
    params=[
        pytest.param(proftpd_with_quota, id="proftpd", marks=needs_proftpd),
        pytest.param(pureftpd_with_quota, id="pure-ftpd", marks=needs_pureftpd),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place_running(request.param(tmp_path), tmp_path) as running:
        # Pure-FTPd counts in a file of the user's home
        running.folder.parent.chmod(0o777)
        yield running


def remove(place: Place, file: str) -> None:
    """As its keeper does; the server counts only what goes through it."""
    assert place.ftp is not None
    words = ["curl", "-sS", "--user", f"alice:{PASSWORD}", "--quote", f"DELE in/{file}"]
    subprocess.run([*words, f"{place.ftp.server.url}/"], check=True, capture_output=True, timeout=60)


def test_a_quota_is_told_and_once_something_is_removed_all_of_it_comes(place: Place, here: Path) -> None:
    def push(keep: int) -> Report:
        return pushed(run_of(here, place.store, Wish(keep=keep)))

    fill(here, "web.1", "web.2", size_bytes=SIZE_BYTES)
    assert push(2).is_success
    fill(here, "web.3", size_bytes=SIZE_BYTES)
    for _ in range(2):
        report = push(1)
        assert told(report)["web.3"] == "failed", report
        assert "quota" in report.entries[0].reason.lower()
        assert report.entries[0].reason.endswith("Make room there, or ask its keeper for more.")
        assert named_of(place.found()) == contents("web.1", "web.2", size_bytes=SIZE_BYTES)
    remove(place, "web.1")
    report = push(1)
    assert report.is_success, report
    assert place.found() == contents("web.3", size_bytes=SIZE_BYTES)
