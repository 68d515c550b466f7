"""The command `backup`: a keeper at any door has an errand that carries backups done now, or looked at."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping

from doorward.core.backup_errands import BackupErrand
from doorward.core.builtin_commands import BACKUP
from doorward.core.call import Call
from doorward.core.command import NUMBERS, Command, Function
from doorward.core.errors import one_line
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType
from doorward.core.principal import ADMIN

_PUSH, _PLAN, _LIST = "push", "plan", "list"


def backup_command(errands: Mapping[str, BackupErrand]) -> Command:
    """
    The command for `errands`, at least one, by their names.

    A run goes on when whoever asked for it has left: what it carries is wanted all the same.
    """

    async def backup(call: Call, name: str, what: str) -> AsyncIterator[str]:
        errand = errands[name]
        match what:
            case "plan":
                yield await _planned(errand)
            case "list":
                yield await _listed(errand)
            case _:
                async for line in _carried(errand):
                    yield line

    return Command(
        name=BACKUP,
        summary="Carry backups away now, as an errand has it, or look what is to be done and what is there",
        action=Function(backup, takes_call=True, is_async=True),
        parameters=(
            Parameter(name="name", type=ChoiceType(choices=tuple(sorted(errands))), summary="the errand"),
            Parameter(
                name="what",
                type=ChoiceType(choices=(_PUSH, _PLAN, _LIST)),
                default=_PUSH,
                summary="carry them, tell what would be done, or list what is there",
            ),
        ),
        roles=frozenset({ADMIN}),
        timeout_seconds=NUMBERS["timeout_seconds"].most,
        detach=True,
        is_builtin=True,
    )


async def _planned(errand: BackupErrand) -> str:
    from doorward.compose.backups import job_of, plan
    from doorward.errands.backups.report import plan_text

    job = await asyncio.to_thread(job_of, errand, os.environ)
    return plan_text(await plan(job), folder=errand.folder, address=job.store.address)


async def _listed(errand: BackupErrand) -> str:
    from doorward.compose.backups import again_of, job_of
    from doorward.errands.backups.reaching import connected, listed
    from doorward.errands.backups.report import listing_text

    job = await asyncio.to_thread(job_of, errand, os.environ)
    again = again_of(errand.retries)
    async with connected(job.store, again) as place:
        return listing_text((await listed(place, errand.names, again)).backups)


async def _carried(errand: BackupErrand) -> AsyncIterator[str]:
    from doorward.compose.backups import carry
    from doorward.compose.carried_backups import trouble_of
    from doorward.errands.backups.report import report_text

    lines: asyncio.Queue[str] = asyncio.Queue()
    carrying = asyncio.get_running_loop().create_task(carry(errand, os.environ, _Lines(lines)))
    carrying.add_done_callback(lambda _: lines.put_nowait(""))
    try:
        while line := await lines.get():
            yield line
        report = await carrying
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
    if report.entries:
        yield report_text(report)
    if not report.is_success:
        raise trouble_of(report)


class _Lines:
    """The `Watcher` that puts a line a file into a queue."""

    def __init__(self, lines: "asyncio.Queue[str]") -> None:
        self._lines = lines
        self._begun: set[str] = set()

    def expect(self, files: int, total_bytes: int) -> None:
        """See `Watcher`."""

    def begun(self, file: str, *, size_bytes: int, from_offset: int) -> None:
        """See `Watcher`."""
        if file not in self._begun:
            self._begun.add(file)
            self._lines.put_nowait(f"{one_line(file)} goes, {size_bytes} bytes\n")

    def moved(self, file: str, offset: int) -> None:
        """See `Watcher`."""

    def paused(self, file: str, problem: str, seconds: float) -> None:
        """See `Watcher`."""
        self._lines.put_nowait(one_line(f"{file}: {problem}; again in {seconds:.0f} s") + "\n")

    def ended(self, file: str) -> None:
        """See `Watcher`."""
