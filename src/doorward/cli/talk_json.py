"""What `--json` tells of a conversation."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from doorward.cli.talk_matches import Found, KeptMatches
from doorward.clients.talk.script import Expect
from doorward.core.errors import ConnectError
from doorward.core.talking import Matched


@dataclass(slots=True)
class Told:
    """
    What is known so far.

    Attributes:
        tls: as `tls_json` has it.
        matches: the last.
        rest: what came since the last one.
        was_cut: over TLS, the end came without the peer's word for it.
    """

    tls: dict[str, Any] | None = None
    matches: KeptMatches = field(default_factory=KeptMatches)
    rest: str = ""
    was_cut: bool = False

    def matched(self, step: Expect, matched: Matched, *, without_secrets: Callable[[str], str]) -> None:
        """Take in a match."""
        self.matches.add(
            Found(
                step=step.line,
                pattern=step.branches[matched.index].pattern.pattern,
                index=matched.index,
                text=without_secrets(matched.text),
                groups=[each if each is None else without_secrets(each) for each in matched.groups],
                before=without_secrets(matched.before),
                left_out_characters=matched.dropped_characters,
            )
        )

    def print(self, address: str, error: ConnectError | None, status: int) -> None:
        """Print it all, with how it ended."""
        found = {
            "address": address,
            "status": status,
            "error": None if error is None else str(error),
            "tls": self.tls,
            "matches": self.matches.as_json(),
            "left_out_matches": self.matches.left_out,
            "received": self.rest,
            "was_cut": self.was_cut,
        }
        json.dump(found, sys.stdout, indent=2)
        sys.stdout.write("\n")
