"""`ssh host`: a prompt, at which lines are edited, completed, asked for and answered in their turn."""

import asyncio
import codecs
import logging
from typing import TYPE_CHECKING

from doorward.core.errors import BadLine, one_line
from doorward.core.launch import Stream
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind, last_lines
from doorward.core.words import split_words
from doorward.doors.ssh.door import SshDoor
from doorward.doors.ssh.guarded import GuardedChannel
from doorward.doors.ssh.keyboard import Keyboard, Typed
from doorward.doors.ssh.output import Output, remarks
from doorward.doors.ssh.reading import Reading
from doorward.doors.ssh.typed import Ended, Interrupted, LineReader, PlainReader
from doorward.service.caller import Caller

if TYPE_CHECKING:
    from doorward.doors.ssh.editor import Editor

_log = logging.getLogger("doorward.doors.ssh")

_TURN_CHARACTERS = 256
"""Handed to the editor at a time, which draws the line anew for them: pasted text holds up nobody."""

_AHEAD_CHARACTERS = 4096
"""Typed while an answer is under way, and kept for the next line; what comes after it is dropped."""

_CTRL_C, _CTRL_D = "\x03", "\x04"
_DUMB = frozenset({"", "dumb", "unknown"})
"""Terminals that obey nothing. Source: terminfo(5)."""
_RESIZE_SECONDS = 0.05
_FAILED = Outcome(OutcomeKind.FAILED, reason="the prompt failed; the log explains it")
_STOPS = "the daemon is being stopped"


