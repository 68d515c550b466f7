"""What a daemon reports of itself: its own text, its JSON, or a table of that at a terminal."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from doorward.cli.daemon import ask_daemon, keep_answer
from doorward.cli.outcomes import exit_status, report
from doorward.cli.screen import is_terminal
from doorward.cli.target import Target
from doorward.clients._asking import Descriptors

Show = Callable[[list[dict[str, Any]]], None]


def report_of(target: Target, command: str, *, as_json: bool, show: Show | None = None) -> int:
    """
    Ask for `command`, one that takes `form`, and print what it reports; returns the exit status.

    Args:
        target: the daemon.
        command: its name.
        as_json: JSON is wanted.
        show: prints a table of the list that the JSON is, for a person; None where the text does.
    """
    if as_json or show is None or not is_terminal(sys.stdout):
        words = (command, "form=json") if as_json else (command,)
        return report(ask_daemon(target, words, Descriptors(), environment=os.environ))
    reply, kept = keep_answer(target, (command, "form=json"), environment=os.environ)
    if exit_status(reply) == 0:
        show(json.loads(kept.out))
    return report(reply)
