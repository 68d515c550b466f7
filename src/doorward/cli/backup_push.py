"""`doorward backup push` and `doorward backup plan`."""

import asyncio
import functools
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from doorward.cli.backup_place import Place, place_options
from doorward.cli.examples import WithExamples
from doorward.cli.fetch_words import Size
from doorward.cli.options import FOLDER, json_option
from doorward.cli.screen import STATUS_FAILED, STATUS_INTERRUPTED, complain, status_of
from doorward.core.backup_errands import AT_ONCE, MOST_REMOVALS, RETRIES, Check

if TYPE_CHECKING:
    from doorward.compose.backups import Job
    from doorward.errands.backups.report import Report

_WORD = re.compile(r"(?P<name>[^=]+)(?:=(?P<number>[0-9]{1,18}))?")
_NO_KEEP = "how many of each stay there? Say --keep 5, or --keep all to have none removed"


class Keep(click.ParamType[int]):
    """How many of each name stay; `all` is 0."""

    name = "keep"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that `value` says, 1 and up, or 0 for `all`."""
        text = str(value)
        if text == "all":
            return 0
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
            self.fail(f"{text[:40]!r} is neither a number from 1 on nor all", param, ctx)
        return int(text)


def job_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is to be carried; `function` gets it as `job`, made when it is called, and `place` besides."""

    @functools.wraps(function)
    def with_job(*, names: tuple[str, ...], place: Place, **options: Any) -> Any:
        of_job = {name: options.pop(name) for name in _OF_JOB}
        return function(job=lambda: _job(_names(names), place, of_job), **options)

    decorated: Callable[..., Any] = place_options(with_job)
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return click.argument("names", nargs=-1, metavar="[NAME[=NUMBER]]...")(decorated)


_OPTIONS = (
    click.option("--from", "folder", type=FOLDER, metavar="DIR", help="The folder with the backups."),
    click.option(
        "--keep",
        type=Keep(),
        metavar="N",
        help="So many of each name stay there, the newest; all has none removed.",
    ),
    click.option(
        "--check",
        type=click.Choice([each.value for each in Check]),
        help="Compare what came there by its size, or by its SHA-256 too, and so what is to stay before "
        "something is removed. Otherwise by its size.",
    ),
    click.option(
        "--at-once",
        type=click.IntRange(1, 16),
        metavar="N",
        help=f"Send so many files at the same time. Otherwise {AT_ONCE}.",
    ),
    click.option(
        "--bytes-per-second",
        type=Size(),
        metavar="BYTES",
        help="No faster than that, all together; 2M is 2 MiB.",
    ),
    click.option(
        "--most-removals",
        type=click.IntRange(0),
        metavar="N",
        help=f"Remove at most so many in this run. Otherwise {MOST_REMOVALS}.",
    ),
    click.option(
        "--retries",
        type=click.IntRange(0, 1000),
        metavar="N",
        help=f"Try so often in a row what gets no further. Otherwise {RETRIES}.",
    ),
    click.option(
        "--restarted",
        multiple=True,
        metavar="NAME",
        help="The numbers of NAME began anew on purpose: send them, and remove nothing of it.",
    ),
)
_OF_JOB = (
    "folder",
    "keep",
    "check",
    "at_once",
    "bytes_per_second",
    "most_removals",
    "retries",
    "restarted",
)


