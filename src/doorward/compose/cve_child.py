"""
One look at vulnerabilities in a process of its own: what to look at on stdin, what came of it on stdout.

Its parent keeps stdin open: when that ends, the parent is gone, and so is this process. It may end at any
point: nothing is told that was not noted.
"""

import asyncio
import os
import resource
import sys
import threading
from pathlib import Path

import msgspec

from doorward.compose.cve_asking import AskedLook, ToldError, ToldLook, error_told
from doorward.compose.cve_watching import look_at_cves
from doorward.core.errors import DoorwardError
from doorward.core.units import MIB
from doorward.errands.cve.report import gone_of
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database

_NICE = 10
_STDIN = 0


def main() -> int:
    """Look, and print what came of it; returns the exit status."""
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=AskedLook)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (asked.memory_bytes,) * 2)
    # at the hard limit it would be killed, and nobody would know why
    resource.setrlimit(resource.RLIMIT_CPU, (asked.cpu_seconds, asked.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = asyncio.run(_told(asked))
    except MemoryError:
        problem = f"it took more than {asked.memory_bytes // MIB} MiB of memory"
        told = ToldLook(error=ToldError(kind="StateError", fields=(problem,)))
    sys.stdout.buffer.write(msgspec.json.encode(told))
    return 0


async def _told(asked: AskedLook) -> ToldLook:
    clock = SystemClock(asyncio.get_running_loop())
    database = Database(Path(asked.folder))
    try:
        await database.open()
        watched = await look_at_cves(asked.errand, database, clock, limits=asked.limits, mail=asked.mail)
    except DoorwardError as error:
        return ToldLook(error=error_told(error))
    finally:
        await database.close()
    gone = gone_of(watched)
    return ToldLook(
        text=gone.text,
        mails=gone.mails,
        notes=gone.notes,
        troubles=tuple(map(error_told, gone.troubles)),
    )


def _end_with_the_parent() -> None:
    # not by sys.stdin, whose lock an interpreter that ends would wait for
    while os.read(_STDIN, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
