"""One peer of asyncio's streams: a coroutine that waits for what comes next, and its child beside it."""

import asyncio
import contextlib
import os
import signal

from doorward.core.launch import Launch
from doorward.lines.session import LINGERING_BYTES, LINGERING_SECONDS
from doorward.models._answering import Conversation, Reception

READ_BYTES = 64 * 1024


class StreamPeer:
    """A peer and its two streams."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        conversation: Conversation,
        reception: Reception,
    ) -> None:
        writer.transport.set_write_buffer_limits(reception.limits.write_buffer_bytes)
        self._reader = reader
        self._writer = writer
        self._conversation = conversation
        self._limits = reception.limits
        self._departure: asyncio.Task[None] | None = None

    # [the wait]
    async def serve(self) -> None:
        """
        Serve it from the greeting to the end.

        Raises:
            OSError: it has left.
            TimeoutError: it does not read.
        """
        while True:
            while (launch := self._conversation.next_launch()) is not None:
                await self._run(launch)
            await self._send()
            if self._conversation.is_over:
                break
            await self._receive()
        await self._part()

    async def _receive(self) -> None:
        try:
            async with asyncio.timeout_at(self._conversation.deadline_at):
                data = await self._reader.read(READ_BYTES)
        except TimeoutError:
            self._conversation.time_is_up()
            return
        if data:
            self._conversation.receive_data(data)
        else:
            self._conversation.receive_eof()

    async def _send(self) -> None:
        self._writer.write(self._conversation.bytes_to_send())
        async with asyncio.timeout(self._limits.stalled_write_seconds):
            await self._writer.drain()

    # [end]

    async def _run(self, launch: Launch) -> None:
        try:
            # the one place beside doorward.processes: to show how asyncio starts a child is what this is for
            child = await asyncio.create_subprocess_exec(  # noqa: TID251
                *launch.argv,
                env=launch.environment,
                cwd=launch.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                limit=READ_BYTES,
            )
        except OSError as error:
            self._conversation.not_started(error)
            return
        try:
            await self._pass_on_while_here(child)
        finally:
            self._conversation.ended(await asyncio.shield(_finish(child)))

    @property
    def _left(self) -> asyncio.Task[None]:
        """Done when the connection is lost, whoever reads or writes; a task, because a wait may give up."""
        if self._departure is None:
            self._departure = asyncio.get_running_loop().create_task(self._writer.wait_closed())
        return self._departure

    async def _pass_on_while_here(self, child: asyncio.subprocess.Process) -> None:
        """Pass on the output until it ends, the time is up or the peer has left, whatever comes first."""
        loop = asyncio.get_running_loop()
        output = loop.create_task(self._pass_on(child))
        try:
            done, _ = await asyncio.wait(
                {output, self._left},
                timeout=max(self._conversation.deadline_at - loop.time(), 0.0),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if output in done:
                output.result()
            elif self._left in done:
                self._conversation.left()
            else:
                self._conversation.time_is_up()
        finally:
            output.cancel()
            await asyncio.gather(output, return_exceptions=True)

    async def leave(self) -> None:
        """Close at once, if that was not done: what a peer did not take yet is not waited for again."""
        self._writer.transport.abort()
        await asyncio.gather(self._left, return_exceptions=True)

    async def _pass_on(self, child: asyncio.subprocess.Process) -> None:
        if child.stdout is None:
            raise AssertionError("a pipe was asked for")
        while data := await child.stdout.read(READ_BYTES):
            self._conversation.output(data)
            await self._send()
        await child.wait()

    async def _part(self) -> None:
        """Close once all is sent; a peer that sent too much may read its answer first."""
        if self._conversation.is_overfed:
            self._writer.write_eof()
            async with asyncio.timeout(LINGERING_SECONDS):
                lingered_bytes = 0
                while lingered_bytes <= LINGERING_BYTES and (data := await self._reader.read(READ_BYTES)):
                    lingered_bytes += len(data)
        self._writer.close()
        await asyncio.wait({self._left}, timeout=self._limits.stalled_write_seconds)


async def _finish(child: asyncio.subprocess.Process) -> int:
    """End it if it has not ended, and wait for it; its status, or minus a signal."""
    if child.returncode is None:
        # it may have been waited for already, and the loop not have been told yet
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    # `wait` comes back only when the pipe has ended, which it does not while nobody reads
    while child.stdout is not None and await child.stdout.read(READ_BYTES):
        pass
    return await child.wait()
