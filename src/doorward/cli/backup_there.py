"""`doorward backup list`, `restore` and `verify`: what is there, brought back, or looked at."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.backup_place import Place, place_options
from doorward.cli.backup_push import show
from doorward.cli.examples import WithExamples
from doorward.cli.options import FOLDER, json_option
from doorward.cli.screen import complain
from doorward.cli.signals import EndedBySignal, until_signal
from doorward.core.backup_errands import RETRIES

if TYPE_CHECKING:
    from doorward.core.backup_store import BackupStore
    from doorward.errands.backups.planning import There
    from doorward.errands.backups.report import Entry
    from doorward.errands.backups.watching import Watcher


@click.command(
    "list",
    cls=WithExamples,
    examples=(
        "doorward backup list --to ftps://alice@backup.example.org/server1",
        "doorward backup list --errand nightly --json web | jq -r '.[0].file'",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@place_options
@json_option
def list_there(*, names: tuple[str, ...], place: Place, as_json: bool) -> int:
    """
    List the backups that are there, of each name the newest first; with no NAME, of all of them.

    The exit status is 0; 125 when the other end could not be reached or understood.
    """
    from doorward.cli.backup_bars import bars
    from doorward.errands.backups.report import (
        NO_NAME_OF_A_FILE,
        listing_members,
        listing_text,
        names_told,
    )

    store = place.store()
    with bars(is_quiet=as_json) as watcher:
        there = asyncio.run(_there(store, names or _names_of(place), watcher))
    if as_json:
        click.echo(json.dumps(listing_members(there.backups)))
    else:
        click.echo(listing_text(there.backups), nl=False)
    for line in names_told(there.passed_over, NO_NAME_OF_A_FILE):
        complain(line)
    return 0


@click.command(
    "restore",
    cls=WithExamples,
    examples=(
        "doorward backup restore --to ftps://alice@backup.example.org/server1 --into /restored web",
        "doorward backup restore --errand nightly --into /restored web.14 archives",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="NAME[.NUMBER]...")
@place_options
@click.option("--into", type=FOLDER, required=True, metavar="DIR", help="The folder that they come to.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def restore(*, words: tuple[str, ...], place: Place, into: Path, quiet: bool, as_json: bool) -> int:
    """
    Bring backups back: those with a number, or the newest of a name.

    Each has its name here only once all of it is on the disk, and is compared by its size, and by its SHA-256
    where the other end can tell it. Nothing is overwritten.

    The exit status is 0 when all of them are here; 1 when one is not, 125 when the other end could not be
    reached or understood.
    """
    from doorward.cli.backup_bars import bars
    from doorward.compose.loops import run_quickly
    from doorward.errands.backups.report import Did, Report

    store = place.store()
    into, began_at = into.absolute(), time.monotonic()
    with bars(is_quiet=quiet or as_json) as watcher:
        try:
            entries = run_quickly(until_signal(_restored(store, into, dict.fromkeys(words), watcher)))
        except EndedBySignal as ended:
            return ended.status
    restored = Report(
        folder=store.address,
        address=str(into),
        entries=tuple(entries),
        moved_bytes=sum(entry.size_bytes for entry in entries if entry.did is Did.RESTORED),
        seconds=time.monotonic() - began_at,
    )
    return show(restored, as_json=as_json)


@click.command(
    "verify",
    cls=WithExamples,
    examples=(
        "doorward backup verify --from /backup --to ftps://alice@backup.example.org/server1",
        "doorward backup verify --errand nightly --sizes",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@place_options
@click.option("--from", "folder", type=FOLDER, metavar="DIR", help="Compare with the backups in this folder.")
@click.option("--sizes", "only_sizes", is_flag=True, help="Compare sizes alone: no file is read.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def verify(
    *,
    names: tuple[str, ...],
    place: Place,
    folder: Path | None,
    only_sizes: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """
    Make sure that what is there is what is here, and that all of the rest can be had.

    Files that are here too are compared by their SHA-256, as the other end computes it or of what is read
    back; others are read to their end. Nothing is changed.

    The exit status is 0 when all is well; 1 when something differs, cannot be read or is missing, 125 when
    the other end could not be reached or understood.
    """
    from doorward.cli.backup_bars import bars
    from doorward.compose.loops import run_quickly
    from doorward.errands.backups.report import Report

    store = place.store()
    if folder is None and place.errand is not None:
        folder = Path(place.errand.folder)
    folder = None if folder is None else folder.absolute()
    began_at = time.monotonic()
    with bars(is_quiet=quiet or as_json) as watcher:
        keep = None if place.errand is None else place.errand.keep
        wanted = names or _names_of(place)
        checking = _checked(store, folder, wanted, watcher, keep=keep, only_sizes=only_sizes)
        entries = run_quickly(checking)
    shown = "no folder here" if folder is None else str(folder)
    checked = Report(
        folder=shown,
        address=store.address,
        entries=tuple(entries),
        seconds=time.monotonic() - began_at,
    )
    return show(checked, as_json=as_json)


def _names_of(place: Place) -> tuple[str, ...]:
    return () if place.errand is None else place.errand.names


async def _there(store: "BackupStore", names: Sequence[str], watcher: "Watcher") -> "There":
    from doorward.compose.backups import again_of
    from doorward.errands.backups.reaching import connected, listed

    again = again_of(RETRIES, watcher)
    async with connected(store, again) as place:
        return await listed(place, names, again)


async def _restored(
    store: "BackupStore", into: Path, words: Sequence[str] | dict[str, None], watcher: "Watcher"
) -> "list[Entry]":
    from doorward.clients.folder.store import FolderStore
    from doorward.compose.backups import again_of, pace_of, patience_of
    from doorward.errands.backups.reaching import connected, listed
    from doorward.errands.backups.report import Did, Entry
    from doorward.errands.backups.restoring import Restoring, chosen

    again = again_of(RETRIES, watcher)
    restoring = Restoring(pace=pace_of(0), watcher=watcher, patience=patience_of(RETRIES))
    entries: list[Entry] = []
    async with connected(FolderStore(into), again) as here, connected(store, again) as there:
        backups = (await listed(there, (), again)).backups
        found = {word: chosen(backups, word) for word in words}
        known = [each for each in found.values() if each is not None]
        watcher.expect(len(known), sum(each.size_bytes for each in known))
        for word, backup in found.items():
            if backup is None:
                entries.append(Entry(Did.FAILED, word, 0, "there is no such backup there"))
            else:
                entries.append(await restoring.restore(there, backup, here))
    return entries


async def _checked(
    store: "BackupStore",
    folder: Path | None,
    names: Sequence[str],
    watcher: "Watcher",
    *,
    keep: int | None,
    only_sizes: bool,
) -> "Sequence[Entry]":
    from doorward.compose.backups import again_of, pace_of
    from doorward.errands.backups.checking import Checking
    from doorward.stores.backup_folder import BackupFolder

    checking = Checking(
        store,
        None if folder is None else BackupFolder(folder),
        pace=pace_of(0),
        watcher=watcher,
        again=again_of(RETRIES, watcher),
        only_sizes=only_sizes,
    )
    return await checking.check(names, keep=keep)
