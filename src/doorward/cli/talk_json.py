"""What `--json` tells of a conversation."""

import json
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from doorward.clients.talk.script import Expect
from doorward.core.errors import ConnectError
from doorward.core.talking import Matched, readable

_MATCHES, _BEFORE_CHARACTERS = 1000, 64 * 1024


@dataclass(slots=True)
class Told:
    """
    What is known so far.

    Attributes:
        tls: as `tls_json` has it.
        matches: the last thousand.
        rest: what came since the last one.
        was_cut: over TLS, the end came without the peer's word for it.
    """

    tls: dict[str, Any] | None = None
    matches: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_MATCHES))
    rest: str = ""
    was_cut: bool = False

    def matched(self, step: Expect, matched: Matched) -> None:
        """Take in a match."""
        self.matches.append(
            {
                "step": step.line,
                "pattern": step.branches[matched.index].pattern.pattern,
                "index": matched.index,
                "text": readable(matched.text),
                "groups": [each if each is None else readable(each) for each in matched.groups],
                "before": readable(matched.before[-_BEFORE_CHARACTERS:]),
                "left_out_characters": matched.dropped_characters
                + max(len(matched.before) - _BEFORE_CHARACTERS, 0),
            }
        )

    def print(self, address: str, error: ConnectError | None, status: int) -> None:
        """Print it all, with how it ended."""
        found = {
            "address": address,
            "status": status,
            "error": None if error is None else str(error),
            "tls": self.tls,
            "matches": list(self.matches),
            "received": self.rest,
            "was_cut": self.was_cut,
        }
        sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
