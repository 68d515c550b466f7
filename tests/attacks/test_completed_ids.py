"""What a feed calls its advisories is completed in a keeper's shell: none of it can be run there."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from doorward.cli.root import root
from doorward.core.feeds import Entry, Feed
from doorward.core.limits import Limits
from doorward.errands.cve.feed_accounts import accounts_of
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.state import make_private_folder
from doorward.stores.vulnerabilities import SqliteVulnerabilities

SOURCE = "feed:https://advisories.example/"
HARMLESS = ("CVE-2030-10001", "DSA-5800-1", "RHSA-2030:1234")
HOSTILE = (
    "CVE-2030-7:$(touch pwned)",
    "CVE-2030-8:`id`",
    "CVE-2030-9:;reboot",
    "CVE-2030-9:&reboot",
    "CVE-2030-9:|sh",
    "CVE-2030-9:>/etc/passwd",
    "CVE-2030-9:'",
    'CVE-2030-9:"$HOME',
    "CVE-2030-9:\\",
    "CVE-2030-9:!!",
    "CVE-2030-9:{a,b}",
    "CVE-2030-9:*",
)


def feed() -> Feed:
    entries = [Entry(key=key, title="x", link="", summary="", published=None) for key in HOSTILE]
    entries += [Entry(key="1", title=name, link="", summary="", published=None) for name in HARMLESS]
    return Feed(dialect="RSS 2.0", title="", link="", updated=None, entries=tuple(entries))


async def know(folder: Path) -> None:
    accounts = accounts_of(feed(), source=SOURCE)
    # the feed may call them so
    assert {each.id for each in accounts} == {*HARMLESS, *HOSTILE}
    database = Database(folder)
    await database.open()
    clock = SystemClock(asyncio.get_running_loop())
    store = SqliteVulnerabilities(database, clock=clock, limits=Limits)
    await store.note(SOURCE, accounts, marks={}, is_all=False)
    await database.close()


def test_an_id_that_a_shell_would_run_is_not_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    make_private_folder(state)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, know(state)).result()
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    complete = ShellComplete(root, {}, "doorward", "_DOORWARD_COMPLETE")
    found = complete.get_completions(["cve", "show"], "")
    assert sorted(item.value for item in found) == sorted(HARMLESS)
