"""A question that a person at a terminal answers with yes or no."""

import os

from doorward.core.errors import one_line

_ANSWER_BYTES = 1024


def confirm(question: str) -> bool | None:
    """
    Ask at the terminal, whatever stdin and stdout are.

    Args:
        question: of one or several lines; the cursor stays behind it.

    Returns:
        Whether it was answered with `yes`, all of it, as ssh wants it; None where there is no terminal.
    """
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "r+b", buffering=0) as terminal:
        # what a server is called may be anything
        terminal.write("\n".join(map(one_line, question.split("\n"))).encode("utf-8", "replace"))
        return terminal.readline(_ANSWER_BYTES).strip().lower() == b"yes"
