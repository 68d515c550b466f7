"""Where `doorward fetch` puts what comes: stdout, a terminal made safe, and how far it is."""

import codecs
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from doorward.cli.screen import is_terminal, wants_colours
from doorward.clients._tls import words_of_error
from doorward.core.errors import DoorwardError, one_line
from doorward.core.fetching import Head

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from doorward.clients._output import Output
    from doorward.compose.transferring import Sink

_STDOUT = 1


class NotForATerminal(DoorwardError):
    """What came is no text."""


class CannotShow(DoorwardError):
    """Stdout takes no more; its reader is there still."""


class StdoutSink:
    """
    Puts a body out as it comes.

    Args:
        output: writes to stdout.
        is_safe: a person reads it: only text comes out, and what would command the terminal is escaped.
    """

    def __init__(self, output: "Output", *, is_safe: bool) -> None:
        self.received_bytes = 0
        self._output = output
        self._is_safe = is_safe
        self._text = SafeText()

    @property
    def may_begin_anew(self) -> bool:
        """Whether nobody has seen anything yet."""
        return not self.received_bytes

    async def begin(self, head: Head) -> bool:
        """As the port says; the page of an error is put out too."""
        return True

    async def write(self, piece: bytes) -> None:
        """
        As the port says.

        Raises:
            BrokenPipeError: its reader has left.
            CannotShow: nobody takes it.
            NotForATerminal: a person was to read it, and it is no text.
        """
        if self._is_safe:
            if b"\0" in piece:
                raise NotForATerminal(
                    "what comes is no text and would disturb the terminal; "
                    "-o FILE saves it, and -o - shows it all the same"
                )
            await _show(self._output, self._text.safe(piece).encode())
        else:
            await _show(self._output, piece)
        self.received_bytes += len(piece)


async def _show(output: "Output", data: bytes) -> None:
    try:
        await output.write(_STDOUT, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotShow(f"what came cannot be put out on stdout: {words_of_error(error)}") from error


class SafeText:
    """Text out of bytes, in which nothing commands a terminal; a letter may be cut by the end of a piece."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def safe(self, piece: bytes) -> str:
        """What `piece` goes on with."""
        text = self._decoder.decode(piece).replace("\r\n", "\n")
        if text.isprintable():
            return text
        return "".join(
            character if character in "\n\t" or character.isprintable() else one_line(character)
            for character in text
        )


class _Passing:
    """Gives all to `sink`."""

    def __init__(self, sink: "Sink") -> None:
        self._sink = sink

    @property
    def received_bytes(self) -> int:
        return self._sink.received_bytes

    @property
    def may_begin_anew(self) -> bool:
        return self._sink.may_begin_anew

    async def begin(self, head: Head) -> bool:
        return await self._sink.begin(head)

    async def write(self, piece: bytes) -> None:
        await self._sink.write(piece)


class ShownHead(_Passing):
    """
    Puts out the head of an answer before its body goes to `sink`.

    Args:
        sink: takes the body.
        output: writes to stdout.
        is_safe: a person reads it.
    """

    def __init__(self, sink: "Sink", output: "Output", *, is_safe: bool) -> None:
        super().__init__(sink)
        self._output = output
        self._is_safe = is_safe

    async def begin(self, head: Head) -> bool:
        if head.headers:
            lines = [f"HTTP {head.status} {head.reason}".rstrip()]
            lines += [f"{name}: {value}" for name, value in head.headers]
            text = "".join(f"{one_line(line) if self._is_safe else line}\n" for line in lines)
            await _show(self._output, f"{text}\n".encode("utf-8", "surrogateescape"))
        return await super().begin(head)


class Told(Protocol):
    """Hears how far it is."""

    def __call__(self, received_bytes: int, size: int | None, /) -> None:
        """So much of so much is here; None when the size is not known."""


class CountedSink(_Passing):
    """Tells `told` what goes to `sink`."""

    def __init__(self, sink: "Sink", told: Told) -> None:
        super().__init__(sink)
        self._told = told
        self._size: int | None = None

    async def begin(self, head: Head) -> bool:
        self._size = head.size
        wanted = await super().begin(head)
        self._told(self._sink.received_bytes, self._size)
        return wanted

    async def write(self, piece: bytes) -> None:
        await super().write(piece)
        self._told(self._sink.received_bytes, self._size)


@contextmanager
def progress_bar(name: str, environment: Mapping[str, str]) -> Iterator[Told]:
    """A bar on stderr that goes away at the end; nothing where nobody sees it."""
    if not is_terminal(sys.stderr) or environment.get("TERM") == "dumb":
        yield lambda _received, _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    console = Console(stderr=True, no_color=not wants_colours(sys.stderr, environment))
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        Speed(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _moving(progress, progress.add_task(one_line(name)[-40:], total=None))


def _moving(progress: "Progress", task: "TaskID") -> Told:
    def told(received_bytes: int, size: int | None) -> None:
        progress.update(task, completed=received_bytes, total=size)

    return told
