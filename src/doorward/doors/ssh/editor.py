"""
The line editor of the prompt: prompt_toolkit over a channel, without a file descriptor, a thread or a signal.

Imported when the first prompt opens, and then in a thread: it takes 20 MB and 200 ms.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from doorward.core.command import Command
from doorward.doors.ssh.completion import candidates, word_begun
from doorward.doors.ssh.keys import KeyReader
from doorward.doors.ssh.typed import PROMPT, Ended, Interrupted

LINE_CHARACTERS = 4096
"""What can be typed into one line; prompt_toolkit has no bound of its own."""

KEYS = 8192
"""Pressed for one line, after which a new one begins: each may leave the line before it to be taken back."""

_STYLE = Style.from_dict({"prompt": "bold ansigreen"})


class Editor:
    """
    One prompt of one session, asked again and again.

    Args:
        write: takes what the terminal is to show.
        size: gives its columns and rows now.
        term: what kind it is.
        commands: gives what may be asked for now, by name.
        lines: what was asked before, the oldest first.
        remember: is told each line that is to be remembered.
        most_lines: how many of them this session keeps.
    """

    def __init__(
        self,
        *,
        write: Callable[[str], None],
        size: Callable[[], tuple[int, int]],
        term: str,
        commands: Callable[[], Mapping[str, Command]],
        lines: Sequence[str],
        remember: Callable[[str], bool],
        most_lines: int,
    ) -> None:
        self._input = _ChannelInput()
        self._output = Vt100_Output(
            cast(TextIO, _Screen(write)),
            lambda: _size_of(size()),
            term=term,
            enable_bell=False,
            enable_cpr=False,
        )
        self._completer = _Completer(commands)
        self._history = _History(lines, remember, self._input.open, most_lines=most_lines)
        self._session: PromptSession[str] | None = None

    async def read_line(self) -> str:
        with create_app_session(input=self._input, output=self._output):
            if self._session is None:
                self._session = self._new_session()
            self._input.keys = 0
            try:
                return await self._session.prompt_async(set_exception_handler=False, handle_sigint=False)
            finally:
                # prompt_toolkit would press it in the next line before that knows what was asked before
                self._input.shut(get_typeahead(self._input))

    def receive(self, text: str) -> None:
        self._input.receive(text)
        if self._input.keys > KEYS and self._is_reading:
            self._exit(Interrupted)

    def resize(self) -> None:
        if self._session is not None and self._is_reading:
            self._session.app.renderer.erase()
            self._session.app.invalidate()

    def end(self) -> None:
        if self._is_reading:
            self._exit(Ended)

    def _exit(self, error: type[Exception]) -> None:
        if self._session is not None:
            self._session.app.exit(exception=error, style="class:aborting")

    @property
    def _is_reading(self) -> bool:
        # one that has ended takes a turn of the loop to leave, and must not be ended again
        return self._session is not None and self._session.app.is_running and not self._session.app.is_done

    def _new_session(self) -> "PromptSession[str]":
        session: PromptSession[str] = PromptSession(
            FormattedText([("class:prompt", PROMPT)]),
            style=_STYLE,
            editing_mode=EditingMode.EMACS,
            completer=self._completer,
            complete_while_typing=False,
            history=self._history,
            enable_suspend=False,
            enable_system_prompt=False,
            enable_open_in_editor=False,
            mouse_support=False,
            interrupt_exception=Interrupted,
            eof_exception=Ended,
            input=self._input,
            output=self._output,
        )
        session.default_buffer.on_text_changed += _cut
        return session


def _cut(buffer: Buffer) -> None:
    """Keep a line to its length, which keys that put back what was cut out would double each time."""
    if len(buffer.text) > LINE_CHARACTERS:
        buffer.document = Document(buffer.text[:LINE_CHARACTERS])


def _size_of(columns_and_rows: tuple[int, int]) -> Size:
    columns, rows = columns_and_rows
    # a client may say nothing, or what no terminal can be: it costs memory by its area
    return Size(
        rows=min(max(rows, 1), 500) if rows else 24, columns=min(max(columns, 10), 500) if columns else 80
    )


class _Screen:
    """What prompt_toolkit takes for a terminal's stream."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write

    def flush(self) -> None:
        """All is handed over already."""

    def isatty(self) -> bool:
        return True


