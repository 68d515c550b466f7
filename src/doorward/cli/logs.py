"""Logs: the standard library's everywhere, made by structlog into lines for people or JSON for programs."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog

from doorward.cli.background_log import BackgroundHandler
from doorward.cli.screen import is_terminal, wants_colours
from doorward.core.errors import one_line


def configure_logs(
    level: str,
    *,
    stream: TextIO = sys.stderr,
    environment: Mapping[str, str],
    in_background: bool = False,
) -> None:
    """
    Send every log line of at least `level`, such as `info`, to `stream`.

    On a terminal a line is for reading, with colours unless NO_COLOR; elsewhere it is a JSON object with
    `timestamp` (UTC), `level`, `logger`, `event`. What peers sent into it steers no terminal and begins no
    line. With `in_background`, nobody who logs waits until it is written.
    """
    handler = BackgroundHandler(stream) if in_background else logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                escape_texts,
                _renderer(stream, environment),
            ],
        )
    )
    logger = logging.getLogger("doorward")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def escape_texts(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escape whatever is no plain character; a traceback keeps its line breaks."""
    for name, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if name == "exception" else [value]
            event[name] = "\n".join(one_line(line) for line in lines)
    return event


def _renderer(stream: TextIO, environment: Mapping[str, str]) -> structlog.typing.Processor:
    if is_terminal(stream):
        return structlog.dev.ConsoleRenderer(
            colors=wants_colours(stream, environment),
            exception_formatter=structlog.dev.plain_traceback,
            pad_event_to=0,
        )
    return structlog.processors.JSONRenderer(ensure_ascii=False)
