"""What comes in a conversation, made safe for a terminal, and what a person is told of it on stderr."""

import re
import sys

from doorward.clients.talk.text import TextDecoder
from doorward.core.errors import one_line
from doorward.core.talking import safe_line

_NOT_PLAIN = re.compile(r"[^\n\t -~]+")


class ShownText:
    """Text out of what came, in which nothing commands a terminal; a cut letter waits for its end."""

    def __init__(self) -> None:
        self._decoder = TextDecoder()

    def safe(self, data: bytes) -> str:
        """What `data` goes on with."""
        return safe_text(self._decoder.receive_data(data))

    def rest(self) -> str:
        """What was waiting, at the end."""
        return safe_text(self._decoder.receive_eof())


def safe_text(text: str) -> str:
    """`text` with all escaped that is neither printable, nor a line end or a tab."""
    return _NOT_PLAIN.sub(lambda match: safe_line(match[0]), text)


def note(text: str) -> None:
    """Tell a person something on stderr, in one line."""
    sys.stderr.write(f"{one_line(text)}\n")
    sys.stderr.flush()
