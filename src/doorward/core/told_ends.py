"""
How the SSH door tells our own client how a run ended, beside what SSH has words for.

The client asks for it with the channel request `TELL`, without wanting a reply, before the one for the
command. The door then writes no line of its own among the command's output. It says `xon-xoff` (RFC 4254
section 6.8) when the command wants stdin, which is otherwise left to other programs, and ends with an
`exit-signal` named `TOLD`, whose message is a JSON object. Names with an @ are for what is no part of SSH:
RFC 4251 section 6.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from doorward.core.outcome import Outcome, outcome_from, outcome_members

SERVER_NAME = "Doorward"
"""What the door calls itself in its version: nobody else is asked to tell."""

TELL = b"tell-end@doorward"
TOLD = "end@doorward"

_MOST_CHARACTERS = 16 * 1024
_REASON_CHARACTERS = 1000


def tell_end(outcome: Outcome, *, number: int = 0, drawing: Mapping[str, object] | None = None) -> str:
    """
    `outcome` as the message of a `TOLD`.

    Args:
        outcome: how it ended.
        number: of the run; 0 for none.
        drawing: what the output says as a table or a series; left out where it makes the message too
            long for a packet.
    """
    if len(outcome.reason) > _REASON_CHARACTERS:
        outcome = replace(outcome, reason=f"{outcome.reason[:_REASON_CHARACTERS]}...")
    members: dict[str, object] = {**outcome_members(outcome), "run": number}
    if drawing is not None and len(told := json.dumps({**members, "drawing": drawing})) <= _MOST_CHARACTERS:
        return told
    return json.dumps(members)


def read_end(message: str) -> tuple[Outcome, int, object]:
    """
    What `tell_end` was given.

    Raises:
        ValueError: it is something else.
    """
    try:
        members = json.loads(message)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(members, dict):
        raise ValueError("no object")
    number = members.get("run", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        raise ValueError("no number of a run")
    return outcome_from(members), number, members.get("drawing")