class Prompt:
    """
    A conversation with somebody at a terminal.

    Args:
        door: whose it is.
        caller: who is there.
        output: of the session.
        channel: of the session.
    """

    def __init__(self, door: SshDoor, caller: Caller, output: Output, channel: GuardedChannel) -> None:
        self._door = door
        self._caller = caller
        self._output = output
        self._channel = channel
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._keyboard = Keyboard(channel.get_terminal_modes())
        self._reader: LineReader | None = None
        self._task: asyncio.Task[None] | None = None
        self._reading: Reading | None = None
        self._answered: asyncio.Future[bool] | None = None
        self._unfed = ""
        self._is_feeding = False
        self._is_resizing = False
        self._is_last = False
        self._at_line_start = True
        self._last = SUCCESS

    # What the session tells

    def begin(self) -> None:
        """See `Program`."""
        if self._door.settings.motd:
            self._write(Stream.OUT, self._door.settings.motd.encode())
        self._task = asyncio.get_running_loop().create_task(self._converse(), name="ssh prompt")

    def receive_data(self, data: bytes) -> None:
        """See `Program`."""
        if self._reading is not None and self._reading.takes_input:
            self._type(data)
            return
        text = self._decoder.decode(data)
        if self._reading is not None and _CTRL_C in text:
            self._unfed = text.rpartition(_CTRL_C)[2]
            self._show(b"^C\n")
            self._reading.cancel()
        else:
            self._unfed += text
        if self._reading is not None:
            self._unfed = self._unfed[:_AHEAD_CHARACTERS]
        self._feed()

    def receive_eof(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.end_input()
        # what was sent before it is asked for first
        self._unfed += _CTRL_C + _CTRL_D
        self._feed()

    def interrupt(self) -> None:
        """See `Program`."""
        self.receive_data(_CTRL_C.encode())

    def resize(self) -> None:
        """See `Program`; many that come at once are one."""
        if not self._is_resizing:
            self._is_resizing = True
            self._door.clock.call_later(_RESIZE_SECONDS, self._resize)

    def hear_news(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.hear_news()
        if self._output.may_write:
            self._feed()

    def finish(self) -> None:
        """See `Program`."""
        self._is_last = True
        if self._reader is not None:
            self._reader.end()

    def leave(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.leave()
        if self._task is not None:
            self._task.cancel()

    # Inside

    async def _converse(self) -> None:
        try:
            self._reader = await self._new_reader()
            while not self._is_last:
                self._feed()
                try:
                    line = await self._reader.read_line()
                except Interrupted:
                    continue
                except Ended:
                    break
                if line.strip():
                    await self._ask(line)
        except Exception:  # noqa: BLE001 - logged
            # a session is isolated from the others
            _log.exception("a prompt failed")
            self._last = _FAILED
        self._output.end(Outcome(OutcomeKind.EXITED, status=self._last.exit_status))

    async def _new_reader(self) -> LineReader:
        term = self._channel.get_terminal_type() or ""
        if term in _DUMB:
            return PlainReader(self._draw, self._channel.get_terminal_modes())
        # the first prompt since the start has it imported, which no loop should wait for
        make = await asyncio.to_thread(_import_editor)
        most_lines = self._door.limits.ssh_history_lines
        return make(
            write=self._draw,
            size=lambda: self._channel.get_terminal_size()[:2],
            term=term,
            commands=lambda: self._door.desk.commands_seen_by(self._caller),
            lines=self._door.histories.of(self._caller.principal.name, lines=most_lines),
            remember=self._remember,
            most_lines=most_lines,
        )

    async def _ask(self, line: str) -> None:
        self._answered = asyncio.get_running_loop().create_future()
        self._reading = Reading(
            self._door.desk, self._caller, self._output, self._hear_end, write=self._write
        )
        self._reading.ask(line, can_give_input=True)
        self._reading.hear_news()
        leaves = await self._answered
        self._is_last = self._is_last or leaves

    def _hear_end(self, outcome: Outcome, leaves: bool) -> None:  # noqa: FBT001 - a callback
        self._reading = None
        self._last = outcome
        if not self._at_line_start:
            self._write(Stream.OUT, b"\n")
        for remark in remarks(outcome) or last_lines(outcome):
            self._write(Stream.OUT, f"{one_line(remark)}\n".encode("utf-8", "replace"))
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(leaves)

    def _type(self, data: bytes) -> None:
        """Hand what is typed to the command that reads it, a line at a time."""
        reading = self._reading
        echo, is_interrupted = bytearray(), False
        for typed, line, shown in self._keyboard.receive(data):
            if reading is None or self._reading is not reading:
                break
            echo += shown
            match typed:
                case Typed.NOTHING_YET:
                    pass
                case Typed.LINE:
                    reading.write_input(line)
                case Typed.END:
                    reading.end_input()
                case Typed.INTERRUPT:
                    is_interrupted = True
                    break
        self._show(bytes(echo))
        if reading is not None and is_interrupted:
            reading.cancel()

    def _feed(self) -> None:
        """Hand over a turn's worth of what was typed, unless an answer is under way or nothing is read."""
        if self._is_feeding or self._reading is not None or not self._unfed:
            return
        if self._reader is None or not self._output.may_write:
            self._channel.pause_reading()
            return
        self._is_feeding = True
        self._door.clock.call_later(0, self._feed_on)
        text, self._unfed = self._unfed[:_TURN_CHARACTERS], self._unfed[_TURN_CHARACTERS:]
        self._reader.receive(text)

    def _feed_on(self) -> None:
        self._is_feeding = False
        if self._unfed:
            self._channel.pause_reading()
            self._feed()
        elif not self._channel.is_closing():
            self._channel.resume_reading()

    def _resize(self) -> None:
        self._is_resizing = False
        if self._reader is not None and not self._channel.is_closing():
            self._reader.resize()

    def _write(self, stream: Stream, data: bytes) -> None:
        self._at_line_start = data.endswith(b"\n")
        self._output.write(stream, data)

    def _show(self, data: bytes) -> None:
        """Show what was typed, where the terminal takes it."""
        if data and self._output.may_write:
            self._at_line_start = data.endswith(b"\n")
            self._output.show(data)

    def _draw(self, text: str) -> None:
        if not self._channel.is_closing():
            self._channel.write(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace"))

    def _remember(self, line: str) -> bool:
        """Remember a line for the next session too; one that may hold a secret is forgotten at once."""
        try:
            words = split_words(line)
        except BadLine:
            # what is meant by it cannot be told
            return False
        name = words[0] if words else ""
        command = self._door.desk.commands_seen_by(self._caller).get(name)
        if not name or (command is not None and any(each.is_secret for each in command.parameters)):
            return False
        self._door.histories.add(self._caller.principal.name, line, lines=self._door.limits.ssh_history_lines)
        return True


def _import_editor() -> "type[Editor]":
    from doorward.doors.ssh.editor import Editor

    return Editor
