"""What a door gets for a line: something to read, and the few things it may do with it."""

import logging
from collections.abc import Callable

from doorward.core.errors import BadArgument
from doorward.core.launch import Stream
from doorward.core.outcome import LEFT, SUCCESS, Outcome
from doorward.core.principal import Principal
from doorward.core.tables import Series, Table
from doorward.service.failures import log_failure
from doorward.service.run import Run
from doorward.service.transcript import Chunk, Transcript

_log = logging.getLogger("doorward.answer")

DRAWN_BYTES = 64 * 1024
"""A larger output is not read as a table: readers run on the loop."""


class Answer:
    """
    One reader of a transcript: of a run, or of words that the desk said itself.

    Take chunks until there is none; when there is none and `outcome` is set, the answer is complete.
    `on_news` is called when there may be more. A reader takes its own time.

    Attributes:
        run: what is being read; None for words of the desk.
        principal: who reads.
        on_news: called on the loop whenever there may be more.
        leaves: the asker wants to go.
        problems: what was wrong with the values of a form, one each; empty for a line, whose outcome says it.
    """

    __slots__ = (
        "_next",
        "_own_outcome",
        "_taken_bytes",
        "_taken_of_next_bytes",
        "_transcript",
        "leaves",
        "on_news",
        "principal",
        "problems",
        "run",
    )

    def __init__(
        self,
        transcript: Transcript,
        principal: Principal,
        on_news: Callable[[], None],
        *,
        run: Run | None = None,
        leaves: bool = False,
    ) -> None:
        self._transcript = transcript
        self._next = 0
        self._taken_of_next_bytes = 0
        self._taken_bytes = 0
        self._own_outcome: Outcome | None = None
        self.principal = principal
        self.on_news = on_news
        self.run = run
        self.leaves = leaves
        self.problems: tuple[BadArgument, ...] = ()

    @property
    def number(self) -> int:
        """The run's number; 0 when there is no run."""
        return self.run.number if self.run is not None else 0

    @property
    def takes_input(self) -> bool:
        """Whether the asker's stdin is wanted: that of who asked first, and of nobody who attached."""
        run = self.run
        return run is not None and run.asker is self and not run.input_ended

    @property
    def outcome(self) -> Outcome | None:
        """How it ended for this reader; None while there is, or may be, more to take."""
        if self._own_outcome is not None:
            return self._own_outcome
        transcript = self._transcript
        return transcript.outcome if self._taken_bytes == transcript.size_bytes else None

    def take(self) -> Chunk | None:
        """Take the next chunk, or what came to the last one since; None when there is nothing now."""
        transcript = self._transcript
        if self._taken_bytes == transcript.size_bytes or self._own_outcome is not None:
            return None
        stream, data = transcript.chunks[self._next]
        if self._taken_of_next_bytes:
            if self._taken_of_next_bytes == len(data):
                self._next += 1
                stream, data = transcript.chunks[self._next]
                self._taken_of_next_bytes = 0
            data = data[self._taken_of_next_bytes :]
        self._taken_of_next_bytes += len(data)
        self._taken_bytes += len(data)
        return stream, data

    def take_all(self) -> list[Chunk]:
        """Take all chunks that there are now."""
        chunks = []
        while (chunk := self.take()) is not None:
            chunks.append(chunk)
        return chunks

    @property
    def has_more(self) -> bool:
        """Whether there is something to take now."""
        return self._own_outcome is None and self._taken_bytes < self._transcript.size_bytes

    @property
    def taken_bytes(self) -> int:
        """How much was taken or skipped so far, of both streams."""
        return self._taken_bytes

    def skip(self, size_bytes: int) -> None:
        """Pass over the first `size_bytes`, of which none was taken yet, or over all when there are fewer."""
        chunks = self._transcript.chunks
        left_bytes = min(size_bytes, self._transcript.size_bytes)
        self._taken_bytes = left_bytes
        while left_bytes and left_bytes >= len(chunks[self._next][1]):
            if self._next + 1 == len(chunks):
                break
            left_bytes -= len(chunks[self._next][1])
            self._next += 1
        self._taken_of_next_bytes = left_bytes

    def drawing(self) -> Table | Series | None:
        """What the command's reader makes of the output, when all went well and it is of a size to draw."""
        run = self.run
        if run is None or self._transcript.outcome is None:
            return None
        if run.drawn is None:
            # once a run: an answer that is given again is read by many
            run.drawn = (self._draw(run, self._transcript.outcome),)
        return run.drawn[0]

    def _draw(self, run: Run, outcome: Outcome) -> Table | Series | None:
        reader = run.invocation.command.reader
        if reader is None or not outcome.is_success or self._transcript.size_bytes > DRAWN_BYTES:
            return None
        try:
            return reader(self._transcript.stdout())
        except Exception as error:  # noqa: BLE001 - logged
            # a keeper's reader is isolated from the answer, which is whole without a drawing
            log_failure(_log, f"the drawing of run {self.number}", error)
            return None

    def take_off(self) -> None:
        """End it for this reader alone, as cancelled."""
        self._own_outcome = LEFT
        self.on_news()


def words(text: str, principal: Principal, *, leaves: bool = False) -> Answer:
    """An answer of the desk's own: `text`, and that all is well."""
    data = text.encode("utf-8", "replace")
    transcript = Transcript(len(data))
    if data:
        transcript.add(Stream.OUT, data)
    transcript.finish(SUCCESS)
    return Answer(transcript, principal, no_news, leaves=leaves)


def refusal(outcome: Outcome, principal: Principal) -> Answer:
    """An answer that is nothing but an outcome."""
    transcript = Transcript(0)
    transcript.finish(outcome)
    return Answer(transcript, principal, no_news)


def no_news() -> None:
    """For whoever waits for nothing: what is there now is all, or somebody else reads the rest."""