class _ChannelInput(Input):
    """
    Keys that come by a channel, and wait until a line is there that knows what was asked before it.

    Attributes:
        keys: how many came since this was last set to 0.
    """

    def __init__(self) -> None:
        self._reader = KeyReader()
        self._pressed: list[KeyPress] = []
        self._callback: Callable[[], None] | None = None
        self._is_open = False
        self.keys = 0

    def receive(self, text: str) -> None:
        pressed = self._reader.receive(text)
        self.keys += len(pressed)
        self._pressed += pressed
        self._hand_over()

    def open(self) -> None:
        """Hand over what was pressed, and what will be."""
        self._is_open = True
        self._hand_over()

    def shut(self, untaken: Sequence[KeyPress]) -> None:
        """Keep what is pressed, and before it what was handed over and not taken."""
        self._is_open = False
        self._pressed[:0] = untaken

    def _hand_over(self) -> None:
        if self._pressed and self._is_open and self._callback is not None:
            self._callback()

    def read_keys(self) -> list[KeyPress]:
        pressed, self._pressed = self._pressed, []
        return pressed

    def flush_keys(self) -> list[KeyPress]:
        self._reader.flush()
        return []

    def fileno(self) -> int:
        """
        There is none; nothing that is used here asks for it.

        Raises:
            OSError: always, as a stream without one has it (`io.IOBase.fileno`).
        """
        raise OSError("a channel has no descriptor")

    def typeahead_hash(self) -> str:
        # it comes again: prompt_toolkit keeps a list for each that there ever was, and `shut` has it empty
        return f"channel-{id(self)}"

    @property
    def closed(self) -> bool:
        return False

    def raw_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def attach(self, input_ready_callback: Callable[[], None]) -> Iterator[None]:
        before, self._callback = self._callback, input_ready_callback
        try:
            yield
        finally:
            self._callback = before

    @contextmanager
    def detach(self) -> Iterator[None]:
        before, self._callback = self._callback, None
        try:
            yield
        finally:
            self._callback = before


class _History(History):
    """
    What was asked before, for the arrows and for Ctrl-R.

    Args:
        lines: that, the oldest first.
        remember: is told each line, and says whether it is to be remembered.
        on_loaded: is called when a new line has taken all of them.
        most_lines: how many are kept.
    """

    def __init__(
        self,
        lines: Sequence[str],
        remember: Callable[[str], bool],
        on_loaded: Callable[[], None],
        *,
        most_lines: int,
    ) -> None:
        super().__init__()
        self._lines = list(lines)
        self._remember = remember
        self._on_loaded = on_loaded
        self._most_lines = most_lines

    async def load(self) -> AsyncGenerator[str, None]:
        for line in reversed(self._lines):
            yield line
        # a line loads them once it is drawn; an arrow or Ctrl-R that it took before would find nothing
        self._on_loaded()

    def get_strings(self) -> list[str]:
        return list(self._lines)

    def append_string(self, string: str) -> None:
        if self._remember(string):
            self._lines.append(string)
            del self._lines[: max(len(self._lines) - self._most_lines, 0)]

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._lines)

    def store_string(self, string: str) -> None:
        """See `append_string`, which is all that is called."""


class _Completer(Completer):
    def __init__(self, commands: Callable[[], Mapping[str, Command]]) -> None:
        self._commands = commands

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor
        begun = word_begun(before)
        for candidate in candidates(self._commands(), before):
            yield Completion(candidate.word, start_position=-len(begun), display_meta=candidate.about or None)
