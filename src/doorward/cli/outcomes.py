"""How an answer ended, as words on stderr, an exit status, or JSON."""

import json

from doorward.cli.screen import STATUS_INTERRUPTED, complain
from doorward.clients._asking import Kept, Reply
from doorward.core.outcome import (
    LEFT,
    STATUS_TIMED_OUT,
    STATUS_UNAVAILABLE,
    OutcomeKind,
    last_lines,
    outcome_members,
    reason_words,
)


def exit_status(reply: Reply) -> int:
    """What to exit with; 125 when the peer could not tell."""
    if reply.outcome is None:
        return STATUS_UNAVAILABLE
    if reply.outcome.kind is OutcomeKind.CANCELLED and reply.was_out_of_time:
        return STATUS_TIMED_OUT
    if reply.outcome.kind is OutcomeKind.CANCELLED and reply.was_cancelled:
        return STATUS_INTERRUPTED
    return reply.outcome.exit_status


def report(reply: Reply) -> int:
    """Say on stderr how it ended unless the exit status says it all; returns that."""
    for line in _remarks(reply):
        complain(line)
    return exit_status(reply)


def _remarks(reply: Reply) -> list[str]:
    outcome = reply.outcome
    if outcome is None:
        return ["the peer speaks no frames, so the exit status is unknown"]
    if outcome.kind is OutcomeKind.CANCELLED and reply.was_out_of_time:
        return ["cancelled, as the time of --timeout was over"]
    if outcome.kind is LEFT.kind and outcome.reason == LEFT.reason:
        return [f"left; run {reply.number} goes on for others"]
    remarks = [line for line in last_lines(outcome) if not line.startswith("exit status")]
    reason = reason_words(outcome, help_words="doorward ask help")
    return [*remarks, *filter(None, [reason])]


def answer_json(words: tuple[str, ...], reply: Reply, kept: Kept) -> str:
    """The whole answer as one object; bytes that are no UTF-8 become replacement characters."""
    members: dict[str, object] = {
        "command": list(words),
        "run": reply.number or None,
        "outcome": outcome_members(reply.outcome) if reply.outcome is not None else None,
        "exit_status": exit_status(reply),
        "stdout": kept.out.decode("utf-8", "replace"),
        "stderr": kept.err.decode("utf-8", "replace"),
    }
    if reply.drawing is not None:
        members["drawing"] = reply.drawing
    return json.dumps(members, ensure_ascii=False)
