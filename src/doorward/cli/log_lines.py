"""Log records as lines: JSON objects for programs, words for people. What peers sent into them is escaped."""

import json
import logging
from datetime import UTC, datetime

from doorward.core.errors import one_line

# what a record has anyway; the rest is what the logger said beside its text
_OF_EVERY_RECORD = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"})
_EXCEPTION = "exception"

_PLAIN = logging.Formatter()

_DIM, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_RED, _YELLOW, _GREEN = "\x1b[31m", "\x1b[33m", "\x1b[32m"
_LEVELS = ((logging.ERROR, _RED), (logging.WARNING, _YELLOW), (logging.INFO, _GREEN))
_LEVEL_WIDTH = len("critical")


class JsonLines(logging.Formatter):
    """An object a line: what was said beside the text, then `event`, `level`, `logger`, `timestamp`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without its ending; what JSON has no form for is told as Python writes it."""
        beside, exception = _said_beside(record)
        facts = {**beside, **_facts(record), **({_EXCEPTION: exception} if exception else {})}
        return json.dumps(facts, ensure_ascii=False, default=repr)


class ReadableLines(logging.Formatter):
    """
    A line for people, and a traceback below it.

    Args:
        colours: whether levels have them.
    """

    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """The line without its ending; it holds LF only where a traceback follows."""
        beside, exception = _said_beside(record)
        facts = _facts(record)
        level = self._painted(f"{facts['level']:<{_LEVEL_WIDTH}}", _colour_of(record.levelno))
        words = [self._painted(facts["timestamp"], _DIM), f"[{level}]", self._painted(facts["event"], _BOLD)]
        words.append(self._painted(f"[{facts['logger']}]", _DIM))
        words += [f"{name}={one_line(str(value))}" for name, value in beside.items()]
        return "\n".join([" ".join(words), *([exception] if exception else [])])

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colours else text


def _facts(record: logging.LogRecord) -> dict[str, str]:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
    return {
        "event": one_line(record.getMessage()),
        "level": record.levelname.lower(),
        "logger": one_line(record.name),
        "timestamp": at.replace("+00:00", "Z"),
    }


def _said_beside(record: logging.LogRecord) -> tuple[dict[str, object], str]:
    """What the logger said beside the text, and the explanation of an error, its own before the record's."""
    facts = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    exception = str(facts.pop(_EXCEPTION, None) or "")
    if not exception and record.exc_info:
        exception = _PLAIN.formatException(record.exc_info)
    escaped = {name: one_line(value) if isinstance(value, str) else value for name, value in facts.items()}
    return escaped, _escaped_lines(exception)


def _escaped_lines(text: str) -> str:
    """`text` with all escaped but its line ends."""
    return "\n".join(map(one_line, text.split("\n")))


def _colour_of(level: int) -> str:
    return next((colour for least, colour in _LEVELS if level >= least), _DIM)
