"""
Looks at vulnerabilities for the daemon, each in a process of its own.

To decode what a distribution says of its packages, sixty megabytes of JSON, holds the interpreter's lock for
seconds, and no thread of this process would answer a caller meanwhile.
"""

import asyncio
import contextlib
import logging
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

import msgspec

from doorward.compose.cve_asking import AskedLook, ToldLook, error_of
from doorward.core.cve_errands import CveErrand
from doorward.core.errands import errand_name
from doorward.core.errors import StateError, one_line
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.units import MIB
from doorward.errands.gone import Gone

_log = logging.getLogger("doorward.errands")

MEMORY_BYTES = 4096 * MIB
"""Of addresses, not of pages: each thread reserves some of its own that it never touches."""

CPU_SECONDS = 1_800
SECONDS = 3 * 3600.0
"""Of one look: NVD whole, without a key and with its pauses, is some two hundred pages."""

_SAID_BYTES = 4_000


class CveLooks:
    """
    Looks, one at a time: two would ask the same servers for the same.

    Args:
        folder: of the state.
        memory_bytes: what a process may take of memory.
        cpu_seconds: what it may take of processor time.
        seconds: how long it may take.
    """

    def __init__(
        self,
        folder: Path,
        *,
        memory_bytes: int = MEMORY_BYTES,
        cpu_seconds: int = CPU_SECONDS,
        seconds: float = SECONDS,
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._cpu_seconds = cpu_seconds
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._has_stopped = False

    async def look(self, errand: CveErrand, *, limits: Limits, mail: MailSettings) -> Gone:
        """
        Look once for `errand`.

        Raises:
            StateError: another process is at it, what came could not be noted, or the process ended before
                its time. Nothing is lost by that.
            MailError: there is nobody to tell.
        """
        asked = AskedLook(
            folder=str(self._folder.absolute()),
            name=errand.name,
            sources=errand.sources,
            filter=errand.filter,
            to=errand.to,
            mails=errand.mails,
            tell_after=errand.tell_after,
            mail=mail,
            limits=limits,
            memory_bytes=self._memory_bytes,
            cpu_seconds=self._cpu_seconds,
        )
        async with self._turn:
            loop = asyncio.get_running_loop()
            is_unwanted = threading.Event()
            running = loop.run_in_executor(None, self._run, asked, errand_name(errand), is_unwanted)
            try:
                told = await asyncio.shield(running)
            except asyncio.CancelledError:
                # first: a process that is still to be started is not there to be killed
                is_unwanted.set()
                self._kill()
                # its end is near, and nobody asks for what it raises
                await asyncio.wait({running})
                running.exception()
                raise
        if told.error is not None:
            raise error_of(told.error)
        return Gone(
            text=told.text, mails=told.mails, notes=told.notes, troubles=tuple(map(error_of, told.troubles))
        )

    def stop(self) -> None:
        """End the look under way, and begin none; idempotent. What it was to tell is told next time."""
        self._has_stopped = True
        self._kill()

    def _kill(self) -> None:
        with self._starting:
            if self._child is not None:
                self._child.kill()

    def _run(self, asked: AskedLook, name: str, is_unwanted: threading.Event) -> ToldLook:
        with _words_of_process(name) as said:
            child = self._started(name, said, is_unwanted)
            timer = threading.Timer(self._seconds, child.kill)
            # before the timer: who is stopped by it took as long as it has, and not a moment less
            began_at = time.monotonic()
            timer.start()
            try:
                answer = _answer(child, msgspec.json.encode(asked))
            finally:
                timer.cancel()
                timer.join()
                with self._starting:
                    self._child = None
            said.seek(0)
            words = said.read(_SAID_BYTES).decode("utf-8", "replace").strip()
        if words:
            _log.warning("%s: its process said: %s", name, one_line(words))
        if child.returncode == 0:
            return msgspec.json.decode(answer, type=ToldLook)
        raise StateError(
            f"{name}: {self._why(child.returncode, time.monotonic() - began_at)}; nothing is lost"
        )

    def _started(self, name: str, said: IO[bytes], is_unwanted: threading.Event) -> "subprocess.Popen[bytes]":
        with self._starting:
            if self._has_stopped:
                raise StateError(f"{name}: not begun, for the daemon ends")
            if is_unwanted.is_set():
                raise StateError(f"{name}: not begun, for nobody waits for it any more")
            try:
                self._child = subprocess.Popen(
                    [sys.executable, "-I", "-X", "utf8", "-m", "doorward.compose.cve_child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    start_new_session=True,
                )
            except OSError as error:
                raise StateError(f"{name}: no process can be started for it: {error.strerror}") from error
            return self._child

    def _why(self, status: int, took_seconds: float) -> str:
        if self._has_stopped:
            return "it was ended with the daemon"
        if took_seconds >= self._seconds:
            return f"it was stopped after {self._seconds:g} s"
        if status == -signal.SIGXCPU:
            return f"it took more than {self._cpu_seconds} s of processor time"
        return f"its process ended with status {status}"


def _words_of_process(name: str) -> IO[bytes]:
    """Where the process may write what goes wrong with it; gone when it is closed."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise StateError(f"{name}: there is no room for what its process says: {error.strerror}") from error


def _answer(child: "subprocess.Popen[bytes]", asked: bytes) -> bytes:
    """What the process prints until it ends. Its stdin is closed only then: by that it knows that we are."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("the process has no pipes")
    with child.stdin as stdin, child.stdout as stdout:
        # one that is gone says so by its status
        with contextlib.suppress(BrokenPipeError):
            stdin.write(asked + b"\n")
            stdin.flush()
        answer = stdout.read()
        child.wait()
    return answer