@click.command(
    "push",
    cls=WithExamples,
    examples=(
        "doorward backup push --from /backup --to ftps://alice@backup.example.org/server1 --keep 5",
        "doorward backup push --from /backup --to sftp://alice@backup.example.org/srv --keep 5 web=15",
        "doorward backup push --errand nightly",
        "doorward backup push --from /backup --to file:///mnt/disk/backups --keep all --check hash web",
    ),
)
@job_options
@click.option("--dry-run", is_flag=True, help="As `doorward backup plan`: tell what would be done.")
@click.option("--make-folder", is_flag=True, help="Make the folder there first, if it is not there.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def push(*, job: "Callable[[], Job]", dry_run: bool, make_folder: bool, quiet: bool, as_json: bool) -> int:
    """
    Send the backups of a folder that are not there yet, and remove the oldest there.

    With no NAME, all that are in the folder. NAME=NUMBER has that one count as the newest. A file has its
    name there only once it is whole, what broke off is gone on with, and nothing is overwritten. Something is
    removed of a name only when all of its newest are there: with the length that they have here, or with
    --check hash with the content, as far as they are still here.

    The exit status is 0 when all went well; 1 when something failed or has to be looked at, 125 when the
    other end could not be reached or understood.
    """
    if dry_run:
        return _plan(job(), as_json=as_json)
    from doorward.compose.backups import BrokenOff

    carried = job()
    try:
        report = _carried(carried, make_folder=make_folder, is_quiet=quiet or as_json)
        if report.begun_anew and not as_json:
            again = _confirmed_restart(carried, report.begun_anew)
            report = report if again is None else _carried(again, make_folder=False, is_quiet=quiet)
    except BrokenOff as broken:
        show(broken.report, as_json=as_json)
        return STATUS_INTERRUPTED
    return show(report, as_json=as_json)


@click.command(
    "plan",
    cls=WithExamples,
    examples=(
        "doorward backup plan --from /backup --to ftps://alice@backup.example.org/server1 --keep 5",
        "doorward backup plan --errand nightly --json | jq -r '.files[] | select(.deed == \"remove\").file'",
    ),
)
@job_options
@json_option
def plan(*, job: "Callable[[], Job]", as_json: bool) -> int:
    """
    Tell what `doorward backup push` would do with each file, and why; nothing is changed.

    The exit status is 0; 1 when something would have to be looked at first, 125 when the other end could not
    be reached or understood.
    """
    return _plan(job(), as_json=as_json)


def show(report: "Report", *, as_json: bool) -> int:
    """Print what came of a run; returns the exit status."""
    from doorward.errands.backups.report import members_of, report_text

    if as_json:
        click.echo(json.dumps(members_of(report)))
    elif report.entries:
        click.echo(report_text(report), nl=False)
    elif report.problem and report.error is None:
        complain(report.problem)
    elif report.error is None:
        click.echo("Nothing to do.")
    if report.error is not None:
        complain(str(report.error))
        return status_of(report.error)
    return 0 if report.is_success else STATUS_FAILED


def _plan(job: "Job", *, as_json: bool) -> int:
    from doorward.cli.backup_bars import bars
    from doorward.compose import backups
    from doorward.errands.backups.report import plan_members, plan_text

    with bars(is_quiet=as_json) as watcher:
        planned = asyncio.run(backups.plan(job, watcher))
    place = {"folder": str(job.folder), "address": job.store.address}
    if as_json:
        click.echo(json.dumps(plan_members(planned, **place)))
    else:
        click.echo(plan_text(planned, **place), nl=False)
    return 0 if planned.is_good else STATUS_FAILED


def _carried(job: "Job", *, make_folder: bool, is_quiet: bool) -> "Report":
    from doorward.cli.backup_bars import bars
    from doorward.compose import backups
    from doorward.compose.loops import run_quickly

    with bars(is_quiet=is_quiet) as watcher:

        async def carry() -> "Report":
            if make_folder:
                await job.kept_apart.make_folder()
            return await backups.push_or_tell(job, watcher)

        return run_quickly(carry())


def _confirmed_restart(job: "Job", names: tuple[str, ...]) -> "Job | None":
    """`job` with these names restarted, if a person says so."""
    from doorward.cli.confirming import confirm

    listed = " and ".join(names)
    question = (
        f"The numbers of {listed} here are lower than those there. Did they begin anew on purpose?\n"
        f"With yes, what is here is sent, and nothing of {listed} is removed (yes/no): "
    )
    if not confirm(question):
        return None
    return replace(job, wish=replace(job.wish, restarted=job.wish.restarted | frozenset(names)))


def _names(words: tuple[str, ...]) -> Mapping[str, int | None]:
    names: dict[str, int | None] = {}
    for word in words:
        match = _WORD.fullmatch(word)
        if match is None or "/" in word:
            raise click.BadParameter(
                f"{word[:40]!r} is neither a name such as web nor web=15", param_hint="NAME"
            )
        names[match["name"]] = None if match["number"] is None else int(match["number"])
    return names


def _job(names: Mapping[str, int | None], place: Place, options: dict[str, Any]) -> "Job":
    """
    The job that the words say; what an errand says counts where they say nothing.

    Raises:
        click.UsageError: something is missing.
    """
    from doorward.compose.backups import Job, job_of
    from doorward.errands.backups.planning import Wish

    keep, folder = options["keep"], options["folder"]
    if place.errand is not None:
        job = job_of(place.errand, os.environ, password=place.password())
    elif folder is None:
        raise click.UsageError("which folder has the backups? Say --from DIR, or --errand NAME")
    elif keep is None:
        raise click.UsageError(_NO_KEEP)
    else:
        job = Job(folder=folder.absolute(), store=place.store(), wish=Wish(keep=keep or None))
    wish = replace(
        job.wish,
        keep=job.wish.keep if keep is None else keep or None,
        names=names or job.wish.names,
        restarted=frozenset(options["restarted"]),
        most_removals=_or(options["most_removals"], job.wish.most_removals),
    )
    return replace(
        job,
        folder=job.folder if folder is None else folder.absolute(),
        wish=wish,
        check=job.check if options["check"] is None else Check(options["check"]),
        at_once=_or(options["at_once"], job.at_once),
        bytes_per_second=_or(options["bytes_per_second"], job.bytes_per_second),
        retries=_or(options["retries"], job.retries),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
