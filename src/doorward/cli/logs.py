"""Logs: the standard library's everywhere, as lines for people or JSON for programs."""

import logging
import sys
from collections.abc import Mapping
from typing import TextIO

from doorward.cli.background_log import BackgroundHandler
from doorward.cli.log_lines import JsonLines, ReadableLines
from doorward.cli.screen import is_terminal, wants_colours


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
        ReadableLines(colours=wants_colours(stream, environment)) if is_terminal(stream) else JsonLines()
    )
    logger = logging.getLogger("doorward")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
